"""The order people want names in: numbers in them by their size."""

import re
from collections.abc import Iterable
from typing import Any


def natural(name: object) -> tuple[Any, ...]:
    """What names are sorted by: numbers in them by their size, then the alphabet, upper and lower case alike.

    >>> sorted(["b10", "B2", "a", "10", "2"], key=natural)
    ['2', '10', 'a', 'B2', 'b10']
    """
    parts = re.split(r"0*([0-9]+)", str(name))  # text and digits in turn
    return tuple((len(part), part) if i % 2 else part.casefold() for i, part in enumerate(parts)), str(name)


def in_order(names: Iterable[str]) -> list[str]:
    """Names as people number them: whole numbers by their size where all are, else in natural order.

    >>> in_order(["1", "-1", "10", "0"]), in_order(["b", "a10", "a2"])
    (['-1', '0', '1', '10'], ['a2', 'a10', 'b'])
    """
    names = list(names)
    whole = all(re.fullmatch("-?[0-9]+", name) for name in names)
    return sorted(names, key=(lambda name: (int(name), name)) if whole else natural)
