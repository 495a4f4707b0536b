"""Every command that asks a model says where, and in which numbers; a device that is not there is one sentence."""

import numpy as np
import pytest

from minent.cli import main

SMALL = ["--dim", "16", "--heads", "2", "--layers", "1", "--hidden", "16", "--steps", "2", "--tokenizer", "words"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A model of each kind, and what it reads."""
    folder = tmp_path_factory.mktemp("devices")
    texts = [f"word{i % 7} word{i % 5}" for i in range(40)]
    (folder / "texts.txt").write_text("\n".join(texts))
    (folder / "pairs.tsv").write_text("".join(f"{one}\t{one}\n" for one in texts))
    (folder / "labels.tsv").write_text("".join(f"{'ab'[i % 2]}\t{one}\n" for i, one in enumerate(texts)))
    np.save(folder / "images.npy", np.random.default_rng(0).integers(0, 256, (60, 8, 8)).astype(np.uint8))
    for task, file in (("classify", "labels.tsv"), ("seq2seq", "pairs.tsv"), ("masked-lm", "texts.txt")):
        words = ["--train", str(folder / file), "--out", str(folder / task), "--device", "cpu", "--precision", "bf16"]
        main(["text", "train", "--task", task, *words, *SMALL, *["--record", "1"] * (task == "classify")])
    words = ["--width", "4", "--latent", "4", "--batch", "16", "--steps", "2", "--device", "cpu", "--precision", "bf16"]
    main(["gan", "train", str(folder / "images.npy"), "--out", str(folder / "gan"), *words])
    return folder


COMMANDS = {
    "write": "text write {0}/texts.txt --model {0}/seq2seq -o {1}/written.txt --longest 5",
    "classify": "text classify {0}/texts.txt --model {0}/classify -o {1}/said.tsv",
    "exposure": "text exposure --model {0}/seq2seq --data {0}/pairs.tsv -o {1}/table.csv",
    "sample": "text sample --model {0}/masked-lm --length 3 --sweeps 2 -o {1}/drawn.txt",
    "likelihood": "text likelihood {0}/texts.txt --model {0}/masked-lm -o {1}/likely.tsv",
    "draw": "gan draw --model {0}/gan -n 4 -o {1}/drawn.npy",
    "score": "gan score --model {0}/gan --data {0}/images.npy",
    "explain": "attribution explain {0}/classify --data {0}/labels.tsv -o {1}/because.html",
    "mislabels": "attribution mislabels {0}/classify -o {1}/all.csv",
    "groups": "attribution groups {0}/classify -o {1}/groups.tree",
    "train": "text train --task classify --train {0}/labels.tsv --out {1}/again --steps 1 --dim 16 --heads 2",
    "gan train": "gan train {0}/images.npy --out {1}/again --steps 1 --width 4 --batch 16",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_device_that_is_not_there_is_one_sentence_and_nothing_is_written(command, made, tmp_path, capsys):
    words = COMMANDS[command].format(made, tmp_path).split()
    with pytest.raises(SystemExit) as status:
        main([*words, "--device", "cuda:99"])
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert status.value.code == 2 and "finds" in told and "cuda:99" in told
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("precision", ["bf16", "fp16", "tf32"])
@pytest.mark.parametrize("command", ["write", "classify", "exposure", "draw", "score"])
def test_models_are_asked_in_other_numbers(command, precision, made, tmp_path, capsys):
    words = COMMANDS[command].format(made, tmp_path).split()
    main([*words, "--device", "cpu", "--precision", precision])
    assert command == "score" or [path for path in tmp_path.iterdir() if path.stat().st_size]


def test_fewer_bits_change_what_is_said_a_little(made, tmp_path):
    said = {}
    for precision in ("fp32", "bf16"):
        words = COMMANDS["classify"].format(made, tmp_path).split()
        main([*words, "--device", "cpu", "--precision", precision])
        lines = (tmp_path / "said.tsv").read_text().splitlines()
        said[precision] = np.array([float(line.split("\t")[1]) for line in lines])
    assert 0 < abs(said["fp32"] - said["bf16"]).max() < 0.02


def test_an_explanation_is_computed_where_it_is_asked_for(made, tmp_path, monkeypatch):
    from torch import nn

    from minent.attribution.walk import passes

    went, to, moved = [], nn.Module.to, passes.moved
    monkeypatch.setattr(nn.Module, "to", lambda self, *a, **k: (went.append(a), to(self, *a, **k))[1])
    monkeypatch.setattr(passes, "moved", lambda inputs, device: (went.append((device,)), moved(inputs, device))[1])
    main([*COMMANDS["explain"].format(made, tmp_path).split(), "--device", "cpu", "--first", "2", "--anyway"])
    assert [str(one[0]) for one in went[:2]] == ["cpu", "cpu"]  # the model, then what is asked of it
    assert (tmp_path / "because.html").exists()


def test_threads_are_those_that_are_said_or_as_many_as_have_work(monkeypatch, capsys):
    import torch

    from minent.cli.computing import SHARE, compute_on

    took = []
    monkeypatch.setattr(torch, "set_num_threads", took.append)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    for threads, work in ((3, 0.0), (0, SHARE / 2), (0, 3.5 * SHARE), (0, float("inf"))):
        compute_on(threads, work)
    assert took == [3, 1, 3, 8]
    monkeypatch.setenv("OMP_NUM_THREADS", "2")  # torch took it when it was loaded
    compute_on(0, SHARE)
    compute_on(5, SHARE)
    assert took == [3, 1, 3, 8, 5]
    for command in ("text train --task classify --train x.tsv", "gan train digits"):
        with pytest.raises(SystemExit) as status:
            main([*command.split(), "--out", "nothing", "--threads", "-1"])
        assert status.value.code == 2 and "threads must be from 1 to" in capsys.readouterr().err
