"""Two decoders attend to one another as the paper's equations say, and both to one memory."""

import pytest
import torch
from naive import attention as naive

from minent.errors import BadInput
from minent.nn.attention import Cache
from minent.nn.attention.bidirectional import Bidirectional, Shared
from minent.nn.attention.softmax import Softmax


def numbers(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def layer(kind=Bidirectional, **options):
    torch.manual_seed(1)
    return kind(8, 2, **options).double().eval()


def heads(made, x):
    return [part(x).view(*x.shape[:2], 2, 4).transpose(1, 2) for part in (made.query, made.key, made.value)]


@pytest.mark.parametrize("fusion", ["tanh", "linear", "gate"])
@pytest.mark.parametrize("padded", [False, True])
def test_it_is_the_equation(fusion, padded):
    made, x = layer(fusion=fusion, interaction=0.3), numbers(6, 4, 8)
    real = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0], [1, 1, 1, 1], [1, 1, 0, 0]]).bool()
    real = real if padded else None
    query, key, value = heads(made, x if real is None else x * real[:, :, None])
    partner = [3, 4, 5, 0, 1, 2]
    own = naive.softmax(query, key, value, real, causal=True)
    other = naive.softmax(query, key[partner], value[partner], None if real is None else real[partner], causal=True)
    assert (other - own).abs().max() > 0.1
    if fusion == "gate":
        keep, take = made.gate(torch.cat([own, other], 3)).sigmoid().split(4, 3)
        expected = keep * own + take * other
    else:
        expected = own + 0.3 * (torch.tanh(other) if fusion == "tanh" else other)
    expected = made.out(expected.transpose(1, 2).flatten(2))
    torch.testing.assert_close(made(x, None, real, True), expected)


def test_a_batch_has_halves():
    with pytest.raises(BadInput, match="got 3 rows"):
        layer()(numbers(3, 4, 8))


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("cached", [False, True])
def test_both_halves_share_a_memory_as_if_each_row_had_it(rows, cached):
    shared, alone = layer(Shared), layer(Softmax)
    x, memory = numbers(2 * 2 * rows, 4, 8), numbers(2, 5, 8, seed=1)
    real = torch.tensor([[1, 1, 1, 1, 0], [1, 1, 0, 0, 0]]).bool()
    mine = [sentence for _ in range(2) for sentence in range(2) for _ in range(rows)]
    expected = alone(x, memory[mine], real[mine])
    assert (expected - alone(x, memory[mine].roll(1, 0), real[mine].roll(1, 0))).abs().max() > 0.01
    cache = Cache() if cached else None
    for _ in range(2):  # the second time from the cache
        torch.testing.assert_close(shared(x, memory, real, False, cache), expected)


def test_attention_in_bfloat16_learns_as_in_float32():
    torch.manual_seed(0)
    made, x = Softmax(16, 2), torch.randn(3, 7, 16)
    parameters = list(made.parameters())
    exact = torch.autograd.grad(made(x, causal=True).square().sum(), parameters)
    with torch.autocast("cpu", torch.bfloat16):
        out = made(x, causal=True)
    rough = torch.autograd.grad(out.float().square().sum(), parameters)
    assert out.dtype == torch.bfloat16
    long = max(float(slope.norm()) for slope in exact)
    assert all((a - b).norm() < 2e-2 * long for a, b in zip(exact, rough, strict=True))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert (made(x, causal=True) - out).abs().max() < 0.05
