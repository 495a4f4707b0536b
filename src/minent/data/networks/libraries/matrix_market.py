"""MatrixMarket by scipy's reader, which is fast and trusts the file: of `1,5` it takes the 1, of a line with a number
too many what comes first, and where the last line has no end and more than numbers it crashes. So signs and numbers
are counted first.
"""

import io
import re
from typing import Any

import numpy as np

from minent.errors import BadInput

HEAD = re.compile(rb"[^\n]*\n(?:[ \t\r]*(?:%[^\n]*)?\n)*([ \t\d]+)\r?(?:\n|$)")  # the banner, comments, the sizes
SIGNS = b"0123456789+-.eEnaifNAIFty \t\r\n"  # of numbers, inf and nan among them
NUMBERS = {b"pattern": 0, b"complex": 2}  # of an entry, beside where it is; else 1


def read_market(data: bytes) -> Any:
    """The matrix, of scipy or numpy, in a file that begins with %%MatrixMarket in any case. Raises BadInput where an
    entry is more than its numbers, and what scipy raises of a damaged file.

    >>> read_market(b"%%matrixmarket matrix coordinate real general\\n2 2 1\\n1 2 1,5\\n")
    Traceback (most recent call last):
    minent.errors.BadInput: entries of MatrixMarket are numbers between blanks; got ',' on line 3
    """
    from scipy.io import mmread

    data = b"%%MatrixMarket" + data[14:] + b"\n"
    head = HEAD.match(data)
    if head is not None:
        _check(data, head.end(), data[: data.find(b"\n")].lower().split(), [int(size) for size in head[1].split()])
    return mmread(io.BytesIO(data), spmatrix=False)


def _check(data: bytes, start: int, banner: list[bytes], sizes: list[int]) -> None:
    strange = data[start:].translate(None, SIGNS)
    if strange:
        at = data.index(strange[:1], start)
        line, sign = data.count(b"\n", 0, at) + 1, data[at : at + 4].decode(errors="replace")[:1]
        raise BadInput(f"entries of MatrixMarket are numbers between blanks; got {sign!r} on line {line}")
    if len(banner) < 5 or len(sizes) < 2:
        return  # scipy says what is wrong
    numbers = NUMBERS.get(banner[3], 1) + 2 * (banner[2] == b"coordinate")
    entries = sizes[2] if len(sizes) > 2 else sizes[0] * sizes[1]
    if len(sizes) == 2 and banner[4] != b"general":
        entries = sizes[0] * (sizes[0] + (-1 if banner[4].startswith(b"skew") else 1)) // 2
    black = np.frombuffer(data, np.uint8)[start - 1 :] > ord(" ")
    found = int(np.count_nonzero(black[1:] & ~black[:-1]))
    if found > numbers * entries:
        raise BadInput(
            f"{entries:,} entries of MatrixMarket ({b' '.join(banner[2:]).decode(errors='replace')}) are "
            f"{numbers * entries:,} numbers; got {found:,}"
        )
