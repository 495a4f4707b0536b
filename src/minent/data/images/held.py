"""Arrays beyond what memory is to hold of them lie in temporary files, which go when nobody looks at them any more: the
system reads what is asked for, and lets go of it where memory is wanted. TMPDIR says where."""

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO
from weakref import finalize

import numpy as np
from jaxtyping import Shaped

HELD = 2**30  # bytes in memory


class Shelf:
    """Arrays, given one by one, that can be gone through again."""

    def __init__(self) -> None:
        self._held, self._bytes = list[np.ndarray](), 0
        self._file: IO[bytes] | None = None
        self._beyond = list[tuple[np.dtype, tuple[int, ...]]]()

    def append(self, array: Shaped[np.ndarray, "..."]) -> None:
        self._bytes += array.nbytes
        if self._bytes <= HELD // 4:  # what was held of many is seldom given back to the system
            self._held.append(array)
            return
        if self._file is None:
            self._file = TemporaryFile()  # noqa: SIM115  it lives as long as this
            finalize(self, self._file.close)
        self._file.write(np.ascontiguousarray(array).data)
        self._beyond.append((array.dtype, array.shape))

    def __iter__(self) -> Iterator[Shaped[np.ndarray, "..."]]:
        yield from self._held
        if self._file is not None:
            self._file.seek(0)
            for kind, shape in self._beyond:
                yield np.frombuffer(self._file.read(kind.itemsize * int(np.prod(shape))), kind).reshape(shape)


def room(shape: tuple[int, ...]) -> Shaped[np.ndarray, "..."]:
    """An array of bytes to fill."""
    size = int(np.prod(shape))
    if size <= HELD:
        return np.empty(shape, np.uint8)
    with TemporaryFile() as file:
        file.truncate(size)
        return np.asarray(np.memmap(file, np.uint8, "r+", shape=shape))
