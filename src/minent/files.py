"""A file is either whole or not there, and the files of a model either all new or all old: they are written under names
of their own beside their place, then renamed. (What is no file, a pipe or /dev/stdout, is written to; a link stays a
link.)

Names of what is being written tell the process that writes it, so that what a killed one left is cleared away by the
next that writes there.
"""

import os
import platform
import secrets
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from stat import S_IMODE

from minent.errors import BadInput

HALF = f".minent-{zlib.crc32(platform.node().encode()):08x}-"  # then the process: those of other machines are not ours
ALL = ".minent-saved"  # a folder whose files are to replace those beside it


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary path to write to, renamed to `path` at the end of the block and deleted where the block fails; who
    may read a file that is replaced may read the new one.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(Path(folder) / "a.txt") as temporary:
    ...         _ = temporary.write_text("all or nothing")
    ...     sorted(file.name for file in Path(folder).iterdir())
    ['a.txt']
    """
    path = Path(path)
    if stream(path):
        with tempfile.TemporaryDirectory() as folder:
            yield (temporary := Path(folder) / f"stream{path.suffix}")
            with path.open("wb") as file:
                file.write(temporary.read_bytes())
        return
    path = path.resolve() if path.is_symlink() else path
    path.parent.mkdir(parents=True, exist_ok=True)
    tidy(path.parent)
    temporary = beside(path)
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    mode = S_IMODE((path if path.exists() else temporary).stat().st_mode)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary folder to write files to, which at the end of the block replace those of the same names in `folder`,
    all of them or, where the block fails or is killed, none; what else is there stays.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_folder(folder) as temporary:
    ...         _ = (temporary / "config.json").write_text("{}"), (temporary / "weights").write_text("0.5")
    ...     sorted(file.name for file in Path(folder).iterdir())
    ['config.json', 'weights']
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    settled(folder)
    tidy(folder)
    half = beside(folder / "saved")
    half.mkdir()
    try:
        yield half
        synced(half)
        half.rename(folder / ALL)  # from here on all are new: whoever comes next moves what is left to be moved
        sync(folder)
        settled(folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def vacant(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder can be made anew: nothing of its name is there, or a folder with nothing in it but what killed
    processes had half written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     vacant(folder), vacant(Path(folder) / "new"), vacant(Path(folder).parent)
    (True, True, False)
    """
    folder = Path(folder)
    if folder.is_dir() and not folder.is_symlink():
        return all(file.name.startswith(HALF) for file in settled(folder).iterdir())
    return not folder.exists() and not folder.is_symlink()


def settled(folder: Path) -> Path:
    """The same folder, with the files in their places that a killed process had written whole and not yet moved."""
    with suppress(FileNotFoundError):  # where others move them too
        for file in (folder / ALL).iterdir():
            with suppress(FileNotFoundError):
                file.replace(folder / file.name)
        (folder / ALL).rmdir()
    return folder


@contextmanager
def held(folder: str | os.PathLike[str], other: str = "name another") -> Iterator[None]:
    """Within the block nobody else on this machine holds the folder (where the system can lock folders: not Windows).

    Raises BadInput where another does."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:
        yield
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            flock(handle, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise BadInput(f"{str(folder)!r} is being written to by another run; wait, or {other}") from None
        except OSError:
            pass  # some network drives lock nothing
        yield
    finally:
        os.close(handle)


def synced(folder: Path) -> None:
    """Have the disk hold what is in the files of a folder."""
    for file in filter(Path.is_file, folder.rglob("*")):
        with file.open("rb+") as handle:
            os.fsync(handle.fileno())
    sync(folder)


def sync(folder: Path) -> None:
    """Have the disk remember which files are in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def stream(path: Path) -> bool:
    """Whether a path is no file to be replaced but something to write to: /dev/stdout, a pipe."""
    device = path.parts[:2] == ("/", "proc") or path.parent in (Path("/dev"), Path("/dev/fd"))
    return device or (path.exists() and not path.is_file() and not path.is_dir())


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` in UTF-8, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def beside(path: Path) -> Path:
    suffix = path.suffix if len(path.suffix) < 20 else ""
    return path.with_name(f"{HALF}{os.getpid()}-{secrets.token_hex(4)}{suffix}")


@cache  # once a process: a recorder writes thousands of files to one folder
def tidy(folder: Path) -> None:
    """Delete what processes that are no more left half-written."""
    for left in folder.glob(f"{HALF}*"):
        writer = left.name.removeprefix(HALF).split("-")[0]
        if os.name == "posix" and writer.isdecimal() and not _lives(int(writer)):
            with suppress(OSError):
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
