"""Some of the campaign of changed files, in every run of the tests; `make fuzz` is longer."""

import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="hangs are found by signals of POSIX")


@pytest.mark.parametrize("seed", range(4))
def test_changed_files_are_read_or_refused_by_name(seed):
    from fuzz.campaign import campaign

    counts, bad = campaign(700, 60, seed=seed + 100)
    assert bad == []
    assert counts["read"] > 20 and counts["refused"] > 100
