"""Nodes go by names outside and by numbers inside: node i is called names[i]."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Int

from minent.data.networks.arrays import array_of
from minent.errors import BadInput

CHUNK = 1 << 20  # ends that are numbered together
Numbered = tuple[np.ndarray | None, Int[np.ndarray, " links"], Int[np.ndarray, " links"]]


def numbered(source: Iterable[Any], target: Iterable[Any], names: Iterable[Any] | None = None) -> Numbered:
    """Names (None: none are needed), and the ends of links as int32 node numbers.

    Integers are numbers already; anything else are names, numbered by `sorted_names` or by their place in `names`.
    Raises BadInput.

    >>> [array.tolist() for array in numbered(["b", "a"], ["a", "c"])]
    [['a', 'b', 'c'], [1, 0], [0, 2]]
    """
    ends = _ends(source, "source"), _ends(target, "target")
    if len(ends[0]) != len(ends[1]):
        raise BadInput(f"a link has two ends; got {len(ends[0])} sources and {len(ends[1])} targets")
    names = None if names is None else name_array(names)
    integer = [end.dtype.kind in "iu" or not len(end) for end in ends]
    if all(integer):
        return names, _numbers(ends[0], names), _numbers(ends[1], names)
    if any(integer):
        kinds = " and ".join(str(end.dtype) for end in ends)
        raise BadInput(f"sources and targets must both be numbers of nodes or both be names; got {kinds}")
    if names is None:
        return sorted_names(*ends)
    place = {name: i for i, name in enumerate(names.tolist())}
    try:
        found = [np.fromiter((place[name] for name in end.tolist()), np.int32, len(end)) for end in ends]
    except KeyError as error:
        raise BadInput(f"every end of a link must be in names; {error.args[0]!r} is not") from None
    return names, found[0], found[1]


def sorted_names(source: np.ndarray, target: np.ndarray) -> Numbered:
    """Number nodes by their names in sorted order, or in order of first appearance where names cannot be compared.

    Integer names 0 … n - 1, all of them in use, are their own numbers: names are then None.

    >>> sorted_names(np.array([30, 10]), np.array([20, 30]))[0].tolist()
    [10, 20, 30]
    """
    if source.dtype.kind in "iu" and target.dtype.kind in "iu" and not (_too_large(source) or _too_large(target)):
        return _sorted_integers(source, target)
    both = np.concatenate([source.astype(object), target.astype(object)])
    place = dict.fromkeys(both.tolist())
    try:
        order = sorted(place)
    except TypeError:
        order = list(place)
    place = {name: i for i, name in enumerate(order)}
    numbers = np.fromiter((place[name] for name in both.tolist()), np.int32, len(both))
    return name_array(order), numbers[: len(source)], numbers[len(source) :]


def _sorted_integers(source: np.ndarray, target: np.ndarray) -> Numbered:
    if not len(source):
        return None, source.astype(np.int32), target.astype(np.int32)
    low, high = int(min(source.min(), target.min())), int(max(source.max(), target.max()))
    if high - low > 8 * len(source) + 1000:
        return _sparse_integers(source, target)
    if low:
        source, target = source - low, target - low
    used = np.zeros(high - low + 1, bool)
    used[source] = used[target] = True
    if used.all():
        names = None if low == 0 else np.arange(low, high + 1)
        return names, source.astype(np.int32, copy=False), target.astype(np.int32, copy=False)
    number = np.cumsum(used, dtype=np.int32) - np.int32(1)
    return np.flatnonzero(used) + low, number[source], number[target]


def _sparse_integers(source: np.ndarray, target: np.ndarray) -> Numbered:
    """Names in sorted order, and the ends as their numbers: some ends at a time, which takes less memory."""
    numbers, found = [np.empty(len(end), np.int32) for end in (source, target)], []
    parts = [(end, number, slice(k, k + CHUNK)) for end, number in zip((source, target), numbers, strict=True)
             for k in range(0, len(end), CHUNK)]  # fmt: skip
    for end, number, part in parts:
        names, place = np.unique(end[part], return_inverse=True)
        number[part] = place
        found.append(names)
    names = np.unique(np.concatenate(found))
    for (_, number, part), some in zip(parts, found, strict=True):
        number[part] = np.searchsorted(names, some).astype(np.int32)[number[part]]
    return names.astype(np.int64), numbers[0], numbers[1]


def name_array(names: Iterable[Any]) -> np.ndarray:
    """Names as int64, or as objects where they are anything else (a tuple is one name)."""
    if isinstance(names, np.ndarray):
        array = names
    else:
        values = list(names)
        integer = all(kind is int or issubclass(kind, np.integer) for kind in set(map(type, values)))
        small = integer and -(2**63) <= min(values, default=0) <= max(values, default=0) < 2**63
        array = np.fromiter(values, np.int64 if small else object, len(values))
    if array.ndim != 1:
        raise BadInput(f"names must be one for each node; got an array of shape {array.shape}")
    return array.astype(np.int64 if array.dtype.kind in "iu" and not _too_large(array) else object)


def _too_large(array: np.ndarray) -> bool:
    """Whether integers do not fit into int64."""
    return array.dtype.kind == "u" and int(array.max(initial=0)) >= 2**63


def _ends(ends: Iterable[Any], which: str) -> np.ndarray:
    array = array_of(ends) if hasattr(ends, "__array__") else name_array(ends)
    if array.ndim != 1:
        raise BadInput(f"{which}s must be one for each link; got an array of shape {array.shape}")
    if array.dtype.kind in "iu" or not len(array):
        return array
    array = array.astype(object)
    for k, name in enumerate(array.tolist()):
        if name is None or name != name:
            raise BadInput(f"every link needs a {which}; link {k} has none")
        if isinstance(name, float | bool | list):
            raise BadInput(f"{which}s must be numbers of nodes or names; got {name!r} for link {k}")
    return array


def _numbers(ends: np.ndarray, names: np.ndarray | None) -> Int[np.ndarray, " links"]:
    if len(ends):
        low, high = int(ends.min()), int(ends.max())
        if low < 0:
            raise BadInput(f"node numbers must not be negative; got {low}")
        if names is not None and high >= len(names):
            raise BadInput(f"node numbers must be below the number of names, {len(names)}; got {high}")
        if high >= 2**31 - 1:
            raise BadInput(f"node numbers must be below {2**31 - 1}; got {high}: such ids can be names")
    return np.require(ends, np.int32, ["C", "A"])
