"""What is read off an explanation, and what the command line makes of it."""

import json
import re
import sys

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from minent.attribution import Explanation, because, explain, read_explanation, record
from minent.attribution.chinese import CHINESE
from minent.cli import main
from minent.errors import BadInput
from minent.text.classification.classifier import Classifier

WRONG = [5, 23, 41]
MODEL = """
from torch import nn
def net():
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 3))
"""


LOGIT = """
from torch import nn
def net():
    return nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Images of three kinds of stripes, three of them mislabelled, and a recorded net that learned them."""
    folder = tmp_path_factory.mktemp("stripes")
    rng = np.random.default_rng(0)
    kinds = [np.tile([1.0, 0.0], (4, 2)), np.tile([1.0, 0.0], (4, 2)).T, np.eye(4)]
    y = np.arange(60) % 3
    x = np.stack([kinds[k] for k in y]).astype(np.float32) + 0.3 * rng.normal(size=(60, 4, 4)).astype(np.float32)
    taught = y.copy()
    taught[WRONG] = (taught[WRONG] + 1) % 3
    np.savez(folder / "train.npz", x=x[:50], y=taught[:50])
    np.savez(folder / "test.npz", x=x[50:], y=y[50:])
    (folder / "made.py").write_text(MODEL)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 3))
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    inputs, targets = torch.from_numpy(x[:50]), torch.from_numpy(taught[:50])
    with record(model, optimizer, folder / "run") as r:
        for _ in range(10):
            for ids in torch.randperm(50).split(25):
                optimizer.zero_grad()
                F.cross_entropy(model(inputs[ids]), targets[ids]).backward()
                r.batch(ids)
                optimizer.step()
    return folder, model, (inputs, targets)


@pytest.fixture(scope="module")
def own(run):
    folder, model, train = run
    return explain(model, folder / "run", train[0], train=train)


def test_mislabelled_examples_come_first(run, own):
    order, score = own.mislabels(run[2][1].numpy())
    assert set(order[:3]) == set(WRONG)
    assert score[order[2]] > 0 > np.median(score)


def test_the_top_are_the_largest_and_the_frame_holds_all(own):
    helpers, hurters = own.top(0, 0, k=4)
    parts = own.contributions[0, 0]
    assert [part for _, part in helpers] == sorted(parts)[:-5:-1]
    assert [part for _, part in hurters] == sorted(parts)[:4]
    frame = own.to_frame()
    assert frame.contribution.sum() == pytest.approx(own.contributions.sum())
    assert len(frame) == np.count_nonzero(own.contributions)


def test_groups_are_of_examples_that_teach_the_same_label(run, own):
    from minent import community

    graph = own.graph(5)
    tree = community.find(graph, seed=1)
    labels = run[2][1].numpy()
    assert tree.number_of_top_modules >= 3
    modules = np.array([tree.labels[i] for i in range(50)])
    purity = sum(np.bincount(labels[modules == m]).max() for m in set(modules.tolist())) / 50
    assert purity > 0.85


def test_only_an_explanation_of_the_training_examples_can_tell_of_them():
    parts = Explanation(np.zeros((2, 3)), np.zeros((2, 3)), np.zeros((2, 3, 5)), {})
    with pytest.raises(BadInput, match="of the 5 training examples themselves; got 2"):
        parts.self_influence(np.zeros(5, np.int64))


@pytest.fixture(scope="module")
def yes_or_no(tmp_path_factory):
    """Points on two sides of a line, two of them mislabelled, and a recorded net with one logit that learned them."""
    folder, rng = tmp_path_factory.mktemp("sides"), np.random.default_rng(1)
    x = rng.normal(size=(40, 3)).astype(np.float32) + np.tile([[1.5], [-1.5]], (20, 3)).astype(np.float32)
    y = np.arange(40) % 2
    y[[7, 20]] = 1 - y[[7, 20]]
    np.savez(folder / "train.npz", x=x, y=y)
    np.savez(folder / "numbers.npz", x=x, y=x.sum(1))
    (folder / "made.py").write_text(LOGIT)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer, inputs, targets = torch.optim.Adam(model.parameters(), 1e-2), torch.from_numpy(x), torch.from_numpy(y)
    with record(model, optimizer, folder / "run") as r:
        for _ in range(10):
            for ids in torch.randperm(40).split(20):
                optimizer.zero_grad()
                logit(model(inputs[ids]), targets[ids]).backward()
                r.batch(ids)
                optimizer.step()
    return folder, model, (inputs, targets)


