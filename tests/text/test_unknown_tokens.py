"""What a tokenizer does not know is told, by all that reads with one: nobody sees it in a loss."""

import pytest

from minent.cli import main
from minent.data import Labelled, Pairs
from minent.nn import Shape
from minent.text import (
    Classifier,
    Reading,
    Writing,
    n_best,
    new_masked_lm,
    new_seq2seq,
    train_classifier,
    train_masked_lm,
    train_seq2seq,
)
from minent.text.cut import Cut
from minent.text.exposure.likelihood import writer_likelihoods
from minent.text.tokenizer import train_tokenizer
from minent.training import Recipe

SHAPE = Shape(dim=8, heads=2, layers=1, hidden=16, dropout=0.0)
PAIRS = Pairs(["a b", "b a"], ["x y", "y 道"])
ONE_STEP = Recipe(steps=1, learning_rate=1e-3)


@pytest.fixture
def words(tmp_path):
    path = tmp_path / "tokenizer.json"
    train_tokenizer(["a b x y"], kind="words").save(str(path))
    return str(path)


def test_a_writer_that_learns_measures_or_writes_tells_it(words, tmp_path, caplog, capsys):
    model = new_seq2seq(PAIRS, SHAPE, Reading(words), Writing())
    list(train_seq2seq(model, PAIRS, PAIRS, ONE_STEP, folder=tmp_path / "model"))
    assert caplog.messages == ["target: 1 of 4 tokens (25 %) are unknown to the tokenizer"]
    caplog.clear()
    n_best(model, ["a", "道 ☃"])
    assert caplog.messages == ["text: 2 of 3 tokens (67 %) are unknown to the tokenizer"]
    n_best(model, ["道"], cut=(cut := Cut(9)))
    assert cut.unknown == 1 and len(caplog.messages) == 1
    writer_likelihoods(model, PAIRS.targets, PAIRS.sources)
    assert caplog.messages[1:] == ["target: 1 of 4 tokens (25 %) are unknown to the tokenizer"]
    (tmp_path / "in.txt").write_text("a 道\n", encoding="utf-8")
    main(["text", "write", "--model", str(tmp_path / "model"), str(tmp_path / "in.txt")])
    assert "1 of 2 tokens (50 %) are unknown to the tokenizer" in capsys.readouterr().err


def test_so_do_classifiers_and_those_that_fill_gaps(words, caplog):
    texts = ["a b", "道 a", "道 道"]
    known = train_tokenizer(["a b x y"], kind="words")
    classifier = Classifier(known.get_vocab_size(), ["0", "1"], SHAPE.settled(4))
    classifier.tokenizer = known
    list(train_classifier(classifier, Labelled(texts, ["0", "1", "1"]), None, ONE_STEP))
    classifier.probabilities(texts)
    filling = new_masked_lm(texts, SHAPE.settled(8), Reading(words))
    list(train_masked_lm(filling, texts, texts, ONE_STEP))
    assert caplog.messages == ["text: 3 of 6 tokens (50 %) are unknown to the tokenizer"] * 3


def test_what_is_known_is_no_reason_to_say_anything(words, caplog):
    known = Pairs(["a b"], ["x y"])
    list(train_seq2seq(new_seq2seq(known, SHAPE, Reading(words), Writing()), known, None, ONE_STEP))
    assert not caplog.messages
