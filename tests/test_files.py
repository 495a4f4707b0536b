"""Files are whole or not there, models all new or all old, wherever a process is killed; folders are one run's."""

import multiprocessing
import os
import stat
import sys

import pytest
import torch
from torch import nn

from minent.errors import BadInput
from minent.files import HALF, held, whole_file, whole_folder, write_text
from minent.nn.shape import Shape
from minent.text.writing.seq2seq import Seq2Seq
from minent.training.loop import fit
from minent.training.recipe import Recipe
from minent.training.saved import Saved

EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate"}
forked = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked process")


def killed(work, after):
    """Whether `work`, in a process of its own, was killed before its file event numbered `after`."""
    child = os.fork()
    if not child:
        left = after

        def count(event, arguments):
            nonlocal left
            if event in EVENTS:
                left -= 1
                if left < 0:
                    os._exit(9)

        sys.addaudithook(count)
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def left_over(folder):
    return [path for path in folder.rglob("*") if path.name.startswith(".minent")]


class Line(Saved):
    def __init__(self, width: int = 2):
        super().__init__()
        self.layer = nn.Linear(width, 1)


@forked
def test_a_model_that_is_saved_again_is_the_old_or_the_new_one_whenever_the_process_is_killed(tmp_path):
    old, new = Line(3), Line(4)
    ways, after = set(), 0
    while True:
        folder = tmp_path / str(after)
        old.save_pretrained(folder)
        (folder / "README.md").write_text("mine")
        if not killed(lambda folder=folder: new.save_pretrained(folder), after):
            break
        found = Line.from_pretrained(folder)
        ways.add(found.layer.in_features)
        wanted = {3: old, 4: new}[found.layer.in_features]
        assert torch.equal(found.layer.weight, wanted.layer.weight)
        assert (folder / "README.md").read_text() == "mine"
        with pytest.MonkeyPatch.context() as patch:  # as another process would
            patch.setattr("minent.files.tidy", __import__("minent.files").files.tidy.__wrapped__)
            old.save_pretrained(folder)
        assert left_over(folder) == []
        after += 1
    assert after > 15 and ways == {3, 4}


@forked
def test_a_file_is_the_old_or_the_new_one_and_leftovers_are_cleared_away(tmp_path, monkeypatch):
    path, ways = tmp_path / ("a" * 240 + ".txt"), set()
    for after in range(100):
        write_text(path, "old")
        if not killed(lambda: write_text(path, "new"), after):
            break
        ways.add(path.read_text())
    assert ways == {"old", "new"} or ways == {"old"}
    assert path.read_text() == "new" and left_over(tmp_path)
    monkeypatch.setattr("minent.files.tidy", __import__("minent.files").files.tidy.__wrapped__)
    alive = tmp_path / f"{HALF}{os.getppid()}-0"  # of a process that still writes it
    alive.touch()
    write_text(path, "newer")
    assert left_over(tmp_path) == [alive]


def test_who_may_read_a_file_stays(tmp_path):
    path = tmp_path / "secret.txt"
    write_text(path, "old")
    common = stat.S_IMODE(path.stat().st_mode)
    path.chmod(0o600)
    write_text(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and path.read_text() == "new"
    write_text(tmp_path / "other.txt", "")
    (tmp_path / "plain").touch()
    assert (
        stat.S_IMODE((tmp_path / "other.txt").stat().st_mode)
        == common
        == stat.S_IMODE((tmp_path / "plain").stat().st_mode)
    )


def test_a_folder_that_fails_stays_as_it_was(tmp_path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(ZeroDivisionError), whole_folder(tmp_path) as half:
        (half / "a").write_text("new")
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["a"] and (tmp_path / "a").read_text() == "old"
    with pytest.raises(ZeroDivisionError), whole_file(tmp_path / "a") as half:
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def hold(folder, told, go_on):
    with held(folder):
        told.set()
        go_on.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows locks no folders")
def test_two_runs_never_write_to_one_folder(tmp_path):
    class Points:
        def epoch(self, number):
            yield {"x": torch.ones(4, 2).numpy()}

        def __len__(self):
            return 1

    def run(folder):
        model = nn.Linear(2, 1)
        return list(fit(model, lambda m, b: (m(b["x"]).square().sum(), 4), Points(), Recipe(steps=2), folder=folder))

    context = multiprocessing.get_context("spawn")
    told, go_on = context.Event(), context.Event()
    other = context.Process(target=hold, args=(tmp_path, told, go_on))
    other.start()
    assert told.wait(60)
    with pytest.raises(BadInput, match="is being written to by another run"):
        run(tmp_path)
    go_on.set()
    other.join()
    assert len(run(tmp_path)) == 2
    with pytest.raises(BadInput, match="holds a run already: resume it"):
        run(tmp_path)
    Line().save_pretrained(tmp_path / "model")
    with pytest.raises(BadInput, match=r"holds a model already \(model.safetensors\) and no run of it"):
        run(tmp_path / "model")


def test_a_config_that_asks_for_a_huge_model_is_refused_before_it_is_built(tmp_path):
    Seq2Seq(30, Shape(dim=16, heads=2, layers=2, hidden=32)).save_pretrained(tmp_path)
    file = tmp_path / "config.json"
    said = file.read_text()
    for small, huge in (('"hidden": 32', '"hidden": 1000000000'), ('"vocabulary": 30', '"vocabulary": 3000000000000')):
        assert small in said
        file.write_text(said.replace(small, huge))
        with pytest.raises(BadInput, match=r"config\.json asks for more weights than model.safetensors holds"):
            Seq2Seq.from_pretrained(tmp_path)
    file.write_text("[" * 100_000)
    with pytest.raises(BadInput, match=r"config\.json' is not whole"):
        Seq2Seq.from_pretrained(tmp_path)