def logit(said, targets):
    return F.binary_cross_entropy_with_logits(said[:, 0], targets.to(said.dtype))


def test_a_model_of_one_logit_tells_mislabels_as_one_of_two_outputs_does(yes_or_no):
    folder, model, train = yes_or_no
    labels = train[1].numpy()
    one = explain(model, folder / "run", train[0], train=train, loss=logit)
    both = explain(model, folder / "run", train[0], train=train, loss=logit, outputs=lambda z: torch.cat([0 * z, z], 1))
    order, score = one.mislabels(labels.astype(np.float32))
    assert set(order[:2]) == {7, 20} and score[order[1]] > 0 > np.median(score)
    np.testing.assert_allclose(score, both.mislabels(labels)[1], atol=1e-5)
    own = one.self_influence(labels)
    assert (own > 0).mean() > 0.9  # an example teaches its own label, whichever of the two
    np.testing.assert_allclose(own[labels == 1], both.self_influence(labels)[labels == 1], atol=1e-5)


def test_targets_of_a_regression_and_labels_of_no_output_are_refused():
    one, three = (Explanation(np.zeros((4, k)), np.zeros((4, k)), np.zeros((4, k, 4)), {}) for k in (1, 3))
    with pytest.raises(ValueError, match=r"with one output are 0 or 1; got 2\.5: a regression has no labels"):
        one.mislabels(np.array([0, 1, 2.5, 1]))
    with pytest.raises(BadInput, match="numbers of outputs, 0 to 2; got 3"):
        three.mislabels(np.array([0, 1, 3, 1]))
    with pytest.raises(BadInput, match=r"for each of 4 examples; got an array of shape \(3,\)"):
        one.self_influence(np.zeros(3))


def test_the_commands_read_a_model_of_one_logit(yes_or_no, capsys):
    folder, model, train = yes_or_no
    words, made = (folder / "run", "--model", f"{folder / 'made.py'}:net"), ("--train", folder / "train.npz")
    code, out, told = command(capsys, "attribution", "mislabels", *words, *made, "--first", 2)
    rows = [line.split("\t") for line in out.splitlines()[1:3]]
    assert code == 0 and {(row[0], row[1] != row[2]) for row in rows} == {("7", True), ("20", True)}, told
    assert float(told.split("residual ")[1].split(" ")[0]) < 1e-4  # it is the loss of training
    page = folder / "page.html"
    code, *_ = command(capsys, "attribution", "explain", *words, *made, "--data", folder / "train.npz", "-o", page)
    said = [str(int(z > 0)) for z in model(train[0])[:20, 0]]
    assert code == 0 and [part[0] for part in page.read_text().split("says <b>")[1:]] == said
    assert len(set(said)) == 2 and page.read_text().count("score of 1") == 20
    code, _, told = command(capsys, "attribution", "mislabels", *words, "--train", folder / "numbers.npz")
    assert code == 2 and "labels are classes (a regression is explained in Python); got " in told
    np.savez(folder / "many.npz", x=train[0].numpy(), y=np.arange(len(train[0])))
    code, _, told = command(capsys, "attribution", "mislabels", *words, "--train", folder / "many.npz")
    assert code == 2 and "a logit of two labels (a regression is explained in Python); got 40 labels" in told


def command(capsys, *words):
    with pytest.raises(SystemExit) as stopped:
        main([str(word) for word in words])
        sys.exit(0)
    return stopped.value.code, *capsys.readouterr()


