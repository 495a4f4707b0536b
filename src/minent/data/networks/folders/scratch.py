"""A folder of arrays that are worked with on disk, of one input, each there whole or not at all: so who comes after a
run that was killed takes what is there as done. It lies where the system keeps temporary files: TMPDIR, else /var/tmp.
"""

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from minent.errors import BadInput
from minent.files import held
from minent.kernels import log, read_only

MANIFEST = "minent-scratch.json"
FULL = errno.ENOSPC, errno.EDQUOT, errno.EFBIG
BARRED = PermissionError, FileNotFoundError, NotADirectoryError


def scratch_folder(key: object) -> Path:
    """Where the scratch of a piece of work lies: the same for the same `key`, of this user."""
    root = os.environ.get("TMPDIR") or next((one for one in ("/var/tmp",) if os.access(one, os.W_OK)), None)
    user = os.getuid() if hasattr(os, "getuid") else 0
    called = hashlib.sha256(repr(key).encode()).hexdigest()[:12]
    return Path(root or tempfile.gettempdir()) / f"minent-scratch-{user}-{called}"


class Scratch:
    """Arrays by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, name: str) -> bool:
        """Whether it is there, whole."""
        return (self.folder / name).exists()

    def write(self, name: str, *parts: Any) -> None:
        """A file of these bytes, or arrays of one type one after the other."""
        half = self.folder / f"{name}.half"
        with half.open("wb") as file:
            for part in parts:
                file.write(part if isinstance(part, bytes) else np.ascontiguousarray(part).data)
        half.replace(self.folder / name)

    def array(self, name: str, kind: Any) -> np.ndarray:
        """The numbers in a file, which the system reads as they are looked at."""
        path = self.folder / name
        if not path.stat().st_size:
            return read_only(np.empty(0, kind))
        return read_only(np.asarray(np.memmap(path, kind, "r")))

    def drop(self, *patterns: str) -> None:
        """Delete files."""
        for pattern in patterns:
            for path in self.folder.glob(pattern):
                path.unlink(missing_ok=True)


@contextmanager
def kept_scratch(key: object, told: Any, remote: bool = False) -> Iterator[Scratch]:
    """The scratch of work that `key` names on an input that is as `told`: begun anew where the input has changed since;
    deleted at the end, and where the input is at fault; kept for the next run where this one is ended from outside, or
    a `remote` input could not be read.

    Raises BadInput where the disk is full, or it cannot be written to.
    """
    folder = scratch_folder(key)
    told = json.loads(json.dumps(told))
    with _told_faults(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
            raise BadInput(f"{str(folder)!r} is another user's; set TMPDIR to a folder of your own")
        with held(folder, "set TMPDIR to another folder"):
            _begun(folder, told)
            keep = False
            try:
                yield Scratch(folder)
            except BadInput as error:
                keep = remote and isinstance(error.__context__, OSError)
                raise
            except BaseException:
                keep = True
                log.warning("what was done is kept in %s; the same again goes on with it", folder)
                raise
            finally:
                if not keep:
                    shutil.rmtree(folder, ignore_errors=True)


def _begun(folder: Path, told: Any) -> None:
    manifest = folder / MANIFEST
    before = None
    with suppress(FileNotFoundError, ValueError):
        before = json.loads(manifest.read_text())
    if before is None and any(folder.iterdir()):
        raise BadInput(
            f"{str(folder)!r} holds what is no scratch of minent; delete it, or set TMPDIR to another folder"
        )
    if before is not None and before != told:
        log.warning("the links have changed since %s was begun; beginning anew", folder)
        for path in folder.iterdir():
            path.unlink()
    elif before is not None:
        log.warning("going on with what was done before, in %s", folder)
    manifest.write_text(json.dumps(told))
    log.info("working in %s", folder)


@contextmanager
def _told_faults(folder: Path) -> Iterator[None]:
    """What a disk refuses, in a sentence."""
    try:
        yield
    except OSError as error:
        at = Path(error.filename) if error.filename else folder
        if error.errno in FULL:
            what = f"the disk of {str(at.parent)!r} is full"
            raise BadInput(f"{what}: make room, or set TMPDIR to a folder on a larger one, and run again") from None
        if isinstance(error, BARRED) and folder in (at, *at.parents):
            raise BadInput(f"{str(folder)!r} cannot be written to: set TMPDIR to a folder that can") from None
        raise
