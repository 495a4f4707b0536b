"""Softmax attention is PyTorch's own and its slow twin, sees no later token, and decodes step by step."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from naive import attention as naive
from naive.attention import PADDING, padding
from torch import Tensor, nn

from minent.errors import BadInput
from minent.nn.attention import Cache, Softmax, attention
from minent.nn.attention.heads import check_tokens, whole
from minent.nn.positions import rotated


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def layer(**options) -> Softmax:
    torch.manual_seed(0)
    softmax = Softmax(8, 2, **options).double()
    with torch.no_grad():
        for parameter in softmax.parameters():
            parameter.normal_(std=0.6)
    return softmax


def twin(layer: Softmax, x: Tensor, memory: Tensor | None, real: Tensor | None, causal: bool) -> Tensor:
    if memory is None and real is not None:
        x = x * real[:, :, None]  # what padding asks means nothing: here, what zeros ask
    source = x if memory is None else memory
    pairs = (layer.query, x), (layer.key, source), (layer.value, source)
    query, key, value = (naive.heads(tokens, linear.weight, linear.bias, 2) for linear, tokens in pairs)
    if layer.rotary and memory is None:
        query, key = rotated(query), rotated(key)
    return naive.joined(naive.softmax(query, key, value, real, causal), layer.out.weight, layer.out.bias)


def sighted(real: Tensor | None, samples: int, queries: int, causal: bool) -> Tensor:
    """The queries that have a real token to look at."""
    if real is None:
        return torch.ones(samples, queries).bool()
    return real.cumsum(1) > 0 if causal else real.any(1, keepdim=True).expand(samples, queries)


@pytest.mark.parametrize("rotary", [False, True])
@pytest.mark.parametrize("how", ["plain", "causal", "memory"])
@pytest.mark.parametrize("length", [1, 7])
@pytest.mark.parametrize("kind", PADDING)
def test_a_layer_is_its_slow_twin(kind: str, length: int, how: str, rotary: bool):
    softmax, x, causal = layer(rotary=rotary), numbers(3, length, 8), how == "causal"
    memory = numbers(3, 5, 8, seed=1) if how == "memory" else None
    real = padding(kind, 3, length if memory is None else 5)
    with torch.no_grad():
        seen, slow = sighted(real, 3, length, causal), twin(softmax, x, memory, real, causal)
        out = softmax(x, memory, real, causal)
        single = deepcopy(softmax).float()(x.float(), None if memory is None else memory.float(), real, causal)
    assert out.isfinite().all() and single.isfinite().all()
    torch.testing.assert_close(out[seen], slow[seen], rtol=0, atol=1e-10)
    torch.testing.assert_close(single[seen].double(), slow[seen], rtol=0, atol=1e-4)


@pytest.mark.parametrize(("crossed", "causal"), [(False, False), (False, True), (True, False)])
@pytest.mark.parametrize("kind", ["none", "right", "holes"])
def test_it_is_multihead_attention_of_torch_with_the_same_weights(kind: str, crossed: bool, causal: bool):
    softmax, x = layer(), numbers(3, 7, 8)
    memory = numbers(3, 5, 8, seed=1) if crossed else x
    torchs, linears = (
        nn.MultiheadAttention(8, 2, batch_first=True).double(),
        (softmax.query, softmax.key, softmax.value),
    )
    with torch.no_grad():
        torchs.in_proj_weight.copy_(torch.cat([linear.weight for linear in linears]))
        torchs.in_proj_bias.copy_(torch.cat([linear.bias for linear in linears]))
    torchs.out_proj.load_state_dict(softmax.out.state_dict())
    real = padding(kind, 3, memory.shape[1])
    later = torch.ones(7, 7).triu(1).bool() if causal else None
    ignored = None if real is None else ~real
    if not crossed and real is not None:
        x = memory = x * real[:, :, None]
    exact, _ = torchs(x, memory, memory, key_padding_mask=ignored, attn_mask=later, need_weights=False)
    out = softmax(x, memory if crossed else None, real, causal)
    seen = sighted(real, 3, 7, causal)
    assert seen.sum() > 10
    torch.testing.assert_close(out[seen], exact[seen])


def test_causal_attention_never_looks_ahead():
    for softmax in (layer(), layer(rotary=True)):
        x = numbers(2, 9, 8)
        for real in (None, padding("right", 2, 9)):
            before = softmax(x, None, real, True)
            for t in range(9):
                other = torch.cat([x[:, :t], 5 * numbers(2, 9 - t, 8, seed=t + 1)], dim=1)
                after = softmax(other, None, real, True)
                assert torch.equal(before[:, :t], after[:, :t]) and not torch.equal(before[:, t:], after[:, t:])


@pytest.mark.parametrize("rotary", [False, True])
@pytest.mark.parametrize("kind", ["none", "left", "holes"])
def test_step_by_step_decoding_is_the_causal_pass(kind: str, rotary: bool):
    softmax, x, real = layer(rotary=rotary), numbers(3, 9, 8), padding(kind, 3, 9)
    whole, seen = softmax(x, None, real, True), sighted(real, 3, 9, True)
    for steps in ([1] * 9, [4, 1, 3, 1], [9]):
        cache, outs, start = Cache(), [], 0
        for step in steps:
            assert cache.length == start
            start += step
            mask = None if real is None else real[:, :start]
            outs.append(softmax(x[:, start - step : start], None, mask, True, cache))
        torch.testing.assert_close(torch.cat(outs, dim=1)[seen], whole[seen])


def test_a_memory_is_read_into_the_cache_once():
    softmax, x, memory, real = layer(), numbers(3, 6, 8), numbers(3, 5, 8, seed=1), padding("right", 3, 5)
    whole, cache = softmax(x, memory, real), Cache()
    nothing = torch.full_like(memory, torch.nan)
    steps = [softmax(x[:, t : t + 1], memory if t == 0 else nothing, real, False, cache) for t in range(6)]
    torch.testing.assert_close(torch.cat(steps, dim=1), whole)
    assert cache.length == 5


@pytest.mark.parametrize("rows", [[2, 0, 1], [1, 1, 1], [0], [2, 2, 0, 1, 1]])
def test_selected_rows_of_a_cache_go_on_as_if_they_had_always_stood_there(rows: list[int]):
    softmax, x, cache = layer(rotary=True), numbers(3, 6, 8), Cache()
    softmax(x[:, :5], None, None, True, cache)
    cache.select(torch.tensor(rows))
    last = softmax(x[rows, 5:], None, None, True, cache)
    torch.testing.assert_close(last, softmax(x, None, None, True)[rows, 5:])
    empty = Cache()
    empty.select(torch.tensor(rows))
    assert empty.value is None and empty.length == 0


def test_rotary_attention_depends_on_distances_only():
    softmax, x = layer(rotary=True), numbers(2, 6, 8)
    apart = [numbers(2, gap, 8, seed=1) for gap in (0, 1, 50)]
    outs = []
    for before in apart:  # the same tokens, further along, with all before them hidden
        tokens, real = torch.cat([before, x], dim=1), torch.ones(2, 6 + before.shape[1]).bool()
        real[:, : before.shape[1]] = False
        outs.append(softmax(tokens, None, real)[:, -6:])
    for out in outs[1:]:
        torch.testing.assert_close(out, outs[0], rtol=0, atol=1e-5)
    order = [1, 0, 2, 3, 4, 5]
    assert (softmax(x[:, order])[:, order] - outs[0]).abs().max() > 1e-3
    torch.testing.assert_close(layer()(x[:, order])[:, order], layer()(x))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("kind", PADDING)
def test_half_precision_is_full_precision_rounded(kind: str, dtype: torch.dtype):
    softmax, x, real = layer(rotary=True).float(), numbers(3, 9, 8).float(), padding(kind, 3, 9)
    for causal in (False, True):
        exact, seen = softmax(x, None, real, causal), sighted(real, 3, 9, causal)
        with torch.autocast("cpu", dtype):
            automatic = softmax(x, None, real, causal)
        for out in (deepcopy(softmax).to(dtype)(x.to(dtype), None, real, causal), automatic):
            assert out.dtype == dtype and out.isfinite().all()
            assert (out - exact)[seen].norm() <= 20 * torch.finfo(dtype).eps * exact[seen].norm()


def test_dropout_drops_weights_in_training_only():
    softmax, x = layer(dropout=0.5), numbers(1, 9, 8)
    assert not torch.equal(softmax(x), softmax(x))
    assert torch.equal(softmax.eval()(x), softmax(x))


def test_tokens_of_another_shape_and_settings_that_are_none_are_refused():
    check_tokens(torch.randn(2, 5, 8), 8)
    for tokens, came in (
        (torch.randn(5, 8), r"torch.float32 \(5, 8\)"),
        (torch.randn(2, 5, 9), r"torch.float32 \(2, 5, 9\)"),
        (torch.ones(2, 5, 8, dtype=torch.long), "torch.int64"),
    ):
        with pytest.raises(BadInput, match=rf"floats \(batch, n, 8\); got {came}"):
            check_tokens(tokens, 8)
    for kind in ("softmax", "nystrom", "window", "synthesizer"):
        with pytest.raises(BadInput, match=r"floats \(batch, n, 8\); got"):
            attention(kind, 8, 2)(torch.randn(2, 5, 9))
        with pytest.raises(BadInput, match=r"dropout is a share, from 0 to 1; got 1\.5"):
            attention(kind, 8, 2, dropout=1.5)
    assert whole("window", np.int64(3)) == 3
    for value in (2.5, "100", None, 0):
        with pytest.raises(BadInput, match="window is a whole number, at least 1; got"):
            whole("window", value)


def test_heads_that_cannot_be_are_refused():
    for options, says in [({"heads": 3}, "3 heads for a width of 8"), ({"heads": 8, "rotary": True}, "odd width")]:
        with pytest.raises(BadInput, match=says):
            Softmax(8, **options)
