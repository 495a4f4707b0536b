"""A search of a network whose rows lie on disk: what merging leaves lies there too where memory has no room for it,
and a search that was killed takes up its moves where it stood.

A search is the same steps in the same order whatever happens to it. So its long moves are numbered, and what is kept of
each is the labels that it ended with, or those after its last sweep: who begins anew repeats what is short, and reads
the rest.
"""

from itertools import count
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from minent.community.search.engine import Engine, Grown
from minent.community.search.units import Units
from minent.data import Graph
from minent.data.networks.folders.folder import Stored
from minent.data.networks.folders.scratch import Scratch
from minent.errors import BadInput
from minent.kernels import read_only

NUMBER = count()
SHARE = 8  # of the room for links is what one array may take of memory


def is_on_disk(network: Graph) -> bool:
    """Whether the rows of a network lie on disk, and what is searched in them is kept there."""
    return isinstance(network, Stored) and network.scratch is not None


def engine_of(network: Graph, threads: int = 1, search: str = "") -> Engine:
    """Where a network is searched: in memory, or on disk, where what is kept goes by a `search` told in full."""
    if not isinstance(network, Stored) or network.scratch is None:
        return Engine(threads)
    journal = Kept(network.scratch, f"moves-{crc32(search.encode()):08x}") if search else None
    return Engine(threads, Disk(network.scratch, network.room).share, network.room, journal)


def on_ray(engine: Engine, network: Graph, nodes: Units) -> Engine:
    """Where a network whose rows lie on disk is searched by the machines of the Ray cluster there is."""
    if not isinstance(network, Stored) or network.scratch is None:
        raise BadInput("ray is for links in files: a path, a folder or a URI; got links in memory")
    from minent.community.search.on_ray import OnRay

    return OnRay(network, nodes, network.scratch.folder, engine)


class Disk:
    """Where arrays of links go: into memory while they are small, of `room` bytes for all, else to disk."""

    def __init__(self, scratch: Scratch, room: int) -> None:
        self.scratch, self.most = scratch, room // SHARE

    def share(self, kind: Any, named: str = "") -> "GrownOnDisk":
        """An array to be grown; `named`, all of it is in this file, which stays."""
        path = self.scratch.folder / (named or f"merged-{next(NUMBER)}")
        return GrownOnDisk(kind, path, 0 if named else self.most, bool(named))


class GrownOnDisk(Grown):
    """An array that moves to disk when it has grown to `most` bytes; what is there `stays`, or goes with its last
    reader."""

    def __init__(self, kind: Any, path: Path, most: int, stays: bool) -> None:
        super().__init__(kind)
        self.path, self.most, self.stays, self.file = path, most, stays, None
        path.unlink(missing_ok=True)  # of a run before

    def add(self, part: np.ndarray) -> None:
        """One more part behind the others."""
        if self.file is None and self.array.nbytes + part.nbytes <= self.most:
            super().add(part)
            return
        if self.file is None:
            self.file = self.path.open("wb")
            self.file.write(self.array.data)
            self.array = np.empty(0, self.array.dtype)
        self.file.write(np.ascontiguousarray(part).data)

    def whole(self) -> np.ndarray:
        """All parts."""
        if self.file is None:
            return self.array
        self.file.close()
        found = read_only(np.asarray(np.memmap(self.path, self.array.dtype, "r")))
        if not self.stays:
            self.path.unlink()  # the system keeps it while it is read
        return found


class Kept:
    """The journal of one search, called by what is searched for: its moves by number."""

    def __init__(self, scratch: Scratch, called: str) -> None:
        self.scratch, self.called, self.call, self.told = scratch, called, 0, (0, 0, 0)

    def recalled(self, label: np.ndarray, seed: int) -> tuple[bool, tuple[int, ...], bytes] | None:
        """Of the next move, which begins from these labels: whether it came to its end, how far it came, and what was
        kept; None where nothing is."""
        self.call += 1
        self.told = len(label), seed, crc32(label.data)
        path = self.scratch.folder / f"{self.called}-{self.call:04d}"
        if not path.exists():
            return None
        kept = path.read_bytes()
        head = np.frombuffer(kept, np.int64, 7).tolist()
        return (bool(head[3]), tuple(head[4:]), kept[56:]) if tuple(head[:3]) == self.told else None

    def noted(self, done: bool, counts: tuple[int, int, int], *arrays: np.ndarray) -> None:
        """Keep these arrays of it, and how far it came."""
        head = np.array([*self.told, done, *counts], np.int64)
        self.scratch.write(f"{self.called}-{self.call:04d}", head, *arrays)
