"""Numbers in digits and in English words: what is right can be told, and no model has seen them all."""

import numpy as np

from minent.data import Pairs

LEARNED, TESTED = 4000, 300
ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"


def numbers() -> tuple[Pairs, Pairs]:
    """Numbers of one digit to seven, as many of each, with their words; and others to test by."""
    random = np.random.default_rng(1)
    drawn = np.unique((10 ** random.uniform(0, 7, 4 * LEARNED)).astype(int))
    drawn = random.permutation(drawn)[: LEARNED + TESTED].tolist()
    pairs = Pairs([" ".join(str(n)) for n in drawn], [in_words(n) for n in drawn])
    return pairs.at(range(TESTED, len(pairs))), pairs.at(range(TESTED))


def in_words(n: int) -> str:
    """A number in English words.

    >>> in_words(1_040_217)
    'one million forty thousand two hundred seventeen'
    """
    if n < 20:
        return ONES[n]
    if n < 100:
        return TENS[n // 10 - 2] + (f" {ONES[n % 10]}" if n % 10 else "")
    size, name = next(one for one in ((10**6, "million"), (1000, "thousand"), (100, "hundred")) if n >= one[0])
    return f"{in_words(n // size)} {name}" + (f" {in_words(n % size)}" if n % size else "")
