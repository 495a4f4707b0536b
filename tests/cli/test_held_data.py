"""A run whose texts lie on disk takes the steps of one whose texts are in memory, also shared, killed and resumed."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from minent.cli import main
from minent.cli.text.held_data import FOLDER
from minent.data import read_labelled, read_pairs
from minent.nn.shape import Shape
from minent.text import new_classifier, new_masked_lm, new_seq2seq, train_classifier, train_masked_lm, train_seq2seq
from minent.text.options import Reading, Writing
from minent.training.recipe import Recipe
from minent.training.weights import read

SIZE = {"dim": 8, "heads": 2, "layers": 1, "hidden": 8}
SMALL = [word for name, value in SIZE.items() for word in (f"--{name}", str(value))]
SMALL += ["--vocabulary", "300", "--tokens", "128", "--device", "cpu", "--evaluate-every", "3"]


@pytest.fixture
def data(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    words = ["ab", "cde", "f", "道可", "g h"]
    rows = ["\t".join(" ".join(random.choice(words, n)) for n in pair) for pair in random.integers(1, 12, (200, 2))]
    (tmp_path / "pairs.tsv").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "dev.tsv").write_text("\n".join(rows[:20]), encoding="utf-8")
    labels = [f"{'xy'[i % 2]}\t{row.split(chr(9))[0]}" for i, row in enumerate(rows)]
    (tmp_path / "labels.tsv").write_text("\n".join(labels), encoding="utf-8")
    (tmp_path / "texts.txt").write_text("\n".join(row.split("\t")[1] for row in rows), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def trained(task, out, steps, *more):
    file = {"seq2seq": "pairs.tsv", "classify": "labels.tsv", "masked-lm": "texts.txt"}[task]
    words = ["text", "train", "--task", task, "--train", file, "--dev", file, "--out", str(out), *SMALL]
    main([*words, "--steps", str(steps), *more])


def same(one, other):
    one, other = (read(Path(folder) / "model.safetensors") for folder in (one, other))
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("task", ["seq2seq", "classify", "masked-lm"])
def test_weights_are_those_of_texts_in_memory(task, data, caplog):
    trained(task, "disk", 6)
    assert not Path("disk", FOLDER).exists()
    shape, reading, recipe = Shape(**SIZE), Reading(vocabulary=300, tokens=128), Recipe(steps=6, evaluate_every=3)
    if task == "seq2seq":
        pairs = read_pairs("pairs.tsv")
        model = new_seq2seq(pairs, shape, reading, Writing(), 1)
        records = train_seq2seq(model, pairs, pairs, recipe, tokens=128, folder="memory")
    else:
        texts = read_labelled(*(["labels.tsv"] if task == "classify" else ["texts.txt"]))
        if task == "classify":
            model = new_classifier(texts, shape, reading, 1)
            records = train_classifier(model, texts, texts, recipe, tokens=128, folder="memory")
        else:
            model = new_masked_lm(texts.texts, shape, reading, 1)
            records = train_masked_lm(model, texts.texts, texts.texts, recipe, tokens=128, folder="memory")
    assert len(list(records)) == 6
    assert same("disk", "memory")


def test_what_is_cut_is_told_and_trains_alike(data):
    trained("seq2seq", "disk", 4, "--longest", "5", "--longest-target", "4")
    pairs = read_pairs("pairs.tsv")
    shape = Shape(**SIZE, longest=5, longest_target=4)
    model = new_seq2seq(pairs, shape, Reading(vocabulary=300, tokens=128), Writing(), 1)
    recipe = Recipe(steps=4, evaluate_every=3)
    list(train_seq2seq(model, pairs, pairs, recipe, tokens=128, folder="memory"))
    logs = [Path(folder, "log.jsonl").read_text().splitlines()[0].split('"cut"')[1] for folder in ("disk", "memory")]
    assert logs[0] == logs[1]
    assert same("disk", "memory")


def test_a_killed_run_finds_its_texts_and_ends_as_if_it_had_not_been(data, monkeypatch):
    trained("seq2seq", "whole", 6)
    code = (
        "import os, signal, minent.training.step as s; real = s.saved\n"
        "s.saved = lambda run: (real(run), os.kill(os.getpid(), signal.SIGKILL))\n"
        "from minent.cli import main; import sys; main(sys.argv[1:])"
    )
    words = ["text", "train", "--task", "seq2seq", "--train", "pairs.tsv", "--dev", "pairs.tsv", "--out", "killed"]
    killed = subprocess.run([sys.executable, "-c", code, *words, *SMALL, "--steps", "6"], capture_output=True)
    assert killed.returncode == -9
    kept = sorted(one.name for one in Path("killed", FOLDER).iterdir() if one.is_dir())
    assert len(kept) > 2
    with monkeypatch.context() as patched:
        patched.setattr("minent.data.tables.table.rows_of", None)  # no row is read
        patched.setattr("minent.text.token_ids._encoded", None)  # no text tokenized
        patched.setattr("minent.text.writing.judging.can_score", lambda: False)
        patched.setattr("minent.text.tokenizer.train_tokenizer", None)  # nor one trained
        main(["text", "train", "--resume", "killed"])
    assert same("whole", "killed") and not Path("killed", FOLDER).exists()


def test_other_data_under_the_name_of_those_that_a_killed_run_had_is_refused(data, capsys):
    trained("seq2seq", "run", 3)
    lines = Path("pairs.tsv").read_text(encoding="utf-8").split("\n")
    Path("pairs.tsv").write_text("\n".join([lines[1], lines[0], *lines[2:]]), encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["text", "train", "--resume", "run", "--steps", "6"])
    assert "data are others" in capsys.readouterr().err


def test_what_lies_there_and_is_not_of_the_run_stays(data):
    own = Path("run", FOLDER, "own.tsv")
    own.parent.mkdir(parents=True)
    own.write_text("x\ty\n", encoding="utf-8")
    trained("classify", "run", 3)
    assert [one.name for one in own.parent.iterdir()] == ["own.tsv"]


def test_bad_data_leave_no_folder(data, capsys):
    Path("labels.tsv").write_text("x\ta\nx\tb\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        trained("classify", "out", 3)
    assert "labels apart" in capsys.readouterr().err and not Path("out").exists()


def test_two_processes_share_what_one_read(data):
    out = data / "two"
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "minent"]
    words = ["text", "train", "--task", "seq2seq", "--train", "pairs.tsv", "--dev", "pairs.tsv", "--out", str(out)]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([*launch, *words, *SMALL, "--steps", "4"], check=True, capture_output=True, env=env)
    assert not (out / FOLDER).exists()
    trained("seq2seq", "one", 4, "--accumulate", "2")
    two, one = (read(folder / "model.safetensors") for folder in (out, Path("one")))
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=1e-4, atol=1e-5)
