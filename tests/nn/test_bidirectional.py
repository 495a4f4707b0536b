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


@pytest.mark.parametrize("fusion", ["tanh", "gate"])
def test_halves_that_share_nothing_are_two_layers_that_read_each_other(fusion):
    made, x = layer(fusion=fusion, interaction=0.3, shared=False), numbers(6, 4, 8)
    parts = [[half.ways[d] for half in (made.query, made.key, made.value, made.out)] for d in (0, 1)]
    cut = [[part(x[3 * d : 3 * d + 3]).view(3, 4, 2, 4).transpose(1, 2) for part in parts[d][:3]] for d in (0, 1)]
    for d in (0, 1):
        query, key, value = cut[d]
        own = naive.softmax(query, key, value, None, causal=True)
        other = naive.softmax(query, *cut[1 - d][1:], None, causal=True)
        if fusion == "gate":
            keep, take = made.gate.ways[d](torch.cat([own, other], 3)).sigmoid().split(4, 3)
            expected = keep * own + take * other
        else:
            expected = own + 0.3 * torch.tanh(other)
        expected = parts[d][3](expected.transpose(1, 2).flatten(2))
        torch.testing.assert_close(made(x, None, None, True)[3 * d : 3 * d + 3], expected)


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("rows", [1, 2])
def test_halves_that_share_nothing_read_a_memory_each_in_its_own_way(rows, cached):
    made = layer(Shared, shared=False)
    x, memory = numbers(2 * 2 * rows, 4, 8), numbers(2, 5, 8, seed=1)
    real = torch.tensor([[1, 1, 1, 1, 0], [1, 1, 0, 0, 0]]).bool()
    mine = [sentence for sentence in range(2) for _ in range(rows)]
    cache = Cache() if cached else None
    found = made(x, memory, real, cache=cache)
    for d in (0, 1):
        one = layer(Softmax)
        one.query, one.out = made.query.ways[d], made.out.ways[d]
        for name in ("key", "value"):
            with torch.no_grad():
                wide = getattr(made, name)
                getattr(one, name).weight.copy_(wide.weight[8 * d : 8 * d + 8])
                getattr(one, name).bias.copy_(wide.bias[8 * d : 8 * d + 8])
        half = slice(2 * rows * d, 2 * rows * (d + 1))
        torch.testing.assert_close(found[half], one(x[half], memory[mine], real[mine]))
    if cache is not None:
        torch.testing.assert_close(made(x, memory * 0, real, cache=cache), found)


def test_what_the_partner_says_is_dropped_in_training_only():
    x = numbers(2, 3, 8)
    made, plain = layer(interaction=0.5, drop=0.5), layer(interaction=0.5)
    torch.testing.assert_close(made(x, causal=True), plain(x, causal=True))
    made.train()
    assert not torch.equal(made(x, causal=True), made(x, causal=True))
    made.interaction = 0.0
    torch.testing.assert_close(made(x, causal=True), made(x, causal=True))
