"""The decoder's step written out computes what its modules do, and gives way where these are not what they were."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from minent.nn.shape import Shape
from minent.text.options import Search
from minent.text.writing import write
from minent.text.writing.seq2seq import Seq2Seq
from minent.text.writing.stepper import Stepper
from minent.text.writing.write import written
from minent.text.writing.written_out import written_out

SOURCE = torch.tensor([[5, 6, 7, 8], [9, 6, 0, 0], [8, 8, 5, 0]])
REAL = SOURCE > 0
KINDS = [
    {}, {"copy": True}, {"decoder": "right-to-left"}, {"positions": "rotary"}, {"positions": "learned"},
    {"decoder": "bidirectional"}, {"decoder": "bidirectional", "fusion": "linear", "positions": "rotary"},
    {"decoder": "bidirectional", "fusion": "gate"}, {"decoder": "bidirectional", "share": "embeddings"},
    {"decoder": "bidirectional", "share": "embeddings", "fusion": "gate", "copy": True},
    {"decoder": "bidirectional", "share": "embeddings", "interaction": 0.0}, {"decoder": "to-middle"},
    {"decoder": "to-middle", "share": "embeddings"},
]  # fmt: skip


def model(seed=0, positions: Any = "sinusoidal", **options) -> Any:
    torch.manual_seed(seed)
    shape = Shape(dim=16, heads=2, layers=2, hidden=32, dropout=0.3, positions=positions, longest=40)
    made = Seq2Seq(12, shape, **options).eval()
    with torch.no_grad():  # far from uniform, and biases that are not zeros
        for parameter in made.parameters():
            parameter.mul_(2.0) if parameter.dim() > 1 else parameter.add_(0.3 * torch.randn(parameter.shape))
    return made


def by_modules(monkeypatch, *given):
    with monkeypatch.context() as patch:
        patch.setattr(write, "written_out", lambda model: None)
        return written(*given)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("mask", [None, REAL])
def test_steps_are_those_of_the_modules(kind, mask):
    made = model(**kind)
    rows, draw = 3 * 2 * made.directions, torch.Generator().manual_seed(1)
    with torch.no_grad():
        steppers = [Stepper(made, SOURCE, mask, 2, one) for one in (None, written_out(made))]
        tokens, order = None, torch.arange(rows)
        for step in range(6):
            wanted, got = (stepper(tokens, order) for stepper in steppers)
            goes_on = slice(None) if steppers[0].real is None else steppers[0].real.all(1)  # of others nobody asks
            torch.testing.assert_close(got[goes_on], wanted[goes_on], rtol=1e-4, atol=1e-5)
            assert wanted.exp().std() > 0.02
            tokens = torch.randint(3, 12, (rows,), generator=draw)
            if step == 2:  # one sentence is done
                order = order.view(made.directions, 3, 2)[:, [0, 2]].flatten()
                tokens, rows = tokens[: len(order)], len(order)
            else:  # places in a beam change
                order = torch.arange(rows) // 2 * 2 + torch.randint(0, 2, (rows,), generator=draw)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("search", [Search(beam=1, longest=9), Search(beam=3, longest=9)], ids=["greedy", "beam"])
def test_what_is_written_is_what_the_modules_write(monkeypatch, kind, search):
    sources = [row[real].numpy() for row, real in zip(SOURCE, REAL, strict=True)]
    wanted, got = by_modules(monkeypatch, model(**kind), sources, search), written(model(**kind), sources, search)
    assert [[one.tokens for one in each] for each in got] == [[one.tokens for one in each] for each in wanted]
    assert any(len(each[0].tokens) > 1 for each in got)


def test_more_tokens_than_waves_are_kept_for(monkeypatch):
    search, sources = Search(beam=2, shortest=150, longest=150), [np.array([5, 6, 7])]
    wanted, got = by_modules(monkeypatch, model(), sources, search), written(model(), sources, search)
    assert got[0][0].tokens == wanted[0][0].tokens
    assert got[0][0].score == pytest.approx(wanted[0][0].score, rel=1e-4)


def test_hooked_other_or_training_modules_are_asked_themselves():
    made, calls = model(), []
    assert written_out(made) is not None
    hook = made.decoder.layers[1].feed.into.register_forward_hook(lambda *given: calls.append(1))
    assert written_out(made) is None
    written(made, [np.array([5, 6, 7])], Search(beam=1, shortest=4, longest=4))
    assert len(calls) == 5
    hook.remove()
    assert written_out(made) is not None
    weight_norm(made.decoder.layers[0].across.out)
    assert written_out(made) is None
    made = model()
    made.decoder.layers[0].norms[0] = nn.RMSNorm(16)
    assert written_out(made) is None
    made = model()
    made.decoder.layers[0].forward = made.decoder.layers[0].forward
    assert written_out(made) is None
    with torch.autocast("cpu", torch.bfloat16):
        assert written_out(model()) is None


def test_a_window_is_not_softmax():
    torch.manual_seed(0)
    assert written_out(Seq2Seq(12, Shape(dim=16, heads=2, attention="window", window=4)).eval()) is None


def test_a_model_in_training_drops_nothing_out_while_it_writes():
    made, sources, search = model(), [np.array([5, 6, 7]), np.array([9, 6])], Search(beam=2, longest=12)
    wanted = written(made, sources, search)
    made.train()
    assert written(made, sources, search) == wanted
    assert made.training
    assert made.decoder.layers[0].dropout.training


def test_weights_may_change_between_two_texts():
    made, sources, search = model(), [np.array([5, 6, 7])], Search(beam=1, shortest=5, longest=5)
    before = written(made, sources, search)
    with torch.no_grad():
        made.embedding.tokens.weight.data.add_(torch.randn(12, 16))
        made.decoder.layers[0].feed.out.weight.data.mul_(-1.0)
    after = written(made, sources, search)
    torch.manual_seed(9)
    other: Any = Seq2Seq(12, made.shape).eval()
    other.load_state_dict(made.state_dict())
    assert before != after == written(other, sources, search)
