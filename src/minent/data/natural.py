"""The order people want names in: numbers in them by their size."""

import re
from typing import Any


def natural(name: object) -> tuple[Any, ...]:
    """What names are sorted by: numbers in them by their size, then the alphabet, upper and lower case alike.

    >>> sorted(["b10", "B2", "a", "10", "2"], key=natural)
    ['2', '10', 'a', 'B2', 'b10']
    """
    parts = re.split(r"0*([0-9]+)", str(name))  # text and digits in turn
    return tuple((len(part), part) if i % 2 else part.casefold() for i, part in enumerate(parts)), str(name)
