"""A file is either whole or not there: written under a temporary name beside its own, then renamed. (What is no file, a
pipe or /dev/stdout, is written to; a link stays a link.)"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary path to write to, renamed to `path` at the end of the block and deleted where the block fails.

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
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def stream(path: Path) -> bool:
    """Whether a path is no file to be replaced but something to write to: /dev/stdout, a pipe."""
    device = path.parts[:2] == ("/", "proc") or path.parent in (Path("/dev"), Path("/dev/fd"))
    return device or (path.exists() and not path.is_file() and not path.is_dir())


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` in UTF-8, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
