"""Where shards of a network are worked on: threads of this process. What comes of them is the same on any number."""

import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

MANY = 1 << 22  # entries, from which on a network is worked on in shards, whatever the number of threads,
CROWD = 1 << 17  # and units, from which on these move together: fewer are soon done one by one
SHARD, MOST = 1 << 18, 256  # entries of a shard at least, and how many shards


class Grown:
    """An array that parts are added to, each let go when it is in place; `named` where it is to lie in a file."""

    def __init__(self, kind: Any, named: str = "") -> None:
        self.array = np.empty(0, kind)

    def add(self, part: np.ndarray) -> None:
        """One more part behind the others."""
        end = len(self.array)
        self.array.resize(end + len(part), refcheck=False)
        self.array[end:] = part

    def whole(self) -> np.ndarray:
        """All parts."""
        return self.array


class Rows(NamedTuple):
    """Entries of some units, the first of which is `first`; `flow` of length 1 where all are alike."""

    first: int
    indptr: Int[np.ndarray, " rows"]
    indices: Int[np.ndarray, " entries"]
    flow: Float[np.ndarray, " _"]


Far = list[tuple[int, int, Any]]  # ranges of units, and what leads to the rows of each


@runtime_checkable
class Journal(Protocol):
    """What a search that may be killed keeps of its moves; see `minent.community.search.disk`."""

    def recalled(self, label: np.ndarray, seed: int) -> tuple[bool, tuple[int, ...], bytes] | None: ...
    def noted(self, done: bool, counts: tuple[int, int, int], *arrays: np.ndarray) -> None: ...


class Engine:
    """Tasks side by side, so many at a time; kernels hold no lock while they run. `share` makes what all tasks read;
    rows of more than `room` bytes are read from the first to the last, for they lie on disk."""

    def __init__(
        self,
        threads: int = 1,
        share: Callable[..., Grown] = Grown,
        room: int = sys.maxsize,
        journal: Journal | None = None,
    ) -> None:
        self.threads, self.share, self.room, self.journal = threads, share, room, journal

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.threads)

    def map(self, task: Callable[..., Any], shards: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """What `task` makes of each shard, in their order, as it is made."""
        run = map if self.threads == 1 else self._pool.map
        return run(lambda shard: task(*shard), shards)

    def far(self, units: Any) -> Far | None:
        """Where the rows of these units lie, if that is apart, on other machines. What follows then leads there."""
        return None

    def lie(self, entries: tuple[np.ndarray, np.ndarray], far: Far) -> None:
        """Units with these indices and flow have rows that lie apart."""

    def put(self, value: Any) -> Any:
        """What many tasks are given, told once."""
        return value

    def each(self, task: Callable[..., Any], told: tuple[Any, ...], items: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """What `task` makes of what is told to all, and of each item, in their order; it knows nothing else."""
        return (task(*told, *item) for item in items)

    def exchanged(
        self, task: Callable[..., Any], told: tuple[Any, ...], items: list[tuple[Any, ...]], parts: int
    ) -> list[tuple[Any, ...]]:
        """Of each part of what `task` makes, what leads to that of each item; it stays where it is."""
        return list(zip(*self.each(task, told, items), strict=True))

    def kept(self, task: Callable[..., Any], told: tuple[Any, ...], items: list[tuple[Any, ...]]) -> Iterator[Any]:
        """What leads to the first of two results, which stays where it is, and both."""
        return ((one, one, other) for one, other in self.each(task, told, items))


ALONE = Engine()


def large(entries: int, units: int | None = None) -> bool:
    """Whether so many entries are worked on in shards, and so many units move together."""
    return entries >= MANY and (units is None or units >= CROWD)


def shards(indptr: Int[np.ndarray, " rows"], most: int = MOST) -> list[tuple[int, int]]:
    """Ranges of rows with about as many entries each, as many as the entries say."""
    count = max(1, min(most, int(indptr[-1]) // SHARD))
    bounds = np.searchsorted(indptr, np.linspace(0, indptr[-1], count + 1))
    bounds[0], bounds[-1] = 0, len(indptr) - 1
    return [(int(a), int(b)) for a, b in pairwise(bounds) if a < b]
