"""--resume FOLDER: a run goes on from anywhere, with what it began with."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

from minent.cli import main
from minent.cli.kept_options import of_run, words_of

SMALL = ["--dim", "8", "--heads", "2", "--layers", "1", "--hidden", "8", "--tokenizer", "words", "--device", "cpu"]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A run that was begun in a folder of another name, with a path of its own and a pattern."""
    project = tmp_path / "项 目 [1]"
    (project / "数据").mkdir(parents=True)
    for i in range(2):
        rows = "".join(f"{'ab'[j % 2]}\tw{j % 7} w{j % 5}\n" for j in range(20))
        (project / "数据" / f"part-{i}.tsv").write_text(rows, encoding="utf-8")
    monkeypatch.chdir(project)
    words = ["--train", "数据/part-*.tsv", "--dev", "数据/part-0.tsv", "--out", "模 型", "--steps", "2"]
    main(["text", "train", "--task", "classify", *words, *SMALL])
    return project


def refused(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    return capsys.readouterr().err


def test_a_run_goes_on_from_anywhere_and_new_paths_are_where_they_are_given(project, monkeypatch, capsys):
    other = project.parent / "elsewhere"
    other.mkdir()
    monkeypatch.chdir(other)
    run = Path("..") / project.name / "模 型"
    main(["text", "train", "--resume", str(run), "--steps", "3"])
    main(["text", "train", f"--resume={run}/", "--steps", "4"])
    assert Path.cwd() == other
    (other / "dev.tsv").write_bytes((project / "数据" / "part-0.tsv").read_bytes())
    main(["text", "train", "--resume", str(run), "--steps", "5", "--dev", "dev.tsv"])
    told = json.loads((run / "options.json").read_text(encoding="utf-8"))["options"]
    assert told["dev"] == [str(other / "dev.tsv")] and told["steps"] == 5
    assert "there is no file '数据/part-0.tsv'" in refused(
        ["text", "train", "--resume", str(run), "--steps", "6", "--dev", "数据/part-0.tsv"], capsys
    )


def test_a_project_that_was_moved_goes_on_with_its_data_named(project, monkeypatch, capsys):
    moved = project.rename(project.parent / "moved")
    monkeypatch.chdir(moved)
    said = refused(["text", "train", "--resume", "模 型", "--steps", "3"], capsys)
    assert str(project.parent) in said and "数据/part-*.tsv" in said
    data = ["--train", "数据/part-*.tsv", "--dev", "数据/part-0.tsv"]
    main(["text", "train", "--resume", "模 型", "--steps", "3", *data])
    assert str(moved / "模 型") in capsys.readouterr().out


@pytest.mark.parametrize(("option", "value", "was"), [("dropout", "0.5", "0.1"), ("heads", "4", "2")])
def test_a_run_does_not_go_on_as_another_model(project, option, value, was, capsys):
    words = ["text", "train", "--resume", "模 型", "--steps", "3", f"--{option}", value]
    assert f"{option} was {was}; got {value}" in refused(words, capsys)
    assert len((project / "模 型" / "log.jsonl").read_text().splitlines()) == 2


def test_names_stay_names_whatever_lies_here(project):
    from minent.cli.kept_options import _write

    for name in ("words", "digits", "owner"):
        (project / name).mkdir()
    options = {"images": "digits", "tokenizer": "words", "init": "nobody/model", "distil": "owner", "train": ["-"]}
    _write("gan", project / "run", options)
    words = of_run(["gan", "train", "--resume", "run"])
    at = {word: words[i + 1] for i, word in enumerate(words) if word.startswith("--") and i + 1 < len(words)}
    assert words[2] == "digits" and at["--tokenizer"] == "words" and at["--init"] == "nobody/model"
    assert at["--distil"] == str(project / "owner") and at["--train"] == "-" and at["--out"] == str(project / "run")


def test_the_short_form_of_out_is_out(project):
    rest = [*of_run(["text", "train", "--resume", "模 型"])]
    assert "--out" in rest
    for short in (["-o", "模 型"], ["-o=模 型"], ["-o模 型"]):
        words = ["text", "train", *short, "--resume", "模 型"]
        assert of_run(words) == words
        assert "--out" not in words_of({"out": "other", "steps": 3}, words)
