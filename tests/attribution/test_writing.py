"""Statements that write in place are followed as the functions they are, or refused; so are masks that are learned."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from minent.attribution import explain, record, tracin
from minent.errors import BadInput

torch.manual_seed(0)
X = torch.randn(24, 5, dtype=torch.float64)
Y = (X[:, 0] > 0).long() + (X[:, 1] > 0).long()


def add(model, x):
    h = model.a(x)
    h.add_(model.c(x))
    return model.b(h)


def plus(model, x):
    h = one = model.a(x)
    h += model.c(x)
    return model.b(torch.tanh(h) + one)  # two names of one tensor


def relu(model, x):
    h = model.a(x)
    h.relu_()
    return model.b(h)


def place(model, x):
    h = model.a(x).clone()
    h[:, 0] = 0
    h[:, 3:6] = model.c(x)[:, :3]
    return model.b(torch.tanh(h))


def shifted(model, x):
    h = model.a(x)
    out = torch.zeros_like(h)
    out[:, 1:] = h[:, :-1]
    return model.b(torch.tanh(out))


def copied(model, x):
    h = x.new_empty(len(x), 16)
    h.copy_(model.a(x))
    return model.b(torch.tanh(h))


def filled(model, x):
    h = model.a(x)
    h.fill_(0.0)
    return model.b(h + model.c(x))


def before(activation):
    """A block whose activation writes to what is added again."""

    def block(model, x):
        h = model.a(x)
        return model.b(model.d(activation(h)) + h)

    return block


def largest(model, x):
    return model.b(model.a(x).view(len(x), 16, 1).max(2).values)


def masked(model, x):
    q = model.a(x).view(len(x), 4, 4)
    return model.b(F.scaled_dot_product_attention(q, q, q, attn_mask=model.mask).flatten(1))


WAYS = {
    "add": add, "plus": plus, "relu": relu, "place": place, "shifted": shifted, "copied": copied, "filled": filled,
    "largest": largest, "masked": masked, "relu before": before(nn.ReLU(inplace=True)),
    "leaky before": before(nn.LeakyReLU(0.1, inplace=True)), "elu before": before(nn.ELU(inplace=True)),
    "hardtanh before": before(nn.Hardtanh(-0.5, 0.5, inplace=True)), "silu before": before(nn.SiLU(inplace=True)),
}  # fmt: skip


class Model(nn.Module):
    def __init__(self, way):
        super().__init__()
        torch.manual_seed(1)
        self.a, self.b, self.c, self.d = nn.Linear(5, 16), nn.Linear(16, 3), nn.Linear(5, 16), nn.Linear(16, 16)
        self.mask, self.way = nn.Parameter(torch.zeros(4, 4)), way
        self.double()

    def forward(self, x):
        return self.way(self, x)


def recorded(model, folder):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.5)
    with record(model, optimizer, folder) as r:
        for _ in range(5):
            optimizer.zero_grad()
            F.cross_entropy(model(X), Y).backward()
            r.batch(range(24))
            optimizer.step()


@pytest.mark.parametrize("way", WAYS)
def test_what_is_written_in_place_is_explained_exactly(tmp_path, way):
    model = Model(WAYS[way])
    recorded(model, tmp_path / "a")
    parts = explain(model, tmp_path / "a", X[:4], train=(X, Y))
    assert parts.relative_residual < 1e-11 and np.abs(parts.contributions).max() > 1e-3


@pytest.mark.parametrize("way", WAYS)
def test_influence_of_what_is_written_in_place_is_that_of_gradients(way):
    model = Model(WAYS[way])

    def gradient(i):
        loss = F.cross_entropy(model(X[i : i + 1]), Y[i : i + 1])
        found = torch.autograd.grad(loss, list(model.parameters()), allow_unused=True, materialize_grads=True)
        return torch.cat([one.flatten() for one in found])

    each = torch.stack([gradient(i) for i in range(24)])
    wanted = 0.1 * each[:3] @ each.T
    found = tracin(model, [(model.state_dict(), 0.1)], X[:3], Y[:3], train=(X, Y))
    assert wanted.abs().max() > 1e-3
    assert np.allclose(found, wanted.numpy(), atol=1e-12)


def shown_twice(model, x):
    h = model.a(x)
    h[:, :4].mul_(2)
    return model.b(h)


def into_plain(model, x):
    out = torch.zeros(len(x), 16, dtype=x.dtype)
    out[:, 1:] = model.a(x)[:, 1:]
    return model.b(out)


@pytest.mark.parametrize(("way", "why"), [
    (shown_twice, "in place to numbers that another tensor shows too"),
    (into_plain, "into a tensor that it does not: make it of what is written, as by torch.zeros_like"),
    (lambda model, x: model.b(torch.add(model.a(x), 1, out=torch.empty(len(x), 16, dtype=x.dtype))), "writes to out="),
])  # fmt: skip
def test_what_cannot_be_followed_is_refused(way, why):
    model = Model(way)
    with pytest.raises(BadInput, match=why):
        tracin(model, [(model.state_dict(), 0.1)], X[:3], Y[:3], train=(X, Y))
