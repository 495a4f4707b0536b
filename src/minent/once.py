"""What several processes of a machine want is made by the first that comes, and there whole or not at all."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from minent.files import beside, sync, synced, tidy


def once(folder: Path, make: Callable[[Path], object]) -> Path:
    """A folder that `make` fills, there whole or not at all: it is made by the first process that comes, while others
    of this machine wait; one that is there stays as it is."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder.parent / ".making"):
        if not folder.exists():
            tidy(folder.parent)
            half = beside(folder)
            half.mkdir()
            try:
                make(half)
                synced(half)
                try:
                    half.rename(folder)
                except OSError:
                    if not folder.exists():  # where drives lock nothing, another may have been sooner
                        raise
                sync(folder.parent)
            finally:
                shutil.rmtree(half, ignore_errors=True)
    return folder


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Within the block nobody else of this machine is in one of that file (where the system can lock)."""
    try:
        from fcntl import LOCK_EX, flock
    except ImportError:
        yield
        return
    with file.open("a") as handle:
        with suppress(OSError):  # some network drives lock nothing
            flock(handle, LOCK_EX)
        yield