def test_the_page_holds_pictures_and_bars_that_add_up(run, capsys):
    folder, *_ = run
    data = ("--train", folder / "train.npz", "--model", f"{folder / 'made.py'}:net")
    page = folder / "because.html"
    code, out, _ = command(
        capsys, "attribution", "explain", folder / "run", "--data", folder / "test.npz", *data, "-o", page,
        "--first", 2, "--of", "score",
    )  # fmt: skip
    assert code == 0 and "wrote" in out
    text = page.read_text()
    assert text.count("<section>") == 2 and text.count("data:image/png;base64,") > 2 * 5
    for section in text.split("<section>")[1:]:
        numbers = [float(cell.split("<")[0].replace("−", "-")) for cell in section.split("<td class=number>")[1:]]
        assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=2e-3)
        assert abs(numbers[-1]) > 0.1
        told = section.split(" others together: ")[1].split("<")[0].replace(",", "").split()
        assert float(told[4]) - float(told[9]) == pytest.approx(numbers[-4], abs=2e-4) and int(told[0]) > 5


def test_a_page_on_a_regression_says_the_number():
    parts = Explanation(np.array([[3.0]]), np.array([[1.0]]), np.array([[[2.5, 0.0, -0.5]]]), {})
    page = because(parts, str, str, labels=["price"], truth=["2.5"])
    assert "says <b>3</b>, should be <b>2.5</b>" in page and "score of price" in page


