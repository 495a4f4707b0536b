"""A file of text: what it is by its name, its content, its lines."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from minent.data.bytes import PACKED, Held, opened, utf8
from minent.errors import BadLine
from minent.kernels import log


@dataclass(frozen=True)
class TextFile:
    """What a file holds, unpacked, and its kind: the last suffix of its name but .gz and the like; "" for none."""

    name: object
    kind: str
    data: bytes
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
        try:
            data, encoding = utf8(Held(self.name, self.data), self.encoding)
        except BadLine:
            if not self.lenient:
                raise
            encoding = self.encoding or "utf-8"
            return self.data.decode(encoding, "surrogateescape").removeprefix("\ufeff"), encoding
        if encoding == "gb18030" and self.encoding is None:
            log.warning("%r is read as GB18030, for it is not UTF-8", str(self.name))
        return data.decode(), encoding

    def lines(self) -> list[str]:
        """All lines, blank ones too."""
        content = self.content()
        lines = content.split("\n" if "\n" in content else "\r")
        return [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]


def open_text(path: str | os.PathLike[str] | Any, encoding: str | None = None, *, lenient: bool = False) -> TextFile:
    """The file at a path; "-" is standard input, and an open binary file is read. Raises BadInput.

    >>> import io
    >>> open_text(io.BytesIO("道可道，\\n\\n非常道。\\n".encode())).lines()
    ['道可道，', '', '非常道。']
    """
    held = opened(path)
    suffixes = [suffix.lower() for suffix in Path(str(held.name)).suffixes if suffix.lower()[1:] not in PACKED]
    named = isinstance(path, str | os.PathLike) and path != "-"
    return TextFile(held.name, suffixes[-1] if named and suffixes else "", held.data, encoding, lenient)
