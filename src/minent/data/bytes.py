"""What a file holds, unpacked; and as text, UTF-8, whatever its encoding and however its lines end."""

import bz2
import codecs
import difflib
import gzip
import lzma
import os
import re
import sys
import zlib
from io import BytesIO
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from minent.errors import BadInput, BadLine

PACKED = {
    "gz": rb"\x1f\x8b", "bz2": rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)", "xz": rb"\xfd7zXZ\0", "zst": rb"\x28\xb5\x2f\xfd",
}  # fmt: skip
MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
QUOTED = re.compile(rb'(?<![^,;\t|\r\n])"(?:[^"]++|"")*+"(?![^,;\t|\r\n])|\r\n?')
GB2312 = re.compile(rb"(?:[\0-\x7f]++|[\xa1-\xf7][\xa1-\xfe])*+")
MAPPED = 2**26  # bytes of a file that need not be held
TIMES, MOST = 50, 500 * 10**6  # bytes that a packed file may unpack to: times its own, and so many
COMMON = re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]")  # its punctuation, and the more common half of its characters


class Held(NamedTuple):
    """What a file holds, unpacked, what to call it, and how it was packed: "gz", "bz2", "xz", "zst" or ""."""

    name: object
    data: bytes
    packed: str = ""


class Text(NamedTuple):
    """Text in UTF-8 whose lines end in newlines; the encoding it had, and what its lines ended in."""

    data: bytes
    encoding: str
    newline: str


def opened(path: str | os.PathLike[str] | Any, *, mapped: bool = False) -> Held:
    """What a file holds; "-" is standard input, and an open binary file is read. Raises BadInput.

    How it is packed is told by how it begins, not by its name. A large file may come `mapped`: it can be sliced and
    searched like bytes, and only what is looked at comes to memory.

    >>> import io
    >>> opened(io.BytesIO(bz2.compress(b"1 2"))).data
    b'1 2'
    """
    if isinstance(path, str | os.PathLike) and str(path) == "-":
        data, name = sys.stdin.buffer.read(), "standard input"
    elif isinstance(path, str | os.PathLike):
        data, name = _held(Path(path), mapped), path
    else:
        data, name = path.read(), getattr(path, "name", "standard input")
        if not isinstance(data, bytes):
            raise BadInput(f"an open file must be binary (mode 'rb'); reading it gave {type(data).__name__}")
    packed = next((kind for kind, begins in PACKED.items() if re.match(begins, data)), "")
    try:
        unpacked, most = data, TIMES * len(data) + MOST
        if packed and len(unpacked := _unpacked(data, packed, most + 1)) > most:
            raise BadInput(
                f"{str(name)!r} unpacks to more than {TIMES} times its size and {MOST // 10**6} MB; "
                "wanted that at most: unpack it to read all of it"
            )
        return Held(name, unpacked, packed)
    except BadInput:
        raise
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        called = {"gz": "gzip", "bz2": "bzip2", "zst": "zstd"}.get(packed, packed)
        raise BadInput(f"{str(name)!r} is not a whole {called} file: {error}") from None


def in_pieces(begins: bytes) -> bool:
    """Whether what begins so is text that can be read as it comes: neither packed nor UTF-16 or UTF-32."""
    packed = any(re.match(mark, begins) for mark in PACKED.values())
    return not packed and not any(begins.startswith(mark) for mark, name in MARKS if name != "utf-8")


