"""`minent text train --task seq2seq` and `minent text write` from end to end."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

from minent.cli import main

SHAPE = {"dim": 32, "heads": 2, "layers": 1, "hidden": 64, "longest": 20, "tokenizer": "words", "vocabulary": 20}
SMALL = [word for name, value in SHAPE.items() for word in (f"--{name}", str(value))]
RUN = [
    "--steps",
    "600",
    "--learning-rate",
    "0.005",
    "--warmup",
    "10",
    "--tokens",
    "600",
    "--smoothing",
    "0",
    "--evaluate-every",
    "300",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pairs to be written twice, 3 7 → 3 3 7 7, as a table and as two files, and a model from both ends."""
    folder, random = tmp_path_factory.mktemp("pairs"), np.random.default_rng(0)
    numbers = [random.integers(0, 10, random.integers(2, 5)).tolist() for _ in range(400)]
    sources = [" ".join(map(str, one)) for one in numbers]
    targets = [" ".join(f"{digit} {digit}" for digit in one) for one in numbers]
    table = "".join(f"{a}\t{b}\n" for a, b in zip(sources, targets, strict=True))
    for name, text in (("pairs.tsv", table), ("a.txt", "\n".join(sources)), ("b.txt", "\n".join(targets))):
        (folder / name).write_text(text)
    words = ["--train", str(folder / "pairs.tsv"), "--out", str(folder / "model"), "--decoder", "bidirectional"]
    main(["text", "train", "--task", "seq2seq", *words, "--two-pass", "0.1", *SMALL, *RUN])
    return folder


def test_it_writes_a_line_for_each_line(folder, capsys):
    (folder / "in.txt").write_text("1 2\n\n3 4 5\n")
    main(["text", "write", str(folder / "in.txt"), "--model", str(folder / "model")])
    lines = capsys.readouterr().out.split("\n")
    assert len(lines) == 4 and lines[3] == ""
    assert lines[0] == "1 1 2 2"
    main(["text", "write", str(folder / "in.txt"), "--model", str(folder / "model"), "-o", str(folder / "out.txt")])
    assert (folder / "out.txt").read_text().split("\n") == lines


def test_several_texts_come_with_their_scores(folder, capsys):
    (folder / "in.txt").write_text("1 2\n3 4 5\n")
    words = ["text", "write", str(folder / "in.txt"), "--model", str(folder / "model"), "--n-best", "2", "--beam", "3"]
    main(words)
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == ["1", "1", "2", "2"]
    assert float(rows[0][1]) >= float(rows[1][1])
    main([*words, "--temperature", "2", "--seed", "5"])
    assert [line.split("\t") for line in capsys.readouterr().out.splitlines()] != rows


