"""`minent text train --task masked-lm` and `minent text sample` from end to end."""

import json
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
import torch
from text.gibbs.small_models import bert, hub_tokenizer

from minent.cli import main
from minent.text.gibbs import Gibbs
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
        (["--model", "MODEL", "--length", "5", "-o", "a.csv"], "--out must end with"),
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


def test_many_lines_are_drawn_as_they_end_and_a_run_that_was_stopped_goes_on(model, tmp_path, capsys, monkeypatch):
    lines, whole, part = tmp_path / "lines.txt", tmp_path / "whole.jsonl", tmp_path / "part.jsonl"
    lines.write_text("春____\n\n花__知_\n夜来风雨声\n", encoding="utf-8")
    words = ["--model", str(model), "--from", str(lines), "--chains", "40", "--schedule", "once", "--best-of", "2"]
    main(["text", "sample", *words, "-o", str(whole), "--start", "masks"])
    rows = [json.loads(line) for line in whole.read_text(encoding="utf-8").splitlines()]
    assert [row["line"] for row in rows] == [1] * 40 + [3] * 40 + [4] * 40
    assert all(row["text"].startswith("春") for row in rows[:40]) and all(row["text"][3] == "知" for row in rows[40:80])
    assert {row["chain"] for row in rows} == set(range(40))
    part.write_text("".join(whole.read_text(encoding="utf-8").splitlines(keepends=True)[:40]) + '{"line": 3, "te')
    main(["text", "sample", *words, "-o", str(part), "--start", "masks", "--resume"])
    assert part.read_text(encoding="utf-8") == whole.read_text(encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["text", "sample", *words, "-o", str(tmp_path / "a.txt")])
    assert "go to a .jsonl" in capsys.readouterr().err


def test_what_was_drawn_before_an_interruption_is_written(model, tmp_path, capsys, monkeypatch):
    before = Gibbs.sweeps

    def stopped(self):
        for state in before(self):
            if state.sweep == 2:
                raise KeyboardInterrupt
            yield state

    monkeypatch.setattr(Gibbs, "sweeps", stopped)
    file = tmp_path / "samples.jsonl"
    with pytest.raises(SystemExit) as stop:
        main(["text", "sample", "--model", str(model), "--length", "5", "--chains", "3", "-o", str(file)])
    assert stop.value.code == 130
    assert [json.loads(line)["sweep"] for line in file.read_text(encoding="utf-8").splitlines()] == [1] * 3
    assert "stopped after sweep 1 of 100" in capsys.readouterr().err


def test_the_documented_edit_starts_from_its_words_and_masks(model, capsys):
    words = ["--edit", "--keep", "春", "--keep", "鸟", "--length", "5..12", "--anneal", "0.3", "--sweeps", "3"]
    main(["text", "sample", "--model", str(model), *words, "--chains", "4"])
    for text in capsys.readouterr().out.splitlines()[:4]:
        assert "鸟" in text[text.index("春") :]


def test_likelihoods_and_gaps_are_tables(model, tmp_path, capsys):
    texts = tmp_path / "texts.txt"
    texts.write_text("春眠不觉晓\n花落知多少\n", encoding="utf-8")
    main(["text", "likelihood", str(texts), "--model", str(model)])
    head, *rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert head == ["line", "tokens", "log_p", "mean_log_p", "perplexity", "text"]
    assert [(row[0], row[1], row[-1]) for row in rows] == [("1", "5", "春眠不觉晓"), ("2", "5", "花落知多少")]
    assert float(rows[0][2]) == pytest.approx(5 * float(rows[0][3]), abs=1e-3)
    main(["text", "likelihood", str(texts), "--model", str(model), "--words"])
    words = [line.split("\t") for line in capsys.readouterr().out.splitlines()][1:]
    assert [row[-1] for row in words] == list("春眠不觉晓花落知多少")
    assert sum(float(row[3]) for row in words[:5]) == pytest.approx(float(rows[0][2]), abs=1e-3)
    texts.write_text("春__觉晓\n", encoding="utf-8")
    main(["text", "likelihood", str(texts), "--model", str(model), "--gaps", "3"])
    gaps = [line.split("\t") for line in capsys.readouterr().out.splitlines()][1:]
    assert [row[1] for row in gaps] == list("111222")
    table = tmp_path / "texts.csv"
    table.write_text('said,n\n"春眠不觉晓",1\n花落知多少,3\n', encoding="utf-8")
    main(["text", "likelihood", str(table), "--text", "said", "--model", str(model)])
    again = [line.split("\t") for line in capsys.readouterr().out.splitlines()][1:]
    assert [(row[0], row[2], row[-1]) for row in again] == [("1", *rows[0][2::3]), ("2", *rows[1][2::3])]
    with pytest.raises(SystemExit):
        main(["text", "likelihood", str(table), "--model", str(model)])
    assert "say which is the text (--text)" in capsys.readouterr().err


def test_a_line_that_cannot_be_sampled_is_told_before_any_is(model, tmp_path, capsys):
    lines, file = tmp_path / "lines.jsonl", tmp_path / "out.jsonl"
    lines.write_text('{"text": "春_觉_"}\n\n{"text": "' + "春_" * 40 + '"}\n', encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["text", "sample", "--model", str(model), "--from", str(lines), "--chains", "1", "-o", str(file)])
    assert "got 80 in row 2" in capsys.readouterr().err and not file.exists()


def test_a_model_of_transformers_and_one_of_minents_are_trained_further(model, corpus, tmp_path, capsys):
    bert().save_pretrained(tmp_path / "bert")
    hub_tokenizer().save_pretrained(tmp_path / "bert")
    for start in (tmp_path / "bert", model):
        out = tmp_path / f"more-{start.name}"
        words = ["--train", str(corpus), "--out", str(out), "--steps", "4", "--warmup", "1", "--tokens", "200"]
        main(["text", "train", "--task", "masked-lm", "--init", str(start), *words, "--masked", "0"])
        main(["text", "sample", "--model", str(out), "--keep", "春_", "--schedule", "once", "--chains", "2"])
    words = ["--train", str(corpus), "--out", str(tmp_path / "x"), "--init", str(model), "--dim", "8"]
    with pytest.raises(SystemExit):
        main(["text", "train", "--task", "masked-lm", *words])
    assert "keeps its shape and tokenizer" in capsys.readouterr().err
