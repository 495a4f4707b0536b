"""Where shards of a network are worked on: machines of a Ray cluster. Tasks have no state, and every shard of rows is
what a task made, so that Ray makes it again where a machine is lost; what moves is applied here, where it is kept too.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from minent.community.search.both_ways import NAMED
from minent.community.search.engine import Engine, Far, Rows, large, shards
from minent.community.search.units import Units
from minent.data import Graph
from minent.entropy import LOG2
from minent.errors import BadInput, MinentError, require

AHEAD = 2  # tasks for each core that wait or run
AGAIN = 8  # times that a task is tried whose worker died
LEVELS = 3  # networks whose rows stay apart: that of nodes, and the last two that were merged


class Machines:
    """Tasks on the cluster there is."""

    def __init__(self) -> None:
        self.ray = require("ray", "ray", "search on many machines")
        self.task = self.ray.remote(max_retries=AGAIN, retry_exceptions=False)(worked)
        self.same = same()

    def put(self, value: Any) -> Any:
        """As of `Engine`."""
        with _told_faults(self.ray):
            return self.ray.put(value)

    def started(self, task: Callable[..., Any], told: tuple[Any, ...], item: tuple[Any, ...], **how: Any) -> Any:
        """What leads to the results of a task."""
        parts = how.get("num_returns", 1)
        return self.task.options(name=task.__name__, **how).remote(self.same, parts, task, *told, *item)

    def got(self, at: Any) -> Any:
        """The value that this leads to."""
        with _told_faults(self.ray):
            return self.ray.get(at)

    def each(self, task: Callable[..., Any], told: tuple[Any, ...], items: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """As of `Engine`, so many ahead as the cluster has cores for."""
        waiting: deque[Any] = deque()
        most = AHEAD * max(1, int(self.ray.cluster_resources().get("CPU", 1)))
        told = tuple(self.put(one) if _heavy(one) else one for one in told)
        for item in items:
            if len(waiting) >= most:
                yield self.got(waiting.popleft())
            waiting.append(self.started(task, told, item))
        while waiting:
            yield self.got(waiting.popleft())


class OnRay(Machines, Engine):
    """The engine of a network whose rows lie in a scratch on this machine, from which tasks here read them once."""

    def __init__(self, network: Graph, nodes: Units, folder: Path, here: Engine) -> None:
        Engine.__init__(self, here.threads, here.share, here.room, here.journal)
        Machines.__init__(self)
        self.network, self.nodes, self.folder = network, nodes, folder
        self.apart: list[tuple[tuple[np.ndarray, np.ndarray], Far]] = []

    def far(self, units: Units) -> Far | None:
        """As of `Engine`: nodes, and what was merged from what lies there."""
        if not large(len(units.indices)):
            return None
        if not self.apart:
            self.lie(self.nodes[1:3], self._read())
        return next((far for entries, far in self.apart if _same(entries, units[1:3])), None)

    def lie(self, entries: tuple[np.ndarray, np.ndarray], far: Far) -> None:
        """As of `Engine`. While entries are held here, no others are where they are."""
        self.apart[1:] = [*self.apart[1:], (entries, far)][1 - LEVELS :]

    def exchanged(
        self, task: Callable[..., Any], told: tuple[Any, ...], items: list[tuple[Any, ...]], parts: int
    ) -> list[tuple[Any, ...]]:
        """As of `Engine`."""
        found = [self.started(task, told, item, num_returns=parts) for item in items]
        return list(zip(*([one] if parts == 1 else one for one in found), strict=True))

    def kept(self, task: Callable[..., Any], told: tuple[Any, ...], items: list[tuple[Any, ...]]) -> Iterator[Any]:
        """As of `Engine`."""
        for one, other in [self.started(task, told, item, num_returns=2) for item in items]:
            yield one, self.got(one), self.got(other)

    def _read(self) -> Far:
        """Rows of nodes, read by tasks on this machine, then spread over all."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(self.ray.get_runtime_context().get_node_id(), soft=False)
        alone = sum(node["Alive"] for node in self.ray.nodes()) == 1
        theirs, found = self.nodes.indices is self.network.indices, []
        files = tuple(str(self.folder / name) for name in (("indices", "weights") if theirs else NAMED))
        for first, last in shards(self.nodes.indptr):
            item = first, self.nodes.indptr[first : last + 1], self.nodes.flow[:1]
            at = self.started(rows_read, (*files, len(self.nodes.flow) > 1), item,
                              num_cpus=0, scheduling_strategy=here)  # fmt: skip
            found.append(
                (first, last, at if alone else self.started(as_it_is, (), (at,), scheduling_strategy="SPREAD"))
            )
        return found


def same() -> tuple[str, int]:
    """What is to be the same on all machines, so that they find the same: the version, and logarithms to the last."""
    return version("minent"), crc32(LOG2.tobytes())


def worked(wanted: tuple[str, int], parts: int, task: Callable[..., Any], *given: Any) -> Any:
    """A task where it runs: its results, one after the other."""
    ours = same()
    if ours[0] != wanted[0]:
        which = f"a machine of the cluster has minent {ours[0]}, and this one {wanted[0]}"
        raise MinentError(f"{which}: install the same on all")
    if ours != wanted:
        raise MinentError("a machine of the cluster has other logarithms, in the last bit: use machines of one kind")
    try:
        found = task(*given)
    except BadInput as error:
        error.outside = isinstance(error.__context__, OSError)  # type: ignore[attr-defined]
        raise
    if isinstance(found, Iterator):
        return list(found)
    return found[0] if parts == 1 and isinstance(found, list) else found


def as_it_is(value: Any) -> Any:
    """A task: the same, where the task runs."""
    return value


def rows_read(indices: str, amounts: str, weighted: bool, first: int, begin: np.ndarray, alike: np.ndarray) -> Rows:
    """A task: rows from `first` on of two files in a scratch, which begin and end there as told."""
    a, b = int(begin[0]), int(begin[-1])
    columns = np.array(np.memmap(indices, np.int32, "r")[a:b])
    if len(columns) != b - a:
        raise MinentError(f"the rows of nodes from {first} on are not those that were read before")
    flow = np.array(np.memmap(amounts, np.float64, "r")[a:b]) if weighted else alike
    return Rows(first, begin - begin[0], columns, flow)


def _heavy(value: Any) -> bool:
    arrays = value if isinstance(value, tuple) else (value,)
    return sum(one.nbytes for one in arrays if isinstance(one, np.ndarray)) > 1 << 16


def _same(one: tuple[np.ndarray, ...], other: tuple[np.ndarray, ...]) -> bool:
    return all(a.ctypes.data == b.ctypes.data and a.shape == b.shape for a, b in zip(one, other, strict=True))


def short(error: BaseException) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__


@contextmanager
def _told_faults(ray: Any) -> Iterator[None]:
    """What befalls a cluster, in a sentence: what was kept stays, so that the same run goes on with it."""
    try:
        yield
    except ray.exceptions.RayTaskError as error:
        cause = error.cause
        if isinstance(cause, MinentError):
            try:  # what it came of does not travel, and decides whether a scratch is kept
                raise OSError
            except OSError:
                if getattr(cause, "outside", False):
                    raise cause from None
            raise cause from None
        if "failed to import" in str(error) or isinstance(cause, ImportError):
            raise MinentError("a machine of the cluster has no minent: install the same version on all") from None
        raise
    except ray.exceptions.RayError as error:
        what = f"{type(error).__name__}: {short(error)}"
        raise MinentError(f"the cluster lost what it could not make again; run the same again ({what})") from None
