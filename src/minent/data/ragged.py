"""Sequences end to end in one array, in memory or in a file that the system reads as it is looked at.

Sequence i is flat[starts[i] : starts[i + 1]].
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Int, Int64, Shaped

TOGETHER, ELEMENTS = 2**12, 2**22  # sequences that are gone through at a time, and elements of them, about


class Ragged:
    """Sequences of numbers; `places`, which of them and in what order, all if not given; of each the first `longest`.

    >>> ragged = Ragged(np.array([5, 6, 7, 8], np.int32), np.array([0, 3, 4]))
    >>> len(ragged), ragged[0].tolist(), ragged.at(np.array([1, 0])).cut(2).lengths.tolist()
    (2, [5, 6, 7], [1, 2])
    """

    def __init__(
        self,
        flat: Shaped[np.ndarray, " elements"],
        starts: Int64[np.ndarray, " bounds"],
        places: Int64[np.ndarray, " those"] | None = None,
        longest: int | None = None,
    ):
        self.flat, self.starts, self.places, self.longest = flat, starts, places, longest

    @classmethod
    def of(cls, sequences: Sequence[Any] | np.ndarray) -> "Ragged":
        """Those in memory, which are 1-D arrays."""
        lengths = np.fromiter(map(len, sequences), np.int64, len(sequences))
        return cls(np.concatenate(list(sequences)), np.concatenate([[0], np.cumsum(lengths)]))

    def __len__(self) -> int:
        return len(self.starts) - 1 if self.places is None else len(self.places)

    def __getitem__(self, place: int) -> Shaped[np.ndarray, " n"]:
        start, length = self._of(np.array([range(len(self))[place]]))
        return self.flat[start[0] : start[0] + length[0]]

    @property
    def lengths(self) -> Int64[np.ndarray, " those"]:
        """How long each is."""
        if self.places is not None:
            return self._of(slice(None))[1]
        lengths = np.diff(self.starts)
        return lengths if self.longest is None else np.minimum(lengths, self.longest)

    def at(self, places: Int[np.ndarray, " those"]) -> "Ragged":
        """Those, in that order."""
        return Ragged(self.flat, self.starts, places if self.places is None else self.places[places], self.longest)

    def cut(self, longest: int) -> "Ragged":
        """The first so many of each."""
        return Ragged(self.flat, self.starts, self.places, longest)

    def parts(self) -> Iterator[tuple[Int64[np.ndarray, " some"], Shaped[np.ndarray, " elements"]]]:
        """All, some at a time: how long each is, and they end to end."""
        for first in range(0, len(self), TOGETHER):
            starts, lengths = self._of(slice(first, first + TOGETHER))
            cuts = np.flatnonzero(np.diff(np.cumsum(lengths) // ELEMENTS)) + 1  # long ones come fewer at a time
            for start, length in zip(np.split(starts, cuts), np.split(lengths, cuts), strict=True):
                end = start + length
                if (start[1:] == end[:-1]).all():
                    yield length, self.flat[start[0] : end[-1]]
                else:
                    bounds = zip(start.tolist(), end.tolist(), strict=True)
                    yield length, np.concatenate([self.flat[one:other] for one, other in bounds])

    def padded(
        self, ids: Int[np.ndarray, " batch"], pad: int
    ) -> tuple[Shaped[np.ndarray, "batch longest"], Bool[np.ndarray, "batch longest"]]:
        """Those side by side, filled up with `pad`, whole numbers as int64; True where one is real."""
        start, length = self._of(ids)
        place = np.arange(length.max())
        mask = place < length[:, None]
        padded = np.full(mask.shape, pad, np.int64 if self.flat.dtype.kind in "iu" else self.flat.dtype)
        padded[mask] = self.flat[(start[:, None] + place)[mask]]
        return padded, mask

    def _of(self, ids: Any) -> tuple[Int64[np.ndarray, " those"], Int64[np.ndarray, " those"]]:
        """Where those begin, and how long they are."""
        ids = ids if self.places is None else self.places[ids]
        if isinstance(ids, slice):
            bounds = self.starts[ids.start or 0 : len(self.starts) if ids.stop is None else ids.stop + 1]
            start, length = bounds[:-1], np.diff(bounds)
        else:
            start = self.starts[ids]
            length = self.starts[ids + 1] - start
        return start, length if self.longest is None else np.minimum(length, self.longest)


def write_ragged(folder: Path, names: Sequence[str], kind: Any, parts: Iterable[Sequence[Sequence[Any]]]) -> None:
    """Write sequences, some of each name at a time, as files of these names in a folder; each is bytes, or an array of
    that kind."""
    with ExitStack() as files:
        opened = [
            [files.enter_context((folder / f"{name}.{what}").open("wb")) for what in ("flat", "starts")]
            for name in names
        ]
        at = np.zeros(len(names), np.int64)
        for _, starts in opened:
            starts.write(np.zeros(1, np.int64).data)
        for part in parts:
            for i, ((flat, starts), some) in enumerate(zip(opened, part, strict=True)):
                if not len(some):
                    continue
                ends = at[i] + np.cumsum(np.fromiter(map(len, some), np.int64, len(some)))
                flat.write(b"".join(some) if isinstance(some[0], bytes) else np.concatenate(some).astype(kind).data)
                starts.write(ends.data)
                at[i] = ends[-1]


def read_ragged(folder: Path, name: str, kind: Any) -> Ragged:
    """What `write_ragged` wrote; only what is looked at comes to memory."""
    return Ragged(mapped(folder / f"{name}.flat", kind), mapped(folder / f"{name}.starts", np.int64))


def mapped(file: Path, kind: Any) -> Shaped[np.ndarray, " n"]:
    """The numbers in a file, which the system reads as they are looked at."""
    return np.asarray(np.memmap(file, kind, "r")) if file.stat().st_size else np.empty(0, kind)
