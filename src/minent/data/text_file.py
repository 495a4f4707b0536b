"""A file of text: UTF-8, perhaps gzipped, whose lines are divided by newlines and nothing else."""

import gzip
import os
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minent.errors import BadInput, BadLine


@dataclass(frozen=True)
class TextFile:
    """What a file holds, unzipped, and its kind: the last suffix of its name but .gz, as ".tsv"; "" for none."""

    name: object
    kind: str
    data: bytes

    def content(self) -> str:
        """The text. Raises BadLine where it is not UTF-8."""
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = self.data.count(b"\n", 0, error.start) + 1
            raise BadLine("text must be UTF-8; got other bytes", self.name, line) from None

    def lines(self) -> list[str]:
        """All lines, blank ones too."""
        lines = self.content().split("\n")
        return [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]


def open_text(path: str | os.PathLike[str] | Any) -> TextFile:
    """The file at a path; "-" is standard input, and an open binary file is read. Raises BadInput.

    >>> import io
    >>> open_text(io.BytesIO("道可道，\\n\\n非常道。\\n".encode())).lines()
    ['道可道，', '', '非常道。']
    """
    suffixes = []
    if path == "-":
        data, name = sys.stdin.buffer.read(), "standard input"
    elif isinstance(path, str | os.PathLike):
        try:
            data, name = Path(path).read_bytes(), path
        except FileNotFoundError:
            raise BadInput(f"there is no file {str(path)!r}") from None
        except OSError as error:
            raise BadInput(f"{str(path)!r} cannot be read: {error.strerror}") from None
        suffixes = [suffix.lower() for suffix in Path(path).suffixes if suffix.lower() != ".gz"]
    else:
        data, name = path.read(), getattr(path, "name", "standard input")
        if not isinstance(data, bytes):
            raise BadInput(f"an open file must be binary (mode 'rb'); reading it gave {type(data).__name__}")
    try:
        data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"{str(name)!r} is not a whole gzip file: {error}") from None
    return TextFile(name, suffixes[-1] if suffixes else "", data)
