"""A classifier learns to tell texts apart, whatever attention it has, and says the same of them in any company."""

import numpy as np
import pytest

from minent.data import Labelled
from minent.errors import BadInput
from minent.nn.shape import Shape
from minent.text.classification.classifier import Classifier
from minent.text.classification.training import new_classifier, train_classifier
from minent.text.options import Reading
from minent.training.recipe import Recipe

SMALL = {"dim": 16, "heads": 2, "layers": 1, "hidden": 32, "longest": 40, "dropout": 0.0}
READING = Reading("characters", vocabulary=320)


def lines(count, seed=0):
    """Texts that hold 春 among other characters, or 秋: neither its place nor the length tells."""
    random, labels = np.random.default_rng(seed), []
    texts = []
    for i in range(count):
        text = random.choice(list("山水花鸟风月"), random.integers(3, 30)).tolist()
        text.insert(random.integers(len(text)), "春秋"[i % 2])
        texts.append("".join(text))
        labels.append(("spring", "autumn")[i % 2])
    return Labelled(texts, labels)


@pytest.mark.parametrize(
    "options",
    [
        {"attention": "softmax", "positions": "rotary"},
        {"attention": "nystrom", "landmarks": 8},
        {"attention": "synthesizer", "kind": "dense+softmax"},
    ],
    ids=lambda options: options["attention"],
)
def test_it_learns_what_tells_the_labels_apart(options):
    train, dev = lines(200), lines(60, seed=1)
    classifier = new_classifier(train, Shape(**SMALL, **options), READING)
    recipe = Recipe(steps=60, learning_rate=1e-2, evaluate_every=30)
    records = list(train_classifier(classifier, train, dev, recipe, tokens=1000))
    scores = [record.dev for record in records if record.dev is not None]
    assert len(scores) == 2
    assert scores[-1]["accuracy"] > 0.95
    assert np.mean(np.array(classifier.classify(dev.texts)) == np.array(dev.labels)) > 0.95


@pytest.mark.parametrize("attention", ["softmax", "nystrom", "synthesizer"])
def test_a_text_gets_the_same_label_alone_and_in_company(attention):
    texts = lines(12)
    classifier = new_classifier(texts, Shape(**SMALL, attention=attention, landmarks=4), READING).eval()
    together = classifier.probabilities(texts.texts)
    assert np.ptp(together[:, 0]) > 1e-3
    assert np.abs(together.sum(1) - 1).max() < 1e-6
    alone = np.concatenate([classifier.probabilities([text]) for text in texts.texts])
    assert np.abs(alone - together).max() < 1e-5


def test_a_saved_classifier_says_the_same(tmp_path):
    texts = lines(12)
    classifier = new_classifier(texts, Shape(**SMALL, attention="nystrom", landmarks=4), READING).eval()
    classifier.save_pretrained(tmp_path / "model")
    loaded = Classifier.from_pretrained(tmp_path / "model")
    assert loaded.labels == ["autumn", "spring"]
    assert loaded.shape == classifier.shape
    assert np.array_equal(loaded.probabilities(texts.texts), classifier.probabilities(texts.texts))


def test_texts_longer_than_the_longest_are_cut_and_empty_ones_are_read():
    texts = lines(12)
    classifier = new_classifier(texts, Shape(**SMALL, attention="synthesizer"), READING).eval()
    long, cut = "春" * 100, "春" * 40
    assert np.array_equal(*(classifier.probabilities([text]) for text in (long, cut)))
    assert classifier.probabilities([""]).shape == (1, 2)
    assert classifier.probabilities([]).shape == (0, 2)


def test_one_label_is_nothing_to_learn():
    with pytest.raises(BadInput, match="have 1 of them"):
        new_classifier(Labelled(["a", "b"], ["x", "x"]), Shape(**SMALL), READING)


def test_a_label_that_was_never_seen_is_named():
    texts = lines(12)
    classifier = new_classifier(texts, Shape(**SMALL), READING)
    with pytest.raises(BadInput, match="autumn, spring; got 'winter'"):
        next(train_classifier(classifier, texts, Labelled(["a"], ["winter"])))


def test_a_classifier_without_a_tokenizer_says_so():
    with pytest.raises(BadInput, match="tokenizer"):
        Classifier(10, ["a", "b"], Shape(**SMALL)).classify(["a"])