def text(held: Held, encoding: str | None = None, hint: str = "") -> Text:
    """The text a file holds, in UTF-8; a copy only where one is needed.

    What is not UTF-8 (by a byte order mark, UTF-16 or UTF-32) is GB18030 where it can be nothing else, or what
    `encoding` says. Raises BadLine, with `hint`, for other bytes and for NUL.

    >>> text(Held("a.csv", "甲,乙\\r\\n".encode("utf-16")))
    Text(data=b'\\xe7\\x94\\xb2,\\xe4\\xb9\\x99\\n', encoding='utf-16', newline='\\r\\n')
    """
    data, encoding = utf8(held, encoding, hint)
    if (nul := data.find(b"\0")) >= 0:
        raise _nul(held, data, nul, hint)
    if b"\r" not in data:
        return Text(data, encoding, "\n")
    newline = "\r\n" if b"\r\n" in data else "\r"
    if b'"' in data and _quoted_returns(data):
        return Text(QUOTED.sub(lambda found: b"\n" if found[0][:1] == b"\r" else found[0], data), encoding, newline)
    return Text(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"), encoding, newline)


def _quoted_returns(data: bytes) -> bool:
    """Whether a carriage return comes after an odd number of quotes, as in a quoted field."""
    quotes, returns = (np.flatnonzero(np.frombuffer(data, np.uint8) == ord(mark)) for mark in '"\r')
    return bool((np.searchsorted(quotes, returns) % 2).any())


def utf8(held: Held, said: str | None, hint: str = "") -> tuple[bytes, str]:
    """The bytes of a text in UTF-8, its lines as they end, and the encoding it had; see `text`."""
    data = held.data
    marked = next((name for mark, name in MARKS if data.startswith(mark)), None)
    encoding = said or marked or ("utf-8" if data.isascii() or not _is_chinese(data) else "gb18030")
    try:
        encoding = codecs.lookup(encoding).name
        if encoding != "utf-8":
            data = data.decode(encoding).encode()
        elif not data.isascii():
            data.decode()
    except LookupError:
        raise BadInput(f"there is no encoding {encoding!r}; wanted one such as utf-8, gb18030, latin-1") from None
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        if (nul := data.find(b"\0", 0, start)) >= 0:
            raise _nul(held, data, nul, hint) from None
        problem = f"text must be {encoding.upper()}; got other bytes{hint}"
        raise BadLine(problem, held.name, data.count(b"\n", 0, start) + 1) from None
    return data.removeprefix(codecs.BOM_UTF8), encoding


def _nul(held: Held, data: bytes, at: int, hint: str) -> BadLine:
    return BadLine(f"text must not hold NUL bytes{hint}", held.name, data.count(b"\n", 0, at) + 1)


def _is_chinese(data: bytes) -> bool:
    """Whether what is not UTF-8 goes in pairs, as of GB2312, at least half of them common ones. (Accents of Latin-1
    stand alone, or are of the less common half.)"""
    try:
        data.decode()
    except UnicodeDecodeError:
        pairs = sum(byte > 127 for byte in data) // 2 if GB2312.fullmatch(data) else 0
        return 0 < pairs <= 2 * len(COMMON.findall(data))
    return False


def _unpacked(data: bytes, packed: str, most: int) -> bytes:
    """So many bytes of what is packed, at most."""
    if packed == "zst":
        import pyarrow as pa

        return pa.input_stream(pa.BufferReader(data), compression="zstd").read(most)
    with {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}[packed](BytesIO(data)) as file:
        return file.read(most)


def _held(file: Path, mapped: bool) -> Any:
    try:
        if file.is_char_device() and file != Path(os.devnull) and not file.samefile("/dev/stdin"):
            raise BadInput(f"{str(file)!r} is a device, which has no end; wanted a file")
        if mapped and file.is_file() and file.stat().st_size >= MAPPED:
            with file.open("rb") as handle:
                return mmap(handle.fileno(), 0, access=ACCESS_READ)
        return file.read_bytes()
    except FileNotFoundError:
        folder = [] if not file.parent.is_dir() else [other.name for other in file.parent.iterdir()]
        near = difflib.get_close_matches(file.name, folder, 1)
        hint = f"; did you mean {str(file.with_name(near[0]))!r}?" if near else ""
        raise BadInput(f"there is no file {str(file)!r}{hint}") from None
    except OSError as error:
        raise BadInput(f"{str(file)!r} cannot be read: {error.strerror}") from None
