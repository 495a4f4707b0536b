"""ListOps: nested lists of digits under minimum, maximum, median and sum modulo ten, whose value is to be told.

Nangia & Bowman 2018, arXiv:1804.06028; at the lengths of the Long Range Arena, Tay et al. 2021, arXiv:2011.04006.
"""

import statistics
from collections.abc import Callable, Iterator

import numpy as np

from minent.data.texts.labelled import Labelled
from minent.errors import BadInput

OPERATORS = ("[MIN", "[MAX", "[MED", "[SM")
NESTING = 0.25  # the probability that a place above the deepest level holds a list and not a digit
PATIENCE = 100_000  # trees in a row without a new example


def listops(
    count: int, *, shortest: int = 500, longest: int = 2000, depth: int = 10, arguments: int = 10,
    seed: int | np.random.Generator = 1,
) -> Labelled:  # fmt: skip
    """`count` distinct expressions, tokens divided by blanks, labelled by their values "0" to "9".

    The distribution is that of the Long Range Arena's generator: a tree whose every place above level `depth` holds,
    with probability 1/4, a list of 2 to `arguments` places under one of four operators, else a digit; kept where it has
    more than `shortest` and fewer than `longest` tokens. Here too trees are drawn and rejected, but their shape alone,
    and no further than `longest` tokens: operators and digits, which are independent of it, are drawn for kept ones.
    Brackets count ("[MAX" and "]" are one token each), parentheses are left out, as the Arena's models read it.

    Raises BadInput where such expressions are so rare, or so few, that 100,000 trees bring no new one.

    >>> listops(2, shortest=5, longest=12)
    Labelled(texts=[...], labels=[...], groups=None, rows=None, plan=None)
    """
    if count < 0 or depth < 1 or arguments < 2:
        raise BadInput(f"count, depth and arguments must be at least 0, 1 and 2; got {count}, {depth} and {arguments}")
    random = np.random.default_rng(seed)
    places, operators, digits = _places(random, arguments), _below(4, random), _below(10, random)
    examples: dict[str, int] = {}
    tries = 0
    while len(examples) < count:
        tries += 1
        if tries > PATIENCE:
            wanted = f"more than {shortest} and fewer than {longest} tokens, depth {depth} and {arguments} arguments"
            raise BadInput(f"wanted {count} expressions of {wanted}; {PATIENCE} trees gave only {len(examples)}")
        if shape := _shape(places, shortest, longest, depth):
            text, label = _expression(shape, operators, digits)
            tries = tries if text in examples else 0
            examples[text] = label
    return Labelled(list(examples), [str(label) for label in examples.values()])


def _below(end: int, random: np.random.Generator) -> Iterator[int]:
    while True:
        yield from random.integers(end, size=4096).tolist()


def _places(random: np.random.Generator, arguments: int) -> Iterator[int]:
    """The lengths of lists, 0 for a digit."""
    while True:
        lengths = random.integers(2, arguments, size=4096, endpoint=True)
        yield from np.where(random.random(4096) < NESTING, lengths, 0).tolist()


def _shape(places: Iterator[int], shortest: int, longest: int, depth: int) -> list[int]:
    """The lengths of the lists of a tree in the order they open, 0 for a digit; empty outside the wanted lengths."""
    shape: list[int] = []
    awaited = [1]  # places still to fill, of each open list
    tokens = 0
    while awaited:
        if not awaited[-1]:
            awaited.pop()
            continue
        awaited[-1] -= 1
        length = next(places) if len(awaited) < depth else 0
        shape.append(length)
        tokens += 2 if length else 1
        if tokens >= longest:
            return []
        if length:
            awaited.append(length)
    return shape if tokens > shortest else []


def _expression(shape: list[int], operators: Iterator[int], digits: Iterator[int]) -> tuple[str, int]:
    """A tree as text, with its value: read from its end, a list finds its arguments ready."""
    texts: list[str] = []
    values: list[int] = []
    for length in reversed(shape):
        if length:
            operator, taken = next(operators), sorted(values[-length:])
            median = (taken[(length - 1) // 2] + taken[length // 2]) // 2
            result = (taken[0], taken[-1], median, sum(taken) % 10)[operator]
            text = " ".join([OPERATORS[operator], *reversed(texts[-length:]), "]"])
            del texts[-length:], values[-length:]
        else:
            result = next(digits)
            text = str(result)
        texts.append(text)
        values.append(result)
    return texts[0], values[0]


def value(text: str) -> int:
    """The value of an expression; a median between two digits is rounded down. Raises BadInput where it is none.

    >>> value("[MAX 2 9 [MIN 4 7 ] 0 ]"), value("[MED 1 2 4 9 ]"), value("[SM 7 8 ]")
    (9, 3, 5)
    """
    apply: dict[str, Callable[[list[int]], int]] = {
        "[MIN": min, "[MAX": max, "[MED": lambda values: int(statistics.median(values)), "[SM": sum
    }  # fmt: skip
    operators: list[str] = []
    values: list[list[int]] = [[]]
    for place, token in enumerate(text.split()):
        if token in apply:
            operators.append(token)
            values.append([])
        elif token == "]" and operators and values[-1]:
            result = apply[operators.pop()](values.pop()) % 10
            values[-1].append(result)
        elif len(token) == 1 and token in "0123456789":
            values[-1].append(int(token))
        else:
            raise BadInput(f"token {place} of an expression cannot be {token!r}")
    if operators or len(values[0]) != 1:
        raise BadInput(f"an expression is one digit or one list that closes; got {text[:60]!r}")
    return values[0][0]
