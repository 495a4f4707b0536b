"""--init: a model that begins as another one."""

import json
import shutil
from contextlib import chdir

import numpy as np
import pytest

pytest.importorskip("torch")

from minent.cli import main
from minent.data import Labelled
from minent.errors import BadInput
from minent.text import Classifier, MaskedLM, Seq2Seq, classifier_from


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of each kind."""
    from fuzz.commands import made

    folder = tmp_path_factory.mktemp("init")
    with chdir(folder):
        made(folder)
    return folder


def train(folder, task, data, out, *more):
    words = ["text", "train", "--task", task, "--train", str(folder / data), "--out", str(out), "--steps", "1"]
    main([*words, "--learning-rate", "1e-12", *more])


@pytest.mark.parametrize(
    ("task", "data", "kind"), [("classify", "labels.tsv", Classifier), ("seq2seq", "pairs.tsv", Seq2Seq)]
)
def test_a_model_of_the_task_is_trained_further(task, data, kind, folder, tmp_path):
    train(folder, task, data, tmp_path / "new", "--init", str(folder / task))
    before, after = kind.from_pretrained(folder / task), kind.from_pretrained(tmp_path / "new")
    assert before.tokenizer.to_str() == after.tokenizer.to_str()
    for (name, a), b in zip(before.named_parameters(), after.parameters(), strict=True):
        assert (a - b).abs().max() < 1e-6, name


@pytest.mark.parametrize(("begun", "kind"), [("classify", Classifier), ("masked-lm", MaskedLM)])
def test_a_classifier_of_other_labels_begins_with_all_but_their_scores(begun, kind, folder):
    texts = Labelled(["w1 w2", "w3", "w4"], ["x", "y", "z"])
    model, before = classifier_from(folder / begun, texts), kind.from_pretrained(folder / begun)
    assert model.labels == ["x", "y", "z"]
    x = model.eval().encoder(model.norm(model.embedding(tokens := model_tokens(model))))
    assert (x - before.encoder(before.norm(before.embedding(tokens)))).abs().max() == 0


@pytest.mark.parametrize(
    ("task", "data"), [("classify", "labels.tsv"), ("seq2seq", "pairs.tsv"), ("masked-lm", "texts.txt")]
)
def test_a_run_goes_on_where_the_model_that_it_began_as_is_no_more(task, data, folder, tmp_path, capsys):
    shutil.copytree(folder / task, tmp_path / "first")
    train(folder, task, data, tmp_path / "new", "--init", str(tmp_path / "first"))
    shutil.rmtree(tmp_path / "first")
    main(["text", "train", "--resume", str(tmp_path / "new"), "--steps", "2"])
    assert "step 2 of 2" in capsys.readouterr().out


def model_tokens(model):
    import torch

    return torch.from_numpy(model.tokens(["w1 w2 w3"])[0])[None].long()


def test_a_classifier_that_began_as_a_masked_model_is_saved_and_loaded(folder, tmp_path):
    train(folder, "classify", "labels.tsv", tmp_path / "new", "--init", str(folder / "masked-lm"))
    model = Classifier.from_pretrained(tmp_path / "new")
    assert json.loads((tmp_path / "new" / "config.json").read_text())["norm"] is True
    assert model.probabilities(["w1 w2"]).shape == (1, 2)


@pytest.mark.parametrize("lipschitz", ["gn", "sn", "r1r2"])
def test_players_begin_with_the_weights_that_the_run_trained(lipschitz, folder, tmp_path):
    """What a critic says, but for the norm that its run put around it, is what it said there."""
    import torch

    from minent.data.images.read import read_images
    from minent.gan import Critic, players_from
    from minent.training import checkpoint
    from minent.training.weights import read

    game = ["--out", str(tmp_path / "run"), "--width", "4", "--batch", "8", "--steps", "1", "--evaluate-every", "0"]
    main(["gan", "train", str(folder / "images.npy"), *game, "--lipschitz", lipschitz])
    _, critic = players_from(tmp_path / "run", read_images(str(folder / "images.npy")))
    assert isinstance(critic, Critic) and not any("parametrizations" in name for name, _ in critic.named_parameters())
    held = read(checkpoint.newest(tmp_path / "run" / "checkpoints") / "weights.safetensors")
    stored = [one for name, one in held.items() if name.startswith("critic.") and one.shape and "._" not in name]
    assert sum(one.numel() for one in stored) == sum(one.numel() for one in critic.parameters())
    for one in critic.parameters():
        assert any(one.shape == other.shape and torch.equal(one, other) for other in stored)


def test_players_play_on(folder, tmp_path, capsys):
    from minent.data.images.read import read_images
    from minent.gan import Generator, players_from

    generator, critic = players_from(folder / "gan", read_images(str(folder / "images.npy")))
    assert isinstance(generator, Generator) and sum(one.numel() for one in critic.parameters()) > 100
    shutil.copytree(folder / "gan", tmp_path / "first")
    new = ["--out", str(tmp_path / "new"), "--steps", "1", "--batch", "8", "--init", str(tmp_path / "first")]
    main(["gan", "train", str(folder / "images.npy"), *new])
    assert (tmp_path / "new" / "model.safetensors").exists()
    main(["gan", "train", "--resume", str(tmp_path / "new"), "--steps", "2"])  # as large as those it began as
    assert "step 2 of 2" in capsys.readouterr().out
    shutil.rmtree(tmp_path / "first")
    main(["gan", "train", "--resume", str(tmp_path / "new"), "--steps", "3"])  # nor are these still wanted
    assert "step 3 of 3" in capsys.readouterr().out
    np.save(tmp_path / "large.npy", np.zeros((24, 16, 16), np.uint8))
    with pytest.raises(BadInput, match="drew pixels: 8; got images of 16"):
        players_from(folder / "gan", read_images(str(tmp_path / "large.npy")))


@pytest.mark.parametrize(
    ("task", "data", "begun", "more", "said"),
    [
        ("classify", "labels.tsv", "seq2seq", [], "begins as a Classifier or a MaskedLM of minent"),
        ("classify", "labels.tsv", "nothere", [], "there is no folder"),
        ("seq2seq", "pairs.tsv", "classify", [], "with a Classifier"),
        ("seq2seq", "pairs.tsv", "seq2seq", ["--dim", "16"], "keeps its shape and tokenizer"),
        ("seq2seq", "pairs.tsv", "seq2seq", ["--copy"], "writes as it did"),
        ("seq2seq", "pairs.tsv", "seq2seq", ["--distil", "x"], "begins as one other model"),
    ],
)
def test_others_are_refused(task, data, begun, more, said, folder, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        train(folder, task, data, tmp_path / "new", "--init", str(folder / begun), *more)
    assert stop.value.code == 2 and said in capsys.readouterr().err
