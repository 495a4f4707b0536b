"""What a file holds, unzipped; and as text, UTF-8, whose lines are divided by newlines and nothing else."""

import difflib
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
    data, name = read_bytes(path)
    suffixes = [suffix.lower() for suffix in Path(str(name)).suffixes if suffix.lower() != ".gz"]
    named = isinstance(path, str | os.PathLike) and path != "-"
    return TextFile(name, suffixes[-1] if named and suffixes else "", data)


def read_bytes(path: str | os.PathLike[str] | Any) -> tuple[bytes, object]:
    """What a file holds, unzipped, and what to call it; "-" is standard input, and an open binary file is read.

    Raises BadInput."""
    if path == "-":
        data, name = sys.stdin.buffer.read(), "standard input"
    elif isinstance(path, str | os.PathLike):
        data, name = _held(Path(path)), path
    else:
        data, name = path.read(), getattr(path, "name", "standard input")
        if not isinstance(data, bytes):
            raise BadInput(f"an open file must be binary (mode 'rb'); reading it gave {type(data).__name__}")
    try:
        return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data, name
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"{str(name)!r} is not a whole gzip file: {error}") from None


def _held(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        folder = [] if not file.parent.is_dir() else [other.name for other in file.parent.iterdir()]
        near = difflib.get_close_matches(file.name, folder, 1)
        hint = f"; did you mean {str(file.with_name(near[0]))!r}?" if near else ""
        raise BadInput(f"there is no file {str(file)!r}{hint}") from None
    except OSError as error:
        raise BadInput(f"{str(file)!r} cannot be read: {error.strerror}") from None
