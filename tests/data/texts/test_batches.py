"""Batches by length: each example once an epoch, within the budget, with little padding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.data import Batches
from minent.errors import BadInput

sequences = st.lists(st.lists(st.integers(0, 2**40), min_size=1, max_size=30), max_size=60)


def ragged(lists):
    return [np.array(one, np.int64) for one in lists]


def skewed(count, seed=0):
    """Lengths as texts have them: most short, some very long."""
    random = np.random.default_rng(seed)
    lengths = np.clip(random.lognormal(4, 1, count), 1, 2000).astype(int)
    return [random.integers(1, 1000, length, np.int32) for length in lengths]


@given(sequences, st.integers(30, 200), st.booleans(), st.integers(0, 3))
def test_every_example_comes_once_an_epoch_whole_and_within_the_budget(lists, tokens, shuffle, number):
    labels = np.arange(len(lists)) * 10
    batches = Batches({"words": ragged(lists), "label": labels}, tokens=tokens, shuffle=shuffle, pad=-1)
    epoch = list(batches.epoch(number))
    assert len(epoch) == len(batches)
    assert sorted(id for batch in epoch for id in batch["id"]) == list(range(len(lists)))
    for batch in epoch:
        assert batch["words"].size <= tokens
        assert batch["words"].dtype == batch["label"].dtype == batch["id"].dtype == np.int64
        assert (batch["words"][~batch["words_mask"]] == -1).all()
        assert batch["words_mask"].any(0).all()
        for id, row, mask, label in zip(*(batch[name] for name in ("id", "words", "words_mask", "label")), strict=True):
            assert row[mask].tolist() == lists[id] and row[: mask.sum()].tolist() == lists[id]
            assert label == 10 * id


def test_little_is_padding_where_lengths_are_skewed():
    texts = skewed(5000)
    lengths = np.array([len(text) for text in texts])
    assert lengths.max() > 20 * np.median(lengths)
    batches = Batches({"words": texts})
    masks = [batch["words_mask"] for batch in batches.epoch(0)]
    real = sum(mask.sum() for mask in masks)
    assert real == lengths.sum()
    assert 1 - real / sum(mask.size for mask in masks) < 0.1
    assert len(batches) < 1.2 * real / 8192


def ids(epoch):
    return [batch["id"].tolist() for batch in epoch]


def test_an_epoch_depends_on_its_seed_and_number_alone():
    texts = {"words": skewed(500)}
    batches = Batches(texts, seed=3)
    second = ids(batches.epoch(2))
    assert len(second) > 5
    assert ids(Batches(texts, seed=3).epoch(2)) == second
    next(batches.epoch(7))
    assert ids(batches.epoch(2)) == second
    assert ids(batches.epoch(2, start=4)) == second[4:]
    assert ids(batches.epoch(1)) != second != ids(Batches(texts, seed=4).epoch(2))
    assert {len(ids(batches.epoch(number))) for number in range(20)} == {len(batches)}


def test_epochs_put_other_examples_side_by_side():
    batches = Batches({"words": skewed(2000)})
    one, other = ({frozenset(batch) for batch in ids(batches.epoch(number))} for number in (0, 1))
    assert len(one & other) < len(one) / 10


def test_without_shuffling_batches_go_from_short_to_long_and_stay():
    batches = Batches({"words": skewed(500)}, shuffle=False)
    widths = [batch["words"].shape[1] for batch in batches.epoch(0)]
    assert len(widths) > 5 and widths == sorted(widths)
    assert ids(batches.epoch(0)) == ids(batches.epoch(1))


def test_batches_of_so_many_examples():
    sizes = [len(batch) for batch in ids(Batches({"words": skewed(100)}, examples=16).epoch(0))]
    assert sorted(sizes) == [4, 16, 16, 16, 16, 16, 16]


def test_the_budget_counts_the_longest_of_several_sequences():
    source, target = skewed(300, 1), skewed(300, 2)
    for batch in Batches({"source": source, "target": target}, tokens=4096).epoch(0):
        assert max(batch["source"].size, batch["target"].size) <= 4096
        assert [len(source[id]) for id in batch["id"]] == batch["source_mask"].sum(1).tolist()
        assert [len(target[id]) for id in batch["id"]] == batch["target_mask"].sum(1).tolist()


def test_arrays_keep_shape_and_type():
    images = np.random.default_rng(0).random((10, 3, 4, 4), np.float32)
    batch = next(Batches({"image": images, "label": list(range(10))}, examples=4).epoch(0))
    assert (batch["image"] == images[batch["label"]]).all() and batch["image"].dtype == np.float32
    values = [np.array([0.5]), np.array([0.25, 1.0])]
    assert next(Batches({"x": values}, shuffle=False).epoch(0))["x"].tolist() == [[0.5, 0], [0.25, 1]]


@pytest.mark.parametrize("columns, options, sentence", [
    ({"words": ragged([[1], [1, 2, 3, 4]])}, {"tokens": 3}, "example 1 has 4 tokens; a batch holds at most 3"),
    ({"words": ragged([[1], []])}, {}, "sequences must not be empty; words of example 1 is"),
    ({"words": ragged([[1]]), "label": np.arange(2)}, {}, "columns must have one length; got {'words': 1, 'label': 2}"),
    ({}, {}, "columns must have one length"),
    ({"id": np.arange(2)}, {}, "a batch names ['id'] itself"),
    ({"a": ragged([[1]]), "a_mask": np.arange(1)}, {}, "a batch names ['a_mask'] itself"),
    ({"label": np.arange(2)}, {"examples": 0}, "a batch holds at least one"),
])  # fmt: skip
def test_what_is_wrong_is_said(columns, options, sentence):
    with pytest.raises(BadInput) as caught:
        Batches(columns, **options)
    assert sentence in str(caught.value)
