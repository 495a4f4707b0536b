"""A disk that is full, at any byte: what was there stays, a sentence says so, and the next command leaves nothing over.

A limit on the size of files stands for the disk: what is written beyond it fails, as it does there.
"""

import contextlib
import gc
import os
import sys
from pathlib import Path

import pytest
from fuzz.lines import FILES, FOLDERS, left_over

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX's"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # of files that cannot be closed
]


@contextlib.contextmanager
def at_most(size):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    from fuzz.commands import made

    folder, here = tmp_path_factory.mktemp("full"), Path.cwd()
    os.chdir(folder)
    made(folder)
    yield folder
    os.chdir(here)


def said(words):
    from fuzz.commands import came

    what, told = came(words)
    return what, told


@pytest.mark.parametrize("line", FILES)
def test_an_output_is_the_old_one_or_the_new_one(line, place):
    out = place / line.split()[-1]
    assert said(line.split())[0] == "done"
    whole = out.read_bytes()
    for size in (0, len(whole) - 1):
        out.write_bytes(whole + b"old")
        with at_most(size):
            what, told = said(line.split())
        assert what in ("status 1", "refused"), (size, told)
        assert "mistake" not in told and "Traceback" not in told and told.startswith("minent: "), told
        assert out.read_bytes() == whole + b"old"
    gc.collect()  # files that could not be closed complain here, and not in a test to come
    assert said(line.split())[0] == "done" and len(out.read_bytes()) > len(whole) / 2
    assert left_over(place) == []
    out.unlink()


@pytest.mark.parametrize("line", FOLDERS)
def test_a_run_that_found_the_disk_full_goes_on(line, place):
    import shutil

    new = place / "new"
    what, told = said(line.split())
    assert what == "done", told
    sizes = sorted({path.stat().st_size for path in new.rglob("*") if path.is_file()})
    shutil.rmtree(new)
    for size in {sizes[len(sizes) // 2], sizes[-1] - 1}:
        with at_most(size):
            what, told = said(line.split())
        assert what in ("status 1", "refused"), (size, told)
        assert "mistake" not in told and "Traceback" not in told and told.startswith("minent: "), told
        again = (
            [*line.split(), "--resume"] if " train " in line and list(new.glob("checkpoints/step-*")) else line.split()
        )
        what, told = said(again)
        assert what == "done", told
        assert left_over(place) == []
        shutil.rmtree(new)
    gc.collect()
