"""What commands write: never what they read, one thing at most to standard output ("-"); what is replaced is said."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from minent.errors import BadInput
from minent.files import stream

STANDARD_OUTPUT = "-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"
Wrote = Callable[[Path], str]


def outputs(written: Iterable[Path | None], read: Iterable[str | Path | None] = ()) -> Wrote:
    """Checks, before anything is done, that what is `written` is no folder, nor what is `read`, nor written twice.

    Returns what to say when a file has been written: that, or that it replaced the one that was there. Raises BadInput.
    """
    paths, came = [path for path in written if path is not None], [str(path) for path in read if path is not None]
    if came.count("-") > 1:
        raise BadInput("standard input is read once; it was asked for more than once")
    if sum(map(to_standard_output, paths)) > 1:
        raise BadInput("one output goes to standard output; more were sent there")
    files = [path for path in paths if not to_standard_output(path) and not stream(path)]
    for i, path in enumerate(files):
        if path.is_dir():
            raise BadInput(f"{str(path)!r} is a folder; wanted a file to write")
        check_apart(path, came)
        if any(_same(path, other) for other in files[:i]):
            raise BadInput(f"two outputs would be written to {str(path)!r}")
    there = {path for path in files if path.exists()}
    return lambda path: f"{'replaced' if path in there else 'wrote'} {path}"


def check_apart(path: Path, read: Iterable[str | Path | None]) -> None:
    """Raises BadInput where a file or a folder that would be written is one that is read."""
    for other in read:
        if other is not None and str(other) != "-" and _same(path, other):
            raise BadInput(f"{str(path)!r} is read, and would be written over; name another output")


def _same(one: str | Path, other: str | Path) -> bool:
    try:
        return Path(one).samefile(other)
    except OSError:  # one of them is not there
        return os.path.realpath(one) == os.path.realpath(other)


def to_standard_output(path: Path) -> bool:
    """Whether a path says where standard output goes."""
    return str(path) in STANDARD_OUTPUT


@contextmanager
def aside(*written: Path | None) -> Iterator[None]:
    """What is printed goes to standard error, where standard output is one of what is written."""
    if any(to_standard_output(path) for path in written if path is not None):
        with redirect_stdout(sys.stderr):
            yield
    else:
        yield
