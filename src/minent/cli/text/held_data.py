"""Texts that a model is trained on, and their tokens, lie in the folder of the run while it goes on, for all its
processes."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from minent.files import beside

FOLDER = "texts-of-the-run"
OURS = re.compile(r"[0-9a-f]{32}|\.making|\.minent-.*")  # what is made there


@contextmanager
def held_data(out: Path) -> Iterator[Path]:
    """Where texts and tokens of a run in `out` lie within the block. After it the last process that comes to its end
    deletes them; where it was killed, or stopped by hand, they stay for the run that goes on."""
    folder, new = out / FOLDER, not out.exists()
    folder.mkdir(parents=True, exist_ok=True)
    shared = _shared(folder)
    try:
        yield folder
    except Exception:
        _deleted(folder, shared)
        if new:
            with suppress(OSError):  # there is more in it
                out.rmdir()
        raise
    else:
        _deleted(folder, shared)
    finally:
        if shared is not None:
            os.close(shared)


def _shared(folder: Path) -> int | None:
    """A lock that others may have, too (where the system can lock)."""
    try:
        from fcntl import LOCK_SH, flock
    except ImportError:
        return None
    handle = os.open(folder, os.O_RDONLY)
    with suppress(OSError):  # some network drives lock nothing
        flock(handle, LOCK_SH)
    return handle


def _deleted(folder: Path, shared: int | None) -> None:
    """Delete the folder where no other process is at work with it."""
    if shared is not None:
        from fcntl import LOCK_EX, LOCK_NB, flock

        try:
            flock(shared, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return
        except OSError:
            pass
    with suppress(OSError):  # another was sooner, or there is more in it
        for one in folder.iterdir():
            if OURS.fullmatch(one.name):  # what else lies there is somebody's own
                half = one.rename(beside(one))  # so that nothing is there by its name and not whole
                shutil.rmtree(half, ignore_errors=True) if half.is_dir() else half.unlink(missing_ok=True)
        folder.rmdir()