def test_a_page_in_chinese_says_all_in_chinese():
    parts = Explanation(
        np.array([[3.0, 1.0]]), np.array([[1.0, 1.0]]), np.array([[[1.5, 0.5, -0.5], [0.0, 0.0, 0.0]]]),
        {"weight decay": np.array([[0.5, 0.0]])},
    )  # fmt: skip
    page = because(
        parts, str, str, labels=["猫", "狗"], truth=["狗"], taught=["猫", "狗", "狗"], of="log-probability", k=1,
        language="zh",
    )  # fmt: skip
    assert (
        '<html lang="zh-CN">' in page
        and "猫的对数概率" in page
        and "输入 0：模型的判断是 <b>猫</b>，应为 <b>狗</b>" in page
    )
    assert (
        "其余 1 个样本合计：1 个使它升高 0.5000，0 个使它降低 0.0000" in page
        and "样本 2，所给的标签：<b>狗</b>" in page
    )
    assert not re.findall("[A-Za-z]{2,}", re.sub("<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL))
    for english, chinese in CHINESE.items():
        assert sorted(re.findall(r"{\d*(.*?)}", english)) == sorted(re.findall(r"{\d*(.*?)}", chinese))
        assert re.sub(r"\s+", " ", english) == english


def test_mislabels_and_groups_are_listed(run, capsys):
    folder, *_ = run
    data = ("--train", folder / "train.npz", "--model", f"{folder / 'made.py'}:net")
    code, out, _ = command(capsys, "attribution", "mislabels", folder / "run", *data, "--first", 3)
    assert code == 0 and {int(line.split("\t")[0]) for line in out.splitlines()[1:4]} == set(WRONG)
    code, out, _ = command(capsys, "attribution", "groups", folder / "run", *data, "-o", folder / "groups.clu")
    assert code == 0 and "50 nodes" in out and (folder / "groups.clu").exists()
    taught = [row.split("(")[0].split()[-1] for row in out.split("taught as")[1].splitlines()[1:4]]
    assert set(taught) == {"0", "1", "2"}  # the commonest label of each of the largest groups


def test_what_was_found_is_kept_in_tables_beside_what_trainings_without_a_part_say(run, capsys):
    folder, *_ = run
    data = ("--train", folder / "train.npz", "--model", f"{folder / 'made.py'}:net")
    asked = ("attribution", "explain", folder / "run", "--data", folder / "test.npz", *data)
    for memory, few in (("1", False), ("1e-5", True)):
        kept = folder / f"parts{memory}.parquet"
        code, *_ = command(capsys, *asked, "-o", kept, "-o", folder / "few.html", "--top", 2, "--memory", memory)
        parts = read_explanation(kept)
        assert code == 0 and parts.verdict == "exact" and (parts.examples is not None) == few
        assert parts.contributions.shape == (10, 3, 4 if few else 50)
    assert "other examples" in (folder / "few.html").read_text()
    code, out, told = command(
        capsys, "attribution", "mislabels", folder / "run", *data, "--folds", 3, "-o", folder / "m.parquet"
    )
    table = pd.read_parquet(folder / "m.parquet")
    assert code == 0 and "cross-validated" in told and out.split("\n")[0].endswith("doubt\tcross-validated")
    assert set(table.sort_values("cross-validated", ascending=False).example[:6]) > set(WRONG)
    code, _, told = command(capsys, "attribution", "mislabels", folder / "run", *data, "--folds", 1)
    assert code == 2 and "folds are 2 at least" in told


def test_what_it_will_cost_is_told_before_anything_is_recorded(run, capsys):
    folder, *_ = run
    data = ("--train", folder / "train.npz", "--model", f"{folder / 'made.py'}:net")
    for optimizer, numbers in (("sgd", 1), ("adam", 2)):
        code, out, _ = command(
            capsys, "attribution", "cost", *data, "--batch", 10, "--epochs", 400, "--optimizer", optimizer
        )
        assert code == 0 and "2,000 steps of 10 of 50 examples" in out
        assert f"{2000 * numbers * 4 * (16 * 12 + 12 + 12 * 3 + 3) / 1e6:.1f} MB on disk" in out
    code, _, told = command(capsys, "attribution", "cost", *data, "--batch", 0)
    assert code == 2 and "batch must be at least 1" in told


def test_a_classifier_that_is_a_mean_of_weights_is_explained_as_such(tmp_path, capsys):
    rows = [f"{'yn'[i % 2]}\t{['good', 'bad'][i % 2]} thing {i}\n" for i in range(24)]
    (tmp_path / "train.tsv").write_text("".join(rows))
    (tmp_path / "new.txt").write_text("good thing\n")
    small = ("--dim", 8, "--heads", 2, "--layers", 1, "--hidden", 8, "--tokenizer", "words", "--steps", 6)
    for run, mean in (("ema", ("--ema", 0.9)), ("keep", ("--keep", 3))):
        code, *_ = command(
            capsys, "text", "train", "--task", "classify", "--train", tmp_path / "train.tsv", "--record", 1,
            "--out", tmp_path / run, *small, "--learning-rate", 0.03, "--tokens", 64, *mean,
        )  # fmt: skip
        kept = tmp_path / f"{run}.parquet"
        words = ("--data", tmp_path / "new.txt", "-o", kept, "--of", "score")
        code, _, told = command(capsys, "attribution", "explain", tmp_path / run, *words)
        assert code == 0 and "other weights" not in told, told
        parts, classifier = read_explanation(kept), Classifier.from_pretrained(tmp_path / run)
        assert parts.verdict == "exact"
        odds = np.log(np.asarray(classifier.probabilities(["good thing"]))[0])
        np.testing.assert_allclose(np.diff(parts.prediction[0]), np.diff(odds), atol=1e-5)


def test_what_cannot_be_explained_is_told_in_a_sentence(run, capsys):
    folder, *_ = run
    code, _, told = command(capsys, "attribution", "mislabels", folder, "--model", "nowhere:net")
    assert code == 2 and "has none: record one by minent text train --record 1" in told
    code, _, told = command(capsys, "attribution", "mislabels", folder / "no", "--model", "nowhere:net")
    assert code == 2 and "there is no" in told
    code, _, told = command(capsys, "attribution", "mislabels", folder / "run", "--train", folder / "train.npz")
    assert code == 2 and "--model is wanted" in told and "no folder of a text classifier" in told
    code, _, told = command(capsys, "attribution", "mislabels", folder / "run", "--model", "nowhere:net")
    assert code == 2 and "makes no model" in told


def test_outputs_that_no_example_has_are_named_by_number(tmp_path, capsys):
    net = nn.Linear(2, 4)
    optimizer, x, y = torch.optim.SGD(net.parameters(), 0.1), torch.eye(2), torch.tensor([0, 1])
    with torch.no_grad():
        net.bias[3] = 9.0  # the highest output is one without an example
    with record(net, optimizer, tmp_path / "run") as r:
        F.cross_entropy(net(x), y).backward()
        r.batch([0, 1])
        optimizer.step()
    np.savez(tmp_path / "train.npz", x=x.numpy(), y=y.numpy())
    (tmp_path / "made.py").write_text("from torch import nn\ndef net():\n    return nn.Linear(2, 4)\n")
    data = ("--train", tmp_path / "train.npz", "--model", f"{tmp_path / 'made.py'}:net")
    page = tmp_path / "page.html"
    words = ("explain", tmp_path / "run", "--data", tmp_path / "train.npz", "-o", page)
    code, _, told = command(capsys, "attribution", *words, *data)
    assert code == 0, told
    assert "says <b>3</b>" in page.read_text()
    code, out, told = command(capsys, "attribution", "mislabels", tmp_path / "run", *data)
    assert code == 0 and "\t3\t" in out, told


@pytest.mark.parametrize(
    ("command_", "words", "problem"),
    [
        ("explain", ("--data", "wide.npz"), "does not read the examples in"),
        ("explain", ("--data", "nan.npz"), "numbers must be finite; got nan"),
        ("explain", ("--data", "test.npz", "--first", "-1"), "first must be at least 1; got -1"),
        ("mislabels", ("--train", "many.npz"), "has 3 outputs; got 5 labels"),
        ("mislabels", ("--train", "hole.csv"), "each example has a label; got none in row 2"),
        ("mislabels", ("--model", "made.py:broken"), "makes no model: ValueError: no"),
        ("mislabels", ("-o", "list.txt"), "--out must end with .csv"),
        ("mislabels", ("--memory", "0"), "memory is so many GiB, more than 0; got 0.0"),
        ("groups", ("--neighbours", "0"), "neighbours must be at least 1; got 0"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_2(command_, words, problem, run, capsys):
    folder, *_ = run
    np.savez(folder / "wide.npz", x=np.ones((2, 5, 5)))
    np.savez(folder / "nan.npz", x=np.full((2, 4, 4), np.nan))
    np.savez(folder / "many.npz", x=np.ones((50, 4, 4)), y=np.arange(50) % 5)
    (folder / "hole.csv").write_text("a,label\n1,cat\n2,\n")
    (folder / "made.py").write_text(MODEL + "def broken():\n    raise ValueError('no')\n")
    given = {"--train": folder / "train.npz", "--model": "made.py:net"} | dict(
        zip(words[::2], words[1::2], strict=True)
    )
    paths = {"--train", "--data", "-o"}
    given = {name: folder / one if name in paths else one for name, one in given.items()}
    given["--model"] = f"{folder / given['--model']}"
    code, _, told = command(
        capsys, "attribution", command_, folder / "run", *[w for pair in given.items() for w in pair]
    )
    assert code == 2 and problem in told, told


def test_a_text_classifier_that_recorded_its_run_is_explained(tmp_path, capsys):
    pairs = [("good fine nice", "yes"), ("bad poor sad", "no")]
    rows = [
        f"{label}\t{words.split()[i % 3]} {words.split()[i % 2]} thing {i}" for i in range(12) for words, label in pairs
    ]
    (tmp_path / "train.tsv").write_text("\n".join(rows) + "\n")
    texts = tmp_path / "train.tsv"
    code, *_ = command(
        capsys, "text", "train", "--task", "classify", "--train", texts, "--dev", texts, "--out", tmp_path / "run",
        "--record", 1, "--dim", 8, "--heads", 2, "--layers", 1, "--hidden", 8, "--dropout", 0, "--tokenizer", "words",
        "--steps", 6, "--learning-rate", 0.01, "--tokens", 64,
    )  # fmt: skip
    assert code == 0 and len((tmp_path / "run" / "trajectory" / "train.jsonl").read_text().splitlines()) == 24
    (tmp_path / "new.txt").write_text("good sad thing\n")
    code, _, told = command(
        capsys, "attribution", "explain", tmp_path / "run", "--data", tmp_path / "new.txt", "-o", tmp_path / "page.html"
    )
    assert code == 0, told
    assert "good sad thing" in (tmp_path / "page.html").read_text()
    lacking = float(told.split("residual ")[1].split(" ")[0])
    assert lacking < 1e-4
    code, out, _ = command(capsys, "attribution", "mislabels", tmp_path / "run", "--first", 2)
    heads, *listed = (line.split("\t") for line in out.splitlines())
    assert code == 0 and heads[-1] == "text" and [row[-1] for row in listed] == [
        rows[int(row[0])].split("\t")[1] for row in listed
    ]  # fmt: skip
    assert json.loads((tmp_path / "run" / "trajectory" / "trajectory.json").read_text())["end"] == 6


def test_examples_are_called_by_the_rows_of_the_file_that_the_user_gave(tmp_path, capsys):
    words = ["good fine nice", "bad poor sad"]
    rows = [f"{'yn'[i % 2]}\t{words[i % 2].split()[i % 3]} thing {i}" for i in range(40)]
    (tmp_path / "train.tsv").write_text("label\ttext\n\n" + "\n".join(rows) + "\n")  # a header and a blank line
    words = (
        "--record", 1, "--dim", 8, "--heads", 2, "--layers", 1, "--hidden", 8, "--dropout", 0, "--tokenizer", "words",
        "--steps", 3, "--learning-rate", 0.01, "--tokens", 64, "--out", tmp_path / "run",
    )  # fmt: skip
    code, out, _ = command(capsys, "text", "train", "--task", "classify", "--train", tmp_path / "train.tsv", *words)
    assert code == 0 and "a blank line" in out and "36 texts to learn from, 4 to judge by" in out
    code, out, told = command(capsys, "attribution", "mislabels", tmp_path / "run", "--first", 36)
    listed = [line.split("\t") for line in out.splitlines()[1:]]
    assert code == 0 and len({row[0] for row in listed}) == 36, told
    assert all(rows[int(row[0])] == f"{row[1]}\t{row[-1]}" for row in listed)
    assert max(int(row[0]) for row in listed) > 35  # beyond the number that was learned from
    (tmp_path / "new.txt").write_text("good thing\n")
    page = tmp_path / "page.html"
    assert (
        command(capsys, "attribution", "explain", tmp_path / "run", "--data", tmp_path / "new.txt", "-o", page)[0] == 0
    )
    for part in page.read_text().split('<span class="shown">')[1:]:
        text, number = part.split("</span>")[0], part.split("<span>example ")[1].split(",")[0]
        assert rows[int(number)].split("\t")[1] == text
    code, _, told = command(
        capsys, "attribution", "mislabels", tmp_path / "run", "--train", tmp_path / "train.tsv"
    )  # ids are those of what was learned from
    assert code == 2 and "holds other texts; leave --train out" in told


def test_labels_that_are_names_want_their_order(run, capsys):
    folder, _, (x, y) = run
    names = np.array(["cat", "bird", "ant"])
    np.savez(folder / "named.npz", x=x.numpy(), y=names[y.numpy()])
    data = ("--train", folder / "named.npz", "--model", f"{folder / 'made.py'}:net")
    code, _, told = command(capsys, "attribution", "mislabels", folder / "run", *data)
    assert code == 2 and "or names in their order (--labels a,b,c); got ant, bird, cat in" in told
    code, out, _ = command(
        capsys, "attribution", "mislabels", folder / "run", *data, "--labels", "cat,bird,ant", "--first", 3
    )
    assert code == 0 and {int(line.split("\t")[0]) for line in out.splitlines()[1:4]} == set(WRONG)
