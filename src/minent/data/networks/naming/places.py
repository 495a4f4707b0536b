"""The nodes of two things, a network and a file or two files, are the same where their names say so."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
from jaxtyping import Int

from minent.errors import BadInput


def places(
    wanted: Iterable[Any], given: Iterable[Any], partial: bool = False, numbers: bool = True
) -> Int[np.ndarray, " nodes"] | None:
    """Where each of the nodes `wanted` stands among those `given`; None where they are not the same nodes. Where given
    may be `partial`, some of them: -1 for the others.

    Names are the same, or else the same as text, or else given are the `numbers` 1 … n of the nodes, as in a file that
    tells no names.

    >>> places(["a", "b", "c"], ["c", "a", "b"]).tolist(), places([1, 2], ["2", "1"]).tolist()
    ([1, 2, 0], [1, 0])
    >>> places(["甲", "乙", "丙"], [3, 1, 2]).tolist(), places(["甲", "乙"], [0, 1])
    ([1, 2, 0], None)
    """
    wanted, given = list(wanted), list(given)
    for ours, theirs in islice(_readings(wanted, given), 3 if numbers else 2):
        place = {name: i for i, name in enumerate(theirs)}
        known = set(ours)
        some = place.keys() <= known if partial else place.keys() == known
        if some and len(place) == len(theirs) and len(known) == len(ours):
            return np.array([place.get(name, -1) for name in ours], np.int64)
    return None


def _readings(wanted: list[Any], given: list[Any]) -> Iterator[tuple[list[Any], list[Any]]]:
    yield wanted, given
    text = list(map(str, given))
    yield list(map(str, wanted)), text
    yield list(map(str, range(1, len(wanted) + 1))), text


def likeliest(wanted: Iterable[Any], given: Iterable[Any]) -> tuple[list[Any], list[Any]]:
    """Both as `places` reads them, where most of those given are among those wanted: to say which are not."""
    return max(_readings(list(wanted), list(given)), key=lambda both: len(set(both[0]) & set(both[1])))


def matched(one: Iterable[Any], other: Iterable[Any]) -> Int[np.ndarray, " nodes"]:
    """Where each node of `one` stands in `other`, as in `places`; either may be the one that goes by numbers.

    Raises BadInput where a name stands twice, or in one of them only.

    >>> matched([2, 1], ["a", "b"]).tolist()
    [1, 0]
    """
    names = list(one), list(other)
    if (order := places(names[0], names[1])) is not None:
        return order
    if (order := places(names[1], names[0])) is not None:
        return np.argsort(order)
    if set(names[0]) != set(names[1]):
        names = list(map(str, names[0])), list(map(str, names[1]))
    for called, which in zip(names, ("first", "second"), strict=True):
        if len(set(called)) < len(called):
            twice = next(name for name, times in Counter(called).items() if times > 1)
            raise BadInput(
                f"nodes are matched by their names, which must differ; {twice!r} stands twice in the {which}"
            )
    known = set(names[0]), set(names[1])
    alone = [name for name in names[0] if name not in known[1]], sorted(known[1] - known[0])
    lack = [f"{len(few)} only in the {which} ({', '.join(map(repr, few[:3]))}{', …' * (len(few) > 3)})"
            for few, which in zip(alone, ("first", "second"), strict=True) if few]  # fmt: skip
    raise BadInput(f"both must have the same nodes; {' and '.join(lack)}")