def test_standard_input_is_written_for(folder):
    command = [sys.executable, "-m", "minent", "text", "write", "--model", str(folder / "model")]
    done = subprocess.run(command, input="1 2\n", capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("1 1 2 2\n", 0)


def test_an_answer_comes_before_the_next_line(folder):
    command = [sys.executable, "-m", "minent", "text", "write", "--model", str(folder / "model")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None and writer.stdout is not None
        for asked, answer in (("1 2", "1 1 2 2"), ("7 8 9", "7 7 8 8 9 9")):
            writer.stdin.write(f"{asked}\n")
            writer.stdin.flush()
            assert writer.stdout.readline() == f"{answer}\n"
        writer.stdin.write("5 6")  # no newline at the end
        writer.stdin.close()
        assert writer.stdout.read() == "5 5 6 6\n"


def test_what_is_drawn_for_a_line_does_not_depend_on_when_it_comes(folder):
    words = ["--model", str(folder / "model"), "--temperature", "4", "--beam", "1"]
    command = [sys.executable, "-m", "minent", "text", "write", *words]
    together = subprocess.run(command, input="1 2\n" * 4, capture_output=True, text=True).stdout.splitlines()
    assert len(set(together)) > 1
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None and writer.stdout is not None
        for answer in together:
            writer.stdin.write("1 2\n")
            writer.stdin.flush()
            assert writer.stdout.readline() == f"{answer}\n"
        writer.stdin.close()


def test_two_files_are_pairs_too(folder, capsys):
    words = ["--train", str(folder / "a.txt"), "--train-target", str(folder / "b.txt"), "--out", str(folder / "other")]
    main(["text", "train", "--task", "seq2seq", *words, *SMALL, "--steps", "2", "--tokens", "600"])
    assert "360 pairs to learn from, 40 to judge by; left-to-right" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["train", "--task", "seq2seq", "--train", "PAIRS", "--out", "m", "--two-pass", "0.1"], "two_pass"),
        (
            ["train", "--task", "classify", "--train", "PAIRS", "--train-target", "x", "--out", "m"],
            "targets are for seq2seq",
        ),
        (["write", "PAIRS", "--model", "MODEL", "--n-best", "9"], "n_best must be from 1 to the beam of 4; got 9"),
        (["write", "no.txt", "--model", "MODEL"], "no.txt"),
        (["classify", "PAIRS", "--model", "MODEL"], "with a Seq2Seq"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_2(words, problem, folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {"PAIRS": str(folder / "pairs.tsv"), "MODEL": str(folder / "model")}
    with pytest.raises(SystemExit) as stop:
        main(["text", *(names.get(word, word) for word in words)])
    assert stop.value.code == 2
    assert problem in capsys.readouterr().err


def test_exposure_is_measured_drawn_and_written(folder, capsys):
    words = ["text", "exposure", "--model", str(folder / "model"), "--data", str(folder / "pairs.tsv")]
    main([*words, "-o", str(folder / "exposure.csv")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("by position in the text") and lines[1].split()[:3] == ["history", "all", "1"]
    assert [line.split()[0] for line in lines[2:7]] == ["gold", "10", "30", "50", "own"]
    assert max(map(len, lines)) <= 80
    table = (folder / "exposure.csv").read_text().splitlines()
    assert table[0] == "history,position,right,tokens,accuracy" and len(table) > 40
    main([*words, "-o", str(folder / "exposure.png")])
    assert (folder / "exposure.png").read_bytes()[1:4] == b"PNG"
    with pytest.raises(SystemExit) as stopped:
        main([*words, "-o", str(folder / "exposure.txt")])
    assert stopped.value.code == 2
    assert "must end with .png, .svg, .pdf, .csv" in capsys.readouterr().err


def test_exposure_of_a_folder_of_transformers(folder, capsys):
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import (
        BartConfig,
        BartForConditionalGeneration,
        GPT2Config,
        GPT2LMHeadModel,
        PreTrainedTokenizerFast,
    )

    names = {name: i for i, name in enumerate(["<pad>", "<unk>", "<s>", "</s>", *map(str, range(10))])}
    tokenizer = Tokenizer(models.WordLevel(names, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 3)])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
    sizes = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32}
    ids = {"pad_token_id": 0, "eos_token_id": 3, "bos_token_id": 2, "vocab_size": 14}
    for name, made in (
        ("bart", BartForConditionalGeneration(BartConfig(decoder_start_token_id=2, **ids, **sizes))),
        ("gpt", GPT2LMHeadModel(GPT2Config(n_embd=16, n_layer=1, n_head=2, **ids))),
    ):
        made.save_pretrained(folder / name)
        fast.save_pretrained(folder / name)
        (folder / "three.tsv").write_text("1 2\t1 1 2 2\n3\t3 3\n4 5 6\t4 4 5 5 6 6\n")
        main(["text", "exposure", "--model", str(folder / name), "--data", str(folder / "three.tsv")])
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].startswith("15 tokens; ") and len(lines) == 7


@pytest.mark.parametrize("name, content", [
    ("a.csv", "id,source\n7,1 2\n8,3 4 5\n"), ("a.tsv", "1 2\t\n3 4 5\tx\n"),
    ("-", '{"source": "1 2"}\n\n{"source": "3 4 5"}\n'),
    ("a.txt", '{"source": "1 2"}\n{"source": "3 4 5"}\n'), ("a.jsonl", '{"source": "1 2"}\n{"source": "3 4 5"}\n'),
])  # fmt: skip
def test_tables_are_written_for_by_their_sources(name, content, folder, tmp_path):
    (tmp_path / name).write_text(content)
    path = "-" if name == "-" else str(tmp_path / name)
    command = [sys.executable, "-m", "minent", "text", "write", path, "--model", str(folder / "model")]
    done = subprocess.run(command, input=content, capture_output=True, text=True)
    blank = "\n" * (name == "-")
    assert (done.stdout, done.returncode) == (f"1 1 2 2\n{blank}3 3 4 4 5 5\n", 0)


def test_targets_have_a_length_of_their_own(folder, tmp_path, capsys):
    words = ["--train", str(folder / "pairs.tsv"), "--out", str(tmp_path / "m"), *SMALL, "--longest-target", "5"]
    main(["text", "train", "--task", "seq2seq", *words, "--steps", "2"])
    out, _ = capsys.readouterr()
    assert "texts of at most 20 tokens" not in out and "texts of at most 20, targets of 5 tokens" in out
    log = (tmp_path / "m" / "log.jsonl").read_text().splitlines()[0]
    assert '"cut": {"target"' in log and '"source"' not in log


def test_one_direction_learns_what_both_agree_on_and_is_exported(folder, tmp_path, capsys):
    both, one = str(tmp_path / "both"), str(tmp_path / "one")
    shutil.copytree(folder / "model", both)
    train = ["text", "train", "--task", "seq2seq", "--train", str(folder / "pairs.tsv"), "--distil", both, "--out", one]
    main([*train, "--steps", "20", "--learning-rate", "0.001", "--tokens", "600"])
    out = " ".join(capsys.readouterr().out.split())
    assert "pairs and" in out and "texts on which both directions of" in out and "left-to-right" in out
    (tmp_path / "in.txt").write_text("1 2\n3 4 5\n")
    main(["text", "write", str(tmp_path / "in.txt"), "--model", one])
    assert capsys.readouterr().out == "1 1 2 2\n3 3 4 4 5 5\n"
    pytest.importorskip("ctranslate2")
    main(["text", "export", one, "--out", str(tmp_path / "ct2")])
    assert (tmp_path / "ct2" / "model.bin").is_file()
    shutil.rmtree(both)
    main(["text", "train", "--resume", one, "--steps", "22"])
    again = " ".join(capsys.readouterr().out.split())
    assert out.split(" to learn from")[0].split()[-12:] == again.split(" to learn from")[0].split()[-12:]
    assert "step 22 of 22" in again
    shutil.copytree(folder / "model", both)
    for wrong, said in (["--dim", "64"], "keeps its shape"), (["--decoder", "to-middle"], "writes as it did"):
        with pytest.raises(SystemExit) as stop:
            main([*train, *wrong])
        assert stop.value.code == 2 and said in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    "words",
    [
        ("text", "write"), ("text", "classify"), ("text", "export", "--out", "out"),
        ("text", "exposure", "--data", "a.tsv"), ("gan", "draw", "-o", "a.png"),
    ],
)  # fmt: skip
def test_a_model_by_its_name_is_asked_of_the_hub(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.tsv").write_text("a\tb\n")
    asked = []

    def fetched(name, **_):
        asked.append(name)
        raise OSError("not there")

    monkeypatch.setattr("minent.training.saved.snapshot_download", fetched)
    named = ["nobody/model"] if "export" in words else ["--model", "nobody/model"]
    texts = ["a.tsv"] if words[1] in ("write", "classify") else []
    with pytest.raises(SystemExit) as stop:
        main([*words, *texts, *named])
    assert stop.value.code == 2 and asked == ["nobody/model"]
    assert "or its name on the hub; got 'nobody/model': not there" in capsys.readouterr().err
