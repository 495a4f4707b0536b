"""A model from left to right is taken out of a bidirectional one, and learns what both its directions agree on."""

import pytest
import torch

from minent.data import Pairs
from minent.errors import BadInput
from minent.nn.shape import Shape
from minent.text import Reading, Seq2Seq, Writing, agreed_pairs, left_half, new_seq2seq, train_seq2seq
from minent.text.writing.model import alone
from minent.training.recipe import Recipe

SHAPE = Shape(dim=16, heads=2, layers=2, hidden=32, dropout=0.0)
SOURCE, TARGET = torch.tensor([[5, 6, 7], [8, 9, 0]]), torch.tensor([[7, 9, 5], [6, 4, 0]])


@pytest.mark.parametrize(
    ("share", "fusion", "copy"), [("all", "tanh", False), ("embeddings", "gate", True), ("embeddings", "tanh", False)]
)
@torch.no_grad()
def test_the_left_half_says_what_its_teacher_says_from_the_left(share, fusion, copy):
    torch.manual_seed(0)
    teacher = Seq2Seq(12, SHAPE, "bidirectional", share=share, fusion=fusion, copy=copy).eval()
    if copy:
        teacher.copying.normal_()
    half, history = left_half(teacher), teacher.histories(TARGET, TARGET > 0)
    with alone(teacher):
        both = teacher(SOURCE, SOURCE > 0, *history)
    own = half(SOURCE, SOURCE > 0, TARGET, TARGET > 0)
    real = torch.cat([torch.ones(2, 1, dtype=torch.bool), TARGET > 0], 1)
    assert (own - both[:2])[real].abs().max() < 1e-5 < (own - both[2:])[real].abs().max()
    assert half.direction == "left-to-right" and not half.training


@pytest.fixture(scope="module")
def teacher():
    pairs = Pairs(["1 2", "3", "2 3"] * 5, ["2 1", "3", "3 2"] * 5)
    model = new_seq2seq(pairs, SHAPE, Reading("words"), Writing("bidirectional"))
    list(train_seq2seq(model, pairs, None, Recipe(steps=30, learning_rate=1e-2)))  # so that something is written
    return model


def test_pairs_come_with_what_both_directions_agree_on(teacher):
    sources = ["1 2", "3", "2 3"]
    wrote = teacher.write(sources, beam=2)
    assert all(wrote)
    pairs = agreed_pairs(teacher, Pairs(sources, ["1 1 1", wrote[1], "1 1 1"]))
    assert pairs.sources == [*sources, "1 2", "2 3"]
    assert pairs.targets == ["1 1 1", wrote[1], "1 1 1", wrote[0], wrote[2]]


def test_a_model_of_one_direction_has_no_half(teacher):
    half = left_half(teacher)
    assert half.tokenizer is teacher.tokenizer and half.write(["1 2"], beam=1) == half.write(["1 2"], beam=1)
    for asked in (left_half, lambda model: agreed_pairs(model, Pairs(["1"], ["1"]))):
        with pytest.raises(BadInput, match=r"bidirectional model; got one .*left-to-right"):
            asked(half)
