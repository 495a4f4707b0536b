"""Words of a text that is cut into tokens: what is kept whole, and what a likelihood is told of."""

import re
from collections.abc import Iterator

from minent.text.masked.vocabulary import Spans
from minent.text.spelling import WIDE


def words_of(text: str, spans: Spans) -> Iterator[tuple[int, int]]:
    """The first token of each word, and the one behind its last. A word ends at a blank, at punctuation, and within
    scripts that are written without blanks after each token.

    >>> list(words_of("it is 13 春天", [(0, 2), (3, 5), (6, 7), (7, 8), (9, 10), (10, 11)]))
    [(0, 1), (1, 2), (2, 4), (4, 5), (5, 6)]
    """
    start = 0
    for i in range(1, len(spans) + 1):
        if i == len(spans) or not _joined(text, spans[i - 1], spans[i]):
            yield start, i
            start = i


def _joined(text: str, left: tuple[int, int], right: tuple[int, int]) -> bool:
    one, other = text[left[0] : left[1]], text[right[0] : right[1]]
    if left == right or right[0] < left[1]:  # bytes of one character
        return True
    return right[0] == left[1] and one != "" != other and within_word(one[-1], other[0])


def within_word(one: str, other: str) -> bool:
    """Whether both characters can stand side by side in a word."""
    return all((c.isalnum() or c == "_") and not re.match(WIDE, c) for c in (one, other))
