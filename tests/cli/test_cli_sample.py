"""`minent text train --task masked-lm` and `minent text sample` from end to end."""

import json
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
import torch

from minent.cli import main
from minent.text.masked.model import MaskedLM

SHAPE = {"dim": 16, "heads": 2, "layers": 1, "hidden": 32, "longest": 24, "tokenizer": "characters", "vocabulary": 320}
SMALL = [word for name, value in SHAPE.items() for word in (f"--{name}", str(value))]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "poems.txt"
    path.write_text("春眠不觉晓\n处处闻啼鸟\n夜来风雨声\n花落知多少\n" * 10, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def model(corpus):
    folder = corpus.parent / "model"
    words = ["--train", str(corpus), "--out", str(folder), "--steps", "20", "--learning-rate", "0.01", "--masked", "0"]
    main(["text", "train", "--task", "masked-lm", *words, *SMALL, "--tokens", "200"])
    return folder


def test_a_model_is_trained_and_sampled(model, corpus, tmp_path, capsys):
    assert json.loads((model / "config.json").read_text())["model_type"] == "roberta-prelayernorm"
    assert MaskedLM.from_pretrained(model).tokenizer is not None
    file = tmp_path / "samples.parquet"
    words = ["--keep", "春__，__人", "--chains", "3", "--sweeps", "8", "--burn-in", "4", "--thin", "2"]
    main(["text", "sample", "--model", str(model), *words, "--corpus", str(corpus), "-o", str(file)])
    out = capsys.readouterr().out.splitlines()
    assert all(text.startswith("春") for text in out[:3])
    names = {line[:22].strip() for line in out[4:]}
    assert {"accepted", "R-hat", "effective sample size", "distinct-2", "self-BLEU", "pseudo-perplexity"} <= names
    assert {"BLEU against corpus", "logits"} <= names
    table = pq.read_table(file)
    assert table.column_names == ["chain", "sweep", "score", "text"]
    assert table.column("sweep").to_pylist() == [6] * 3 + [8] * 3
    assert table.column("text").to_pylist()[3:] == out[:3]
    assert out[-1] == f"wrote {file}: 6 texts"


@pytest.mark.parametrize("kind", ["txt", "jsonl"])
def test_samples_are_written_as_lines(model, kind, tmp_path, capsys):
    file = tmp_path / f"samples.{kind}"
    words = ["--seed-text", "夜来风雨声", "--keep", "风雨", "--chains", "4", "--sweeps", "2", "--correct", "raw"]
    main(["text", "sample", "--model", str(model), *words, "-o", str(file)])
    lines = file.read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines] if kind == "jsonl" else lines
    assert len(texts) == 4
    assert capsys.readouterr().out.splitlines()[:4] == texts
    assert all(text[2:4] == "风雨" for text in texts)


def test_texts_are_edited(model, capsys):
    words = ["--edit", "--keep", "春", "--keep", "鸟", "--length", "2..9", "--chains", "4", "--sweeps", "5"]
    main(["text", "sample", "--model", str(model), *words, "--anneal", "0.5"])
    for text in capsys.readouterr().out.splitlines()[:4]:
        assert "鸟" in text[text.index("春") :]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--model", "none/at/all/"], "none/at/all"),
        (["--model", "MODEL"], "a text starts from"),
        (["--model", "MODEL", "--length", "5", "-o", "a.csv"], "output must end with"),
        (["--model", "MODEL", "--length", "500"], "at most 22 tokens"),
        (["--model", "MODEL", "--length", "5", "--schedule", "all"], "schedule"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_2(words, problem, model, monkeypatch, capsys):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(SystemExit) as stop:
        main(["text", "sample", *(str(model) if word == "MODEL" else word for word in words)])
    assert stop.value.code == 2
    assert problem in capsys.readouterr().err


def test_without_torch_the_extra_is_named():
    code = (
        "import sys; sys.modules['torch'] = None; from minent.cli import main; main(['text', 'sample', '--model', 'm'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert 'pip install "minent[torch]" to sample texts' in done.stderr
    assert torch.__version__
