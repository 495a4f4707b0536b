"""What lies in a folder, links followed, or in a ZIP, which is not unpacked: names, and what gives each to be read."""

import os
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile, ZipInfo

from minent.data.bytes import Held, text
from minent.errors import BadInput

LARGEST = 2**28  # bytes of a file in a ZIP: what would unpack to more is no picture
UTF8 = 0x800  # the flag of names that are
SYSTEM = ("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information")


class Entry(NamedTuple):
    """A place below a root; of a file what gives it to be read: None of a folder, and of a link that leads back."""

    parts: tuple[str, ...]
    source: Callable[[], Any] | None
    back: bool = False


def hidden(name: str) -> bool:
    """Whether a file or folder is hidden (so is what notebooks and macOS leave, and ..), or of a system."""
    return name.startswith(".") or name in SYSTEM


def walked(folder: Path) -> Iterator[Entry]:
    """All below a folder; hidden folders are not gone into. Raises BadInput for a folder that cannot be read."""

    def below(place: str, parts: tuple[str, ...], above: frozenset[str]) -> Iterator[Entry]:
        above |= {os.path.realpath(place)}
        with os.scandir(place) as found:
            entries = list(found)
        for entry in entries:
            here, linked = (*parts, entry.name), Path(entry.path) if entry.is_symlink() else None
            if entry.is_dir(follow_symlinks=False) or (linked and linked.is_dir()):
                back = os.path.realpath(entry.path) in above
                yield Entry(here, None, back)
                if not back and not hidden(entry.name):
                    yield from below(entry.path, here, above)
            elif entry.is_file(follow_symlinks=False) or (linked and (linked.is_file() or not linked.exists())):
                yield Entry(here, lambda path=entry.path: path)  # no pipes, which would be waited for

    try:
        yield from below(str(folder), (), frozenset())
    except OSError as error:
        raise BadInput(f"{str(error.filename)!r} cannot be read: {error.strerror}") from None


def zipped(archive: ZipFile) -> Iterator[Entry]:
    """All in a ZIP. Names are names only, wherever they point."""

    def source(info: ZipInfo) -> BytesIO:
        if info.file_size > LARGEST:
            raise ValueError(f"it would unpack to {info.file_size:,} bytes")
        return BytesIO(archive.read(info))

    held = dict(zip(_names(archive.infolist()), archive.infolist(), strict=True))  # of one name the last, as unpacked
    for name, info in held.items():
        parts = tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
        if parts:
            yield Entry(parts, None if info.is_dir() else lambda info=info: source(info))


def _names(entries: list[ZipInfo]) -> list[str]:
    """Names as they were meant: those not marked as UTF-8 are that, or GB18030 where they can be nothing else."""
    names = [info.filename for info in entries]
    old = [i for i, info in enumerate(entries) if not info.flag_bits & UTF8 and not names[i].isascii()]
    try:
        meant = text(Held("", b"\n".join(names[i].encode("cp437") for i in old))).data.decode().split("\n")
    except (BadInput, UnicodeError):
        return names
    for i, name in zip(old, meant, strict=False):
        names[i] = name
    return names
