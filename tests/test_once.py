import errno
from pathlib import Path

import pytest

from minent.once import once


def test_what_is_there_stays_and_what_is_not_is_made_whole(tmp_path):
    assert once(tmp_path / "a", lambda half: (half / "x").write_text("1")) == tmp_path / "a"
    once(tmp_path / "a", lambda half: (half / "x").write_text("2"))
    assert (tmp_path / "a" / "x").read_text() == "1"


def test_a_disk_that_is_full_at_the_last_is_told_and_nothing_is_left(tmp_path, monkeypatch):
    def full(self, target):
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="No space left"):
        once(tmp_path / "a", lambda half: (half / "x").write_text("1"))
    assert [path.name for path in tmp_path.iterdir()] in ([], [".making"])


def test_where_another_was_sooner_theirs_is_taken(tmp_path):
    def make(half):
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "x").write_text("theirs")
        (half / "x").write_text("ours")

    once(tmp_path / "a", make)
    assert (tmp_path / "a" / "x").read_text() == "theirs"
