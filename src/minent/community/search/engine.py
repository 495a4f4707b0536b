"""Where shards of a network are worked on: threads of this process. What comes of them is the same on any number."""

import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int

MANY = 1 << 22  # entries, from which on a network is worked on in shards, whatever the number of threads,
CROWD = 1 << 17  # and units, from which on these move together: fewer are soon done one by one
SHARD, MOST = 1 << 18, 256  # entries of a shard at least, and how many shards


class Grown:
    """An array that parts are added to, each let go when it is in place."""

    def __init__(self, kind: Any) -> None:
        self.array = np.empty(0, kind)

    def add(self, part: np.ndarray) -> None:
        """One more part behind the others."""
        end = len(self.array)
        self.array.resize(end + len(part), refcheck=False)
        self.array[end:] = part

    def whole(self) -> np.ndarray:
        """All parts."""
        return self.array


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
        share: Callable[[Any], Grown] = Grown,
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


ALONE = Engine()


def large(entries: int, units: int | None = None) -> bool:
    """Whether so many entries are worked on in shards, and so many units move together."""
    return entries >= MANY and (units is None or units >= CROWD)


def shards(indptr: Int[np.ndarray, " rows"]) -> list[tuple[int, int]]:
    """Ranges of rows with about as many entries each, as many as the entries say."""
    count = max(1, min(MOST, int(indptr[-1]) // SHARD))
    bounds = np.searchsorted(indptr, np.linspace(0, indptr[-1], count + 1))
    bounds[0], bounds[-1] = 0, len(indptr) - 1
    return [(int(a), int(b)) for a, b in pairwise(bounds) if a < b]
