"""IDX, the format of MNIST: two zeros, type, number of sides, sides as big-endian int32, values.

http://yann.lecun.com/exdb/mnist
"""

from math import prod

import numpy as np

from minent.errors import BadInput

TYPES = {0x08: np.uint8, 0x09: np.int8, 0x0B: np.int16, 0x0C: np.int32, 0x0D: np.float32, 0x0E: np.float64}


def is_idx(data: bytes) -> bool:
    """Whether these bytes begin as such a file does."""
    return data[:2] == b"\0\0" and data[2:3] != b"" and data[2] in TYPES


def read_idx(data: bytes, path: object) -> np.ndarray:
    """The array that a file holds. Raises BadInput where it is not whole."""
    kind, sides = (TYPES.get(data[2]), data[3]) if len(data) > 3 else (None, 0)
    shape = np.frombuffer(data, ">i4", sides, 4) if len(data) >= 4 + 4 * sides else np.zeros(0, int)
    whole = 4 + 4 * sides + prod(shape.tolist()) * np.dtype(kind).itemsize
    if kind is None or not len(shape) or len(data) != whole:
        raise BadInput(f"{str(path)!r} is not a whole IDX file")
    return np.frombuffer(data, np.dtype(kind).newbyteorder(">"), offset=4 + 4 * sides).reshape(shape)
