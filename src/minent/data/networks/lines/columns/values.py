"""What some values of a column say: whether they are numbers, times, dates, numbers of rows; None is none."""

import re
from collections.abc import Sequence
from typing import Any

NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*", re.ASCII | re.IGNORECASE)
DATE = re.compile(r"\d{4}[-/.]\d\d?[-/.]\d\d?(?:[T ].*)?|\d\d?[-/.]\d\d?[-/.]\d{4}(?:[T ].*)?|\d\d?:\d\d(?::\d\d.*)?")
DECIMAL = re.compile(r"[+-]?\d+,\d+")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")
LARGE = 1e8  # seconds since 1970 are above it since 1973


def is_number(value: Any) -> bool:
    """Whether a field says a number, or "nan" or "inf"."""
    if isinstance(value, str):
        return bool(NUMBER.fullmatch(value)) or value.strip().lower().lstrip("+-") in ("nan", "inf", "infinity")
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_numbers(values: Sequence[Any]) -> bool:
    there = [value for value in values if value is not None]
    return bool(there) and all(map(is_number, there))


def is_dates(values: Sequence[Any]) -> bool:
    """
    >>> is_dates(["2024-01-05", "2024-1-6 10:00"]), is_dates(["10:00", None]), is_dates(["2024", "x"])
    (True, True, False)
    """
    there = [value for value in values if value is not None]
    return bool(there) and all(isinstance(value, str) and DATE.fullmatch(value) for value in there)


def times(values: Sequence[Any]) -> str:
    """Whether numbers are "times" (all large, none twice), or "perhaps" (all large and near one another)."""
    numbers = [float(value) for value in values if value is not None]
    if not numbers or not all(LARGE < number < float("inf") for number in numbers):
        return ""
    if len(set(numbers)) == len(numbers):
        return "times"
    return "perhaps" if max(numbers) < 2 * min(numbers) and len(set(numbers)) > 1 else ""


def counts_up(values: Sequence[Any]) -> bool:
    """Whether they are the numbers of rows, 0, 1, 2 … or 1, 2, 3 …

    >>> counts_up(["1", "2"]), counts_up([0, 1, 3])
    (True, False)
    """
    return bool(values) and any([*map(str, values)] == [str(i + start) for i in range(len(values))] for start in (0, 1))


def no_end(values: Sequence[Any], next_to: Sequence[Any]) -> str:
    """What the values of a first column are that is no end of links, given those of the second; "" for nothing known.

    >>> no_end(["7", "8"], ["9", "9"]), no_end(["0", "1"], ["ann", "bob"]), no_end([1353304100, 1353304120], [3, 4])
    ('', 'numbers of rows', 'times')
    """
    if is_dates(values):
        return "dates"
    if len(values) > 1 and counts_up(values) and not is_numbers(next_to):
        return "numbers of rows"
    if is_numbers(values) and all(float(value) > LARGE for value in values if value is not None):
        large = is_numbers(next_to) and any(float(value) > LARGE for value in next_to if value is not None)
        return "" if large else "times"
    return ""


def with_points(values: Sequence[Any]) -> list[Any] | None:
    """Numbers with decimal commas, with points; None: they are not. 1,234 alone may be thousands.

    >>> with_points(["1,5", "2"]), with_points(["1,234"]), with_points(["1.5", "2,5"])
    (['1.5', '2'], None, None)
    """
    there = [value for value in values if value is not None]
    commas = [value for value in there if isinstance(value, str) and DECIMAL.fullmatch(value)]
    if not commas or all(map(THOUSANDS.fullmatch, commas)):
        return None
    if not all(value in commas or (isinstance(value, str) and re.fullmatch(r"[+-]?\d+", value)) for value in there):
        return None
    return [None if value is None else value.replace(",", ".") for value in values]
