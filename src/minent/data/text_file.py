"""A file of text: what it is by its name, its content, its lines."""

import codecs
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from mmap import mmap
from pathlib import Path
from typing import Any

from minent.data.bytes import MARKS, PACKED, Held, opened, utf8
from minent.errors import BadLine
from minent.kernels import log

PIECE = 2**20  # bytes, or as many as a line has


@dataclass(frozen=True)
class TextFile:
    """What a file holds, unpacked, and its kind: the last suffix of its name but .gz and the like; "" for none."""

    name: object
    kind: str
    data: bytes | mmap
    encoding: str | None = None
    """What the text is said to be in; see `text`."""

    lenient: bool = False
    """Whether bytes of another encoding stay, as halves of characters, which whoever reads a row refuses."""

    def content(self) -> str:
        """The text, its newlines as they are. Raises BadLine where it is none."""
        return self.decoded[0]

    @cached_property
    def decoded(self) -> tuple[str, str]:
        """The text, and the encoding it was in. Raises BadLine where it is none."""
        whole = bytes(self.data)
        try:
            data, encoding = utf8(Held(self.name, whole), self.encoding)
        except BadLine:
            if not self.lenient:
                raise
            encoding = self.encoding or "utf-8"
            return whole.decode(encoding, "surrogateescape").removeprefix("\ufeff"), encoding
        if encoding == "gb18030" and self.encoding is None:
            log.warning("%r is read as GB18030, for it is not UTF-8", str(self.name))
        return data.decode(), encoding

    @cached_property
    def is_utf8(self) -> bool:
        """Whether it is UTF-8, so that it is read piece by piece; any other file is decoded whole."""
        begins = self.data[:4]
        marked = next((name for mark, name in MARKS if begins.startswith(mark)), "utf-8")
        try:
            if codecs.lookup(self.encoding or marked).name != "utf-8":
                return False
            decoder = codecs.getincrementaldecoder("utf-8")()
            for at in range(0, len(self.data), PIECE):
                decoder.decode(self.data[at : at + PIECE])
            decoder.decode(b"", final=True)
        except (LookupError, UnicodeDecodeError):
            return False
        return True

    @property
    def found(self) -> str:
        """The encoding it is in. Raises BadLine where it is no text."""
        return "utf-8" if self.is_utf8 else self.decoded[1]

    def pieces(self) -> Iterator[str]:
        """The text in pieces that end where lines do, newlines as they are. Raises BadLine where it is none."""
        if not self.is_utf8:
            yield self.content()
            return
        at, newline = len(codecs.BOM_UTF8) * self.data[:3].startswith(codecs.BOM_UTF8), self.newline.encode()
        while at < len(self.data):
            end = self.data.rfind(newline, at, at + PIECE) + 1 or self.data.find(newline, at) + 1 or len(self.data)
            yield self.data[at:end].decode()
            at = end

    @cached_property
    def newline(self) -> str:
        """What ends its lines; of \\r\\n the last."""
        return "\n" if (self.data.find(b"\n") >= 0 if self.is_utf8 else "\n" in self.content()) else "\r"

    def lines(self) -> Iterator[str]:
        """All lines, blank ones too, as they are asked for. Raises BadLine where it is no text."""
        for piece in self.pieces():
            lines = piece.split(self.newline)
            for line in lines if lines[-1] else lines[:-1]:
                yield line.removesuffix("\r")

    @property
    def first(self) -> str:
        """The first line that is not blank; "" where all are."""
        return next((line for line in self.lines() if line.strip()), "")


def open_text(path: str | os.PathLike[str] | Any, encoding: str | None = None, *, lenient: bool = False) -> TextFile:
    """The file at a path; "-" is standard input, and an open binary file is read. Raises BadInput.

    >>> import io
    >>> list(open_text(io.BytesIO("道可道，\\n\\n非常道。\\n".encode())).lines())
    ['道可道，', '', '非常道。']
    """
    held = opened(path, mapped=True)
    suffixes = [suffix.lower() for suffix in Path(str(held.name)).suffixes if suffix.lower()[1:] not in PACKED]
    named = isinstance(path, str | os.PathLike) and path != "-"
    return TextFile(held.name, suffixes[-1] if named and suffixes else "", held.data, encoding, lenient)
