"""In which order layers follow one another: numbers, dates and times as they are, categories as they are ordered, and
words that are alike but for their numbers, such as 2024-1-5 or day 9, by these."""

import math
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from minent.errors import BadInput

NUMBERS = re.compile(r"(?<=:\d\d)[.]\d+|\d+", re.ASCII)
COMMA = re.compile(r"[+-]?\d+(?:,(?!\d{3}$)\d+)?", re.ASCII)  # a decimal comma, not one of thousands
COMMAS = re.compile(r"[+-]?\d+(?:,\d+)*", re.ASCII)
ZONE = re.compile(r"\d\d:?\d\d(?:[:.\d]*)([+-]\d\d:?\d\d|Z)$")


class Order(NamedTuple):
    """What the layer of each link is called, all layers in their order, and whether it is only that of words."""

    called: list[Any]
    layers: list[Any]
    words: bool

    def told(self) -> str:
        """The order in a few words."""
        called = [str(layer) for layer in self.layers]
        few = called if len(called) < 5 else [*called[:3], "…", called[-1]]
        return f"layers in the order {', '.join(few)}"


def order_of(layer: Iterable[Any]) -> Order:
    """The order of these layers. Raises BadInput where a link has none, or where some are numbers and some are words.

    >>> order_of(["10.5", "9.5", "9.5"]).layers, order_of(["2024-1-10", "2024-1-9"]).layers
    (['9.5', '10.5'], ['2024-1-9', '2024-1-10'])
    >>> order_of(["1,5", "1,25", "1"]).layers
    ['1', '1,25', '1,5']
    >>> order_of(["mon", "tue"]).words, order_of(["3.10.2024", "4.9.2024"]).words
    (True, True)
    """
    categories, values = _values(layer)
    for k, value in enumerate(values):
        if value is None or value != value:
            raise BadInput(f"every link needs a layer; link {k} has none")
    name = {value: _name(value) for value in dict.fromkeys(values)}
    words = False
    if categories is not None:
        order = [value for value in categories if value in name]
    elif all(isinstance(value, str) for value in name):
        keys = _keys(list(name))
        words = keys is None and len(name) > 1
        order = sorted(name, key=None if keys is None else keys.__getitem__)
    else:
        try:
            order = sorted(name)
        except TypeError:
            kinds = " and ".join(sorted({type(value).__name__ for value in name}))
            raise BadInput(f"layers must be all numbers or all text; got {kinds}") from None
    return Order([name[value] for value in values], list(dict.fromkeys(name[value] for value in order)), words)


def _values(layer: Iterable[Any]) -> tuple[list[Any] | None, list[Any]]:
    """Ordered categories, where there are any, and Python's values; dates of numpy as text, which is in their order."""
    held = getattr(layer, "array", layer)  # of a series of pandas
    if getattr(held, "ordered", False) and hasattr(held, "categories"):
        return list(held.categories), list(held)  # type: ignore[attr-defined]
    array = np.asarray(layer) if hasattr(layer, "__array__") else None
    if array is not None and array.dtype.kind == "M":
        return None, [None if np.isnat(date) else str(date) for date in _shortest(array)]
    return None, list(layer) if array is None else array.tolist()


def _shortest(dates: np.ndarray) -> np.ndarray:
    """Dates by the day where they have no time of day, else by the second where that tells all."""
    for unit in ("D", "s"):
        if (dates.astype(f"M8[{unit}]") == dates)[~np.isnat(dates)].all():
            return dates.astype(f"M8[{unit}]")
    return dates


def _name(value: Any) -> Any:
    """A number, text, or a date as text."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return getattr(value, "isoformat", lambda: value)()


def _keys(words: list[str]) -> dict[str, Any] | None:
    """What words are sorted by; None: they do not tell."""
    comma = all(map(COMMA.fullmatch, words))
    with suppress(ValueError):
        numbers = {word: float(word.replace(",", ".") if comma else word) for word in words}
        if all(map(math.isfinite, numbers.values())):
            return {word: (number, word) for word, number in numbers.items()}
    shapes = {NUMBERS.sub("0", word) for word in words}
    zones = {found[1] if (found := ZONE.search(word)) else "" for word in words}
    parts = {word: NUMBERS.findall(word) for word in words}
    late = any(len(part) == 4 for found in parts.values() for part in found[1:])  # a year that does not stand first
    if any("," in word for word in words) and all(map(COMMAS.fullmatch, words)):
        return None
    if len(shapes) > 1 or len(zones) > 1 or late or not all(parts.values()):
        return None
    return {word: ([float(part) for part in found], word) for word, found in parts.items()}
