"""Where shards of a network are worked on: threads of this process. What comes of them is the same on any number."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any


class Engine:
    """Tasks side by side, so many at a time; kernels hold no lock while they run."""

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.threads)

    def map(self, task: Callable[..., Any], shards: Iterable[tuple[Any, ...]]) -> list[Any]:
        """What `task` makes of each shard, in their order."""
        if self.threads == 1:
            return [task(*shard) for shard in shards]
        return list(self._pool.map(lambda shard: task(*shard), shards))


ALONE = Engine()
