"""What is written are texts: no padding or masks, each once, and no prefix that the tokenizer does not know."""

import math
from dataclasses import replace

import pytest
import torch

from minent.data import Pairs
from minent.errors import BadInput
from minent.nn.shape import Shape
from minent.text import Reading, Writing, n_best, new_seq2seq
from minent.text.options import Search


@pytest.fixture(scope="module")
def model():
    pairs = Pairs(["1 2"], ["7 7 7 7 7 7"])
    made = new_seq2seq(pairs, Shape(dim=16, heads=2, layers=1, hidden=32), Reading("words"), Writing()).eval()
    with torch.no_grad():
        made.embedding.tokens.weight[:5] *= 3  # special tokens are likely where nothing was learned
    return made


@pytest.mark.parametrize("beam", [1, 3, 8])
def test_no_text_is_written_twice_and_special_tokens_never(model, beam):
    found = n_best(model, ["1 2", "2"], Search(beam=beam, longest=6))
    for one in found:
        texts = [written.text for written in one]
        assert texts and len(set(texts)) == len(texts) and set("".join(texts)) <= set("127 ")
        assert [written.score for written in one] == sorted((written.score for written in one), reverse=True)


def test_probabilities_are_those_of_texts(model):
    (one,) = n_best(model, ["1 2"], Search(beam=200, longest=2, length_penalty=0.0))
    assert sum(math.exp(written.score) for written in one if len(written.text.split()) < 2) < 1
    assert len(one) == 1 + 3 + 9  # all texts of at most two of three words


def test_a_prefix_must_be_known(model):
    with pytest.raises(BadInput, match="texts cannot begin with '7 9999': some of it is unknown to the tokenizer"):
        n_best(model, ["1 2"], Search(prefix="7 9999"))
    assert all(one.text.startswith("7 2") for one in n_best(model, ["1 2"], Search(prefix="7 2", longest=5))[0])


def test_nothing_is_drawn_where_options_leave_nothing(model, caplog):
    impossible = Search(beam=3, temperature=1.0, no_repeat=1, shortest=8, longest=8)
    assert n_best(model, ["1 2"], impossible) == [[]]
    assert caplog.messages == ["3 of 3 draws are left out: the options left no token to draw"]
    caplog.clear()
    assert n_best(model, ["1 2"], replace(impossible, temperature=0.0)) == [[]]
    assert caplog.messages == ["for 1 of 1 texts the options leave nothing to write"]
    assert model.write(["1 2"], beam=3, temperature=1.0, no_repeat=1, shortest=8, longest=8) == [""]


def test_texts_are_as_long_as_those_that_were_learned_from(model):
    (one,) = n_best(model, ["1 2"], Search(beam=1, shortest=5))
    assert len(one[0].text.split()) in (5, 6)  # the targets had six
    with pytest.raises(BadInput, match="shortest must be at least 0 and at most longest; got 7 and 6"):
        n_best(model, ["1 2"], Search(shortest=7))
    assert len(n_best(model, ["1 2"], Search(beam=1, shortest=9, longest=9))[0][0].text.split()) == 9
