"""`minent text score` from end to end: what it prints, and what it says of bad input."""

import json
import subprocess
import sys
from dataclasses import asdict

import pytest

from minent.cli import main
from minent.text.score.references import score

HYPOTHESES = ["今天天气很好", "", "他喜欢读书"]
REFERENCES = ["今天天气真好", "我们去公园", "他喜欢读书"]


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, lines in ("hyp.txt", HYPOTHESES), ("ref.txt", REFERENCES), ("ref2.txt", ["今天天气很好", "", ""]):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return tmp_path


def test_scores_are_a_table_with_the_signatures_below(files, capsys):
    main(["text", "score", "hyp.txt", "--reference", "ref.txt"])
    lines = capsys.readouterr().out.splitlines()
    scores = score(HYPOTHESES, REFERENCES)
    names = [
        "bleu", "chrf", "rouge_1", "rouge_2", "rouge_l", "rouge_1_once", "rouge_2_once", "rouge_l_once", "exact_match",
        "wrong_lines", "error_rate",
    ]  # fmt: skip
    assert [line[:16].rstrip() for line in lines[:11]] == [
        "BLEU", "chrF", "ROUGE-1", "ROUGE-2", "ROUGE-L", "ROUGE-1 once", "ROUGE-2 once", "ROUGE-L once", "exact match",
        "wrong lines", "character errors",
    ]  # fmt: skip
    assert [float(line[16:]) for line in lines[:11]] == [round(getattr(scores, name), 2) for name in names]
    assert float(lines[8][16:]) == 33.33
    assert lines[11:] == [
        "3 lines, ROUGE of characters; once: each n-gram once, as by the package rouge",
        f"BLEU {scores.bleu_signature}", f"chrF {scores.chrf_signature}",
    ]  # fmt: skip
    assert max(map(len, lines)) <= 80


def test_json_is_one_object_with_every_score(files, capsys):
    main(["text", "score", "hyp.txt", "--reference", "ref.txt", "--reference", "ref2.txt", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found == asdict(score(HYPOTHESES, [REFERENCES, ["今天天气很好", "", ""]]))
    assert found["exact_match"] == pytest.approx(200 / 3)
    assert found["bleu_signature"].startswith("nrefs:var|case:mixed|eff:no|tok:zh|")


def test_several_files_stand_side_by_side_with_how_often_chance_tells_them_apart(files, capsys):
    (files / "other.txt").write_text("\n".join(REFERENCES), encoding="utf-8")
    main(["text", "score", "hyp.txt", "other.txt", "--reference", "ref.txt"])
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[:2] == ["(1) hyp.txt", "(2) other.txt"]
    (bleu,) = (line.split() for line in lines if line.startswith("BLEU") and "|" not in line)
    assert float(bleu[1]) == round(score(HYPOTHESES, REFERENCES).bleu, 2) and float(bleu[2]) == 100
    assert 0 < float(bleu[3]) <= 1 and "paired bootstrap of 1,000 draws" in out
    main(["text", "score", "hyp.txt", "other.txt", "--reference", "ref.txt", "--json"])
    first, other = json.loads(capsys.readouterr().out)
    assert (first["file"], other["file"], first["p"]) == ("hyp.txt", "other.txt", {})
    assert other["error_rate"] == 0 and set(other["p"]) > {"bleu", "chrf", "rouge_l", "rouge_l_once", "error_rate"}


def test_the_language_may_be_said(files, capsys):
    main(["text", "score", "hyp.txt", "--reference", "ref.txt", "--language", "en"])
    out = capsys.readouterr().out
    assert "word errors       66.67" in out
    assert "|tok:13a|" in out


def test_standard_input_is_scored(files):
    command = [sys.executable, "-m", "minent", "text", "score", "-", "--reference", "ref.txt", "--json"]
    done = subprocess.run(command, input="\n".join(REFERENCES), capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0
    assert json.loads(done.stdout)["bleu"] == pytest.approx(100)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["none.txt", "--reference", "ref.txt"], "there is no file 'none.txt'"),
        (["hyp.txt", "--reference", "none.txt"], "there is no file 'none.txt'"),
        (["hyp.txt", "--reference", "short.txt"], "got 3 texts and 2 references"),
        (["empty.txt", "--reference", "empty.txt"], "there must be texts to score"),
        (["hyp.txt"], "--reference"),
        (["hyp.txt", "--reference", "ref.txt", "--language", "fr"], "fr"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_2(words, problem, files, capsys):
    (files / "short.txt").write_text("a\nb\n")
    (files / "empty.txt").write_text("")
    with pytest.raises(SystemExit) as stop:
        main(["text", "score", *words])
    assert stop.value.code == 2
    assert problem in capsys.readouterr().err


@pytest.mark.parametrize("package", ["sacrebleu", "rouge_score"])
def test_without_the_packages_the_extra_is_named(package, files):
    words = ["text", "score", "hyp.txt", "--reference", "ref.txt"]
    code = f"import sys; sys.modules['{package}'] = None; from minent.cli import main; main({words})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith('minent: pip install "minent[score]" to score texts')


@pytest.mark.parametrize("name, content", [("a.jsonl", '{"text": "a"}\n'), ("a.tsv", "a\tb\n"), ("a.csv", "a\n")])
def test_tables_are_no_texts_to_score(name, content, files, capsys):
    (files / name).write_text(content)
    with pytest.raises(SystemExit):
        main(["text", "score", "hyp.txt", "--reference", name])
    assert f"one text a line; '{name}' is a table" in capsys.readouterr().err
