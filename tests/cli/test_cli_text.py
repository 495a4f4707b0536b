"""`minent text` from end to end: what it prints, what it writes, and what it says of bad input."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from minent.cli import main
from minent.cli.recipe import with_recipe
from minent.errors import BadInput
from minent.text.classification.classifier import Classifier

SHAPE = {"dim": 16, "heads": 2, "layers": 1, "hidden": 32, "longest": 40, "tokenizer": "characters", "vocabulary": 320}
SMALL = [word for name, value in SHAPE.items() for word in (f"--{name}", str(value))]
RUN = [*SMALL, "--steps", "40", "--evaluate-every", "20", "--learning-rate", "0.01", "--tokens", "1000"]


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """A table of texts that hold 春 or 秋, and labels that say which."""
    random = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("texts") / "poems.tsv"
    rows = []
    for i in range(200):
        text = random.choice(list("山水花鸟风月"), 12).tolist()
        text[random.integers(12)] = "春秋"[i % 2]
        rows.append(f"{('spring', 'autumn')[i % 2]}\t{''.join(text)}\n")
    path.write_text("".join(rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def model(texts):
    folder = texts.parent / "model"
    main(["text", "train", "--task", "classify", "--train", str(texts), "--out", str(folder), *RUN])
    return folder


def test_a_model_is_trained_and_labels_texts(model, texts, capsys):
    assert {"config.json", "model.safetensors", "tokenizer.json", "log.jsonl"} <= {f.name for f in model.iterdir()}
    log = [json.loads(line) for line in (model / "log.jsonl").read_text().splitlines()]
    assert [record["step"] for record in log] == list(range(1, 41))
    main(["text", "classify", str(texts), "--model", str(model)])
    out, err = capsys.readouterr()
    rows = [line.split("\t") for line in out.splitlines()]
    assert len(rows) == 200
    assert {label for label, _ in rows} == {"spring", "autumn"}
    assert all(0.5 <= float(probability) <= 1 for _, probability in rows)
    assert float(err.split("accuracy ")[1].split()[0]) > 0.95


def test_texts_without_labels_are_labelled_in_their_order(model, tmp_path, capsys):
    file = tmp_path / "new.txt"
    file.write_text("山水春风\n月下秋声\n", encoding="utf-8")
    main(["text", "classify", str(file), "--model", str(model), "-o", str(tmp_path / "labels.tsv")])
    assert [line.split("\t")[0] for line in (tmp_path / "labels.tsv").read_text().splitlines()] == ["spring", "autumn"]
    out, err = capsys.readouterr()
    assert "accuracy" not in err
    assert out == ""


def test_standard_input_is_read(model):
    command = [sys.executable, "-m", "minent", "text", "classify", "-", "--model", str(model)]
    done = subprocess.run(command, input="山水春风\n", capture_output=True, text=True, encoding="utf-8")
    assert done.stdout.startswith("spring\t")
    assert done.returncode == 0


def test_what_training_prints_fits_a_terminal(texts, tmp_path, capsys):
    main(["text", "train", "--task", "classify", "--train", str(texts), "--out", str(tmp_path / "m"), *RUN])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "poems.tsv: label=label, text=text; no header"
    assert lines[1] == "180 texts to learn from, 20 to judge by; 2 labels: autumn, spring"
    assert lines[3].startswith("step 20 of 40")
    assert lines[-1].startswith(f"wrote {tmp_path / 'm'}")
    assert max(map(len, lines[:-1])) <= 80


def test_options_may_stand_in_a_file_and_be_overridden(tmp_path):
    file = tmp_path / "recipe.toml"
    file.write_text('task = "classify"\nlearning_rate = 0.01\nresume = true\n')
    words = ["text", "train", str(file), "--learning-rate", "0.1", "--out", "m"]
    assert with_recipe(words) == [
        "text", "train", "--task", "classify", "--resume", "--learning-rate", "0.1", "--out", "m",
    ]  # fmt: skip
    assert with_recipe(["text", "classify", "a.toml"]) == ["text", "classify", "a.toml"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("learning_rat = 1\n", "sets 'learning_rat', which is no option; did you mean learning_rate\\?$"),
        ("n_dis = 5\n", "minent text train --help shows what it may set$"),
        ("a = = 1", "is not TOML"),
    ],
)
def test_a_bad_recipe_is_named(tmp_path, content, problem):
    (tmp_path / "recipe.toml").write_text(content)
    with pytest.raises(BadInput, match=problem):
        with_recipe(["text", "train", str(tmp_path / "recipe.toml")])


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--train", "no.tsv", "--out", "m"], "no.tsv"),
        (["--train", "POEMS", "--out", "m", "--dim", "10", "--heads", "4"], "heads must share dim evenly"),
        (["--train", "POEMS", "--out", "m", "--learning-rate", "-1"], "learning_rate must be positive"),
        (["--train", "POEMS", "--out", "m", "--attention", "linear"], "nystrom"),
        (["--train", "POEMS", "--out", "MODEL"], "holds a run already"),
        (["--train", "no.tsv", "--out", "MODEL"], "holds a run already"),  # before anything is read
        (["--train", "POEMS", "--out", "m", "--source", "en"], "reads columns by --text and --label; got --source en"),
        (["--train", "POEMS", "--out", "m", "--longest-target", "9"], "--longest-target is for --task seq2seq"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_2(words, problem, texts, model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = [{"POEMS": str(texts), "MODEL": str(model)}.get(word, word) for word in words]
    with pytest.raises(SystemExit) as stop:
        main(["text", "train", "--task", "classify", *words])
    assert stop.value.code == 2
    assert problem in capsys.readouterr().err
    assert not (tmp_path / "m").exists()


def test_a_folder_that_holds_no_classifier_is_refused(tmp_path, texts, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["text", "classify", str(texts), "--model", str(tmp_path)])
    assert stop.value.code == 2
    assert "no config.json" in capsys.readouterr().err


def test_a_killed_run_resumed_is_an_uninterrupted_one(texts, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    command = [sys.executable, "-m", "minent", "text", "train", "--task", "classify", "--train", str(texts), *SMALL]
    command += ["--steps", "300", "--save-every", "20", "--evaluate-every", "100", "--tokens", "500"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([*command, "--out", str(whole)], check=True, capture_output=True, env=environment)
    process = subprocess.Popen([*command, "--out", str(broken)], stdout=subprocess.DEVNULL, env=environment)
    while not any((broken / "checkpoints").glob("step-*")):
        time.sleep(0.01)
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (broken / "model.safetensors").exists()
    labelled = subprocess.run(
        [*command[:4], "classify", str(texts), "--model", str(broken)], check=True, capture_output=True, text=True
    )
    assert "the run stopped at step" in labelled.stderr and "accuracy" in labelled.stderr
    again = [*command[:4], "train", "--resume", str(broken)]
    subprocess.run(again, check=True, capture_output=True, env=environment, cwd=tmp_path)
    assert (broken / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert Classifier.from_pretrained(broken).labels == ["autumn", "spring"]
    shutil.copytree(broken, tmp_path / "moved")
    longer = [*again[:-1], str(tmp_path / "moved"), "--steps", "320"]
    done = subprocess.run(longer, check=True, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert f"wrote {tmp_path / 'moved'}" in done.stdout and "320" in done.stdout
    told = json.loads((tmp_path / "moved" / "options.json").read_text())
    assert told["options"]["steps"] == 320 and told["options"]["train"] == [str(texts)]
    other = subprocess.run([*longer[:-1], "400", "--seed", "5"], capture_output=True, text=True, cwd=tmp_path)
    assert other.returncode == 2 and "seed was 1" in other.stderr
    assert json.loads((tmp_path / "moved" / "options.json").read_text()) == told


def test_a_run_that_cannot_go_on_by_itself_is_one_sentence(tmp_path, capsys):
    run = tmp_path / "run"
    run.mkdir()
    kept = {"command": "gan", "options": {"images": str(tmp_path / "gone")}}
    for told, words, folder, sentence in (
        (None, "text", run, "has no options.json"),
        ({}, "text", run, "has no options.json"),
        (kept, "text", run, "holds a run of minent gan train"),
        (kept, "gan", run, "gone"),
        (kept, "gan", tmp_path / "nowhere", "wants the folder of a run; there is none at"),
    ):
        if told is not None:
            (run / "options.json").write_text(json.dumps(told))
        with pytest.raises(SystemExit) as stop:
            main([words, "train", "--resume", str(folder)])
        assert stop.value.code == 2 and sentence in capsys.readouterr().err


def test_two_processes_train_the_model_that_one_does(texts, tmp_path):
    words = ["text", "train", "--task", "classify", "--train", str(texts), *SMALL, "--steps", "6", "--tokens", "500"]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "minent"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    two = subprocess.run(
        [*torchrun, *words, "--out", str(tmp_path / "two")], capture_output=True, text=True, check=True, env=environment
    )
    one = [sys.executable, "-m", "minent", *words, "--accumulate", "2", "--out", str(tmp_path / "one")]
    subprocess.run(one, capture_output=True, check=True, env=environment)
    assert two.stdout.count("texts to learn from") == 1
    one, other = (Classifier.from_pretrained(tmp_path / name).state_dict() for name in ("one", "two"))
    assert all((one[name] - other[name]).abs().max() < 1e-6 for name in one)


@pytest.mark.parametrize("words", [["train", "--task", "classify", "--train", "a", "--out", "b"], ["classify", "a"]])
def test_without_torch_the_extra_is_named(words):
    words = words if words[0] == "train" else [*words, "--model", "m"]
    code = f"import sys; sys.modules['torch'] = None; from minent.cli import main; main(['text', *{words}])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert 'pip install "minent[torch]" to' in done.stderr
    assert "Traceback" not in done.stderr


def test_labels_of_few_texts_are_learned_with_none_held_out(tmp_path, capsys):
    file = tmp_path / "few.tsv"
    file.write_text("".join(f"label{i}\t春山{i}\n" for i in range(8)), encoding="utf-8")
    words = ["text", "train", "--task", "classify", "--train", str(file), "--out", str(tmp_path / "model"), *RUN]
    main(words)
    assert "8 texts to learn from, 0 to judge by" in capsys.readouterr().out
    assert (tmp_path / "model" / "model.safetensors").exists()


def test_what_is_written_has_a_line_for_each_that_came_and_unknown_labels_are_told(model, tmp_path, capsys):
    (tmp_path / "a.txt").write_text("山水春风\n\n秋月红叶\n", encoding="utf-8")
    main(["text", "classify", str(tmp_path / "a.txt"), "--model", str(model)])
    out, err = capsys.readouterr()
    assert [line.split("\t")[0] for line in out.split("\n")] == ["spring", "", "autumn", ""]
    assert err == "a.txt: one text a line; a blank line\n"
    (tmp_path / "b.csv").write_text("kind;words\nspring;山水春风\nspring;\nwinter;秋月红叶\n", encoding="utf-8")
    words = ["text", "classify", str(tmp_path / "b.csv"), "--model", str(model), "--text", "words", "--label", "kind"]
    with pytest.raises(SystemExit):
        main(words)
    assert "text must not be empty on line 3" in capsys.readouterr().err
    main([*words, "--skip-bad", "1"])
    out, err = capsys.readouterr()
    assert [line.split("\t")[0] for line in out.split("\n")] == ["spring", "", "autumn", ""]
    assert "accuracy 0.5000 (1 of 2)" in err
    assert "1 of 2 have labels that the classifier does not know (winter); it knows autumn, spring" in err


def test_what_a_classifier_does_not_read_is_told(model, tmp_path, capsys):
    (tmp_path / "long.txt").write_text("春" * 100 + "\n", encoding="utf-8")
    main(["text", "classify", str(tmp_path / "long.txt"), "--model", str(model)])
    assert "1 of 1 texts is cut to 40 tokens: 60 % of all tokens are not read" in capsys.readouterr().err


def test_several_files_are_named_one_by_one_and_their_rows_placed(texts, tmp_path, capsys):
    lines = texts.read_text(encoding="utf-8").splitlines(keepends=True)
    for name, part in (("a.tsv", lines[:120]), ("b.tsv", lines[120:])):
        (tmp_path / name).write_text("".join(part), encoding="utf-8")
    (tmp_path / "r.toml").write_text(f'train = ["{tmp_path / "a.tsv"}", "{tmp_path / "b.tsv"}"]\n')
    words = ["text", "train", str(tmp_path / "r.toml"), "--task", "classify", "--out", str(tmp_path / "m"), *SMALL]
    main([*words, "--steps", "2", "--record", "1", "--dropout", "0"])
    assert "2 files" in capsys.readouterr().out
    kept = [json.loads(line) for line in (tmp_path / "m" / "trajectory" / "train.jsonl").read_text().splitlines()]
    of_b = [int(one["row"].removeprefix("b.tsv row ")) for one in kept if one["row"].startswith("b.tsv")]
    assert of_b and [lines[120 + row].split("\t")[1].strip() for row in of_b] == [
        one["text"] for one in kept if one["row"].startswith("b.tsv")
    ]
    main(["attribution", "mislabels", str(tmp_path / "m"), "--first", "200"])
    assert "\nb.tsv row " in capsys.readouterr().out
    (tmp_path / "data.csv").write_text("said,kind\n山水春风,spring\n", encoding="utf-8")
    page = ["-o", str(tmp_path / "x.html")]
    columns = ["--text", "said", "--label", "kind"]
    main(["attribution", "explain", str(tmp_path / "m"), "--data", str(tmp_path / "data.csv"), *columns, *page])
    assert "data.csv: label=kind, text=said" in capsys.readouterr().err


def test_a_run_tells_which_weights_it_ended_with_and_that_few_steps_are_few(tmp_path, capsys):
    (tmp_path / "pairs.tsv").write_text("".join(f"w{i % 7} w{i % 5}\tv{i % 3}\n" for i in range(60)))
    words = ["text", "train", "--task", "seq2seq", "--train", str(tmp_path / "pairs.tsv")]
    small = [*"--dim 8 --heads 2 --layers 1 --hidden 8 --tokenizer words".split(), "--learning-rate", "0.01"]  # noqa: SIM905
    main([*words, "--out", str(tmp_path / "new"), *small])
    told = capsys.readouterr()
    assert "100 steps are few to learn from nothing" in told.err
    assert "\n100 steps, learning rate at most 0.01\n" in told.out
    assert re.search(r"^weights: those of step \d+, by the lowest loss on dev, \d\.\d{4}$", told.out, re.MULTILINE)
    main([*words, "--out", str(tmp_path / "two"), *small, "--steps", "4", "--best", "bleu", "--keep", "2"])
    told = capsys.readouterr()
    assert "few" not in told.err
    assert re.search(
        r"^weights: the mean of those of steps \d and \d, by the highest bleu on dev", told.out, re.MULTILINE
    )
