"""Window attention is what its definition says, sees nothing it must not, and is exact for short texts."""

import pytest
import torch
import torch.nn.functional as F
from naive.window import window_attention as naive

from minent.errors import BadInput
from minent.nn import Decoder, Shape
from minent.nn.attention import Cache, attention, window_attention
from minent.nn.attention import heads as attention_heads
from minent.nn.attention import window as attention_window

KINDS = "window", "window+landmarks"


def heads(n: int, width: int = 6) -> tuple[torch.Tensor, ...]:
    g = torch.Generator().manual_seed(0)
    return *(torch.randn(2, 2, n, 6, generator=g).double() for _ in range(2)), torch.randn(2, 2, n, width).double()


def mask(n: int) -> torch.Tensor:
    real = torch.ones(2, n, dtype=torch.bool)
    real[0, :2] = real[1, n // 2 : -2] = False
    return real


@pytest.fixture(params=["by hand", "as on a GPU"])
def way(request, monkeypatch):
    """Both ways of the mathematics: which is taken depends on the device."""
    if request.param == "as on a GPU":
        monkeypatch.setattr(attention_heads, "BY_HAND", ())


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("landmarks", [False, True])
@pytest.mark.parametrize(("n", "width"), [(37, 6), (40, 3), (4, 6), (1, 6)])
def test_it_is_the_naive_one(way, causal, landmarks, n, width):
    q, k, v = heads(n, width)
    real = mask(n) if n > 4 else torch.ones(2, n, dtype=torch.bool)
    told = naive(q, k, v, 5, landmarks, real, causal)
    out = window_attention(q, k, v, 5, landmarks=landmarks, padding_mask=real, causal=causal)
    shown = real[:, None].expand(2, 2, n)
    assert (out - told)[shown].abs().max() < 1e-6
    if causal:
        for start in (n - 1, n // 2, min(n - 1, 1)):
            last = window_attention(q[:, :, start:], k, v, 5, landmarks=landmarks, padding_mask=real, causal=True)
            assert (last - out[:, :, start:])[shown[:, :, start:]].abs().max() < 1e-12


@pytest.mark.parametrize("landmarks", [False, True])
@pytest.mark.parametrize(("n", "padded"), [(20, False), (23, False), (23, True)])
def test_gradients_are_those_of_the_naive_one(way, landmarks, n, padded):
    inputs = [x.requires_grad_() for x in heads(n)]
    real = mask(n) if padded else torch.ones(2, n, dtype=torch.bool)
    real[0, :2] = True  # blocks are counted from the first token, of both
    toward = torch.randn(2, 2, n, 6).double() * real[:, None, :, None]
    told = naive(*inputs, 4, landmarks, real, False)
    out = window_attention(*inputs, 4, landmarks=landmarks, padding_mask=real if padded else None, scale=6**-0.5)
    assert (out - told)[real[:, None].expand(2, 2, n)].abs().max() < 1e-12
    for one, other in zip(*(torch.autograd.grad((x * toward).sum(), inputs) for x in (out, told)), strict=True):
        assert (one - other).abs().max() < 1e-12 and one.abs().max() > 1e-3


def test_gradients_of_gradients_are_those_of_finite_differences():
    inputs = [x[:1, :1, :, :2].clone().requires_grad_() for x in heads(7)]
    assert torch.autograd.gradgradcheck(lambda *x: window_attention(*x, 2), inputs)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("landmarks", [False, True])
def test_numbers_by_distance_are_added_to_scores(causal, landmarks):
    q, k, v = heads(23)
    by, real = 3 * torch.randn(2, 45).double(), mask(23)
    told = naive(q, k, v, 4, landmarks, real, causal, by)
    shown = real[:, None].expand(2, 2, 23)
    out = window_attention(q, k, v, 4, landmarks=landmarks, padding_mask=real, causal=causal, by_distance=by)
    assert (out - told)[shown].abs().max() < 1e-12
    assert (out - naive(q, k, v, 4, landmarks, real, causal))[shown].abs().max() > 0.1
    whole = window_attention(q, k, v, 12, padding_mask=real, causal=causal, by_distance=by)
    place = torch.arange(23)
    added = by[:, 22 + place - place[:, None]].masked_fill((place > place[:, None]) & causal, -1e30)
    for b in range(2):
        exact = F.scaled_dot_product_attention(q[b], k[b], v[b], added.masked_fill(~real[b], -1e30))
        assert (whole[b] - exact)[:, real[b]].abs().max() < 1e-12
    alone = window_attention(
        *(x[:1, :, :18] for x in (q, k, v)), 4, landmarks=landmarks, causal=causal, by_distance=by[:, 5:-5]
    )
    real = torch.ones(2, 23, dtype=torch.bool)
    real[0, 18:] = False  # within a block: where its middle is does not depend on batch mates
    mates = window_attention(q, k, v, 4, landmarks=landmarks, padding_mask=real, causal=causal, by_distance=by)
    assert (mates[:1, :, :18] - alone).abs().max() < 1e-12
    with pytest.raises(BadInput, match=r"\(2, 45\) numbers; got \(2, 44\)"):
        window_attention(q, k, v, 4, by_distance=by[:, 1:])


@pytest.mark.parametrize("causal", [False, True])
def test_padding_in_front_moves_nothing(causal):
    q, k, v = heads(50)
    alone = window_attention(*(x[:1, :, 13:] for x in (q, k, v)), 5, causal=causal)
    real = torch.ones(2, 50, dtype=torch.bool)
    real[0, :13] = False
    out = window_attention(q, k, v, 5, padding_mask=real, causal=causal)
    assert (out[:1, :, 13:] - alone).abs().max() < 1e-12
    assert (out[1:] - window_attention(q[1:], k[1:], v[1:], 5, causal=causal)).abs().max() < 1e-12
    shifted = window_attention(*(x[:1, :, 12:] for x in (q, k, v)), 5, causal=causal)
    assert (shifted[:, :, 1:] - alone).abs().max() > 1e-3  # blocks matter


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("landmarks", [False, True])
@pytest.mark.parametrize("n", [1, 5, 23, 40])
def test_compilers_count_blocks_from_the_first_token_too(causal, landmarks, n, monkeypatch):
    q, k, v = heads(n)
    by, real = torch.randn(2, 2 * n - 1).double(), torch.rand(2, n, generator=torch.Generator().manual_seed(n)) > 0.3
    real[:, -1], real[0, : n // 2] = True, False
    told = {"landmarks": landmarks, "causal": causal, "padding_mask": real, "by_distance": by}
    eager = window_attention(q, k, v, 5, **told)
    monkeypatch.setattr(attention_window, "plainly", lambda: True)
    for start in {0, n // 2, n - 1} if causal else {0}:
        out = window_attention(q[:, :, start:], k, v, 5, **told)
        assert (out - eager[:, :, start:])[real[:, None, start:].expand(2, 2, -1)].abs().max() < 1e-12


def test_texts_of_two_windows_get_softmax_attention_whatever_their_batch_mates():
    q, k, v = heads(40)
    real = torch.ones(2, 40, dtype=torch.bool)
    real[0, 20:] = False
    exact = F.scaled_dot_product_attention(q[:1, :, :20], k[:1, :, :20], v[:1, :, :20])
    out = window_attention(q, k, v, 10, padding_mask=real)
    assert (out[:1, :, :20] - exact).abs().max() < 1e-12
    whole = F.scaled_dot_product_attention(q[1:], k[1:], v[1:])
    assert (out[1:] - whole).abs().max() > 1e-3  # the long one is an approximation


def test_it_sees_no_farther_than_its_reach():
    q, k, v = heads(50)
    near = (torch.arange(50)[:, None] - torch.arange(50)).abs() <= 7
    exact = F.scaled_dot_product_attention(q, k, v, near)
    assert (window_attention(q, k, v, 8, landmarks=False, reach=7) - exact).abs().max() < 1e-12


@pytest.mark.parametrize("kind", KINDS)
def test_the_future_has_no_part(kind):
    layer = attention(kind, 8, 2, window=4).eval()
    x = torch.randn(1, 30, 8)
    other = x.clone()
    other[:, 17:] = torch.randn(1, 13, 8)
    before, after = layer(x, causal=True), layer(other, causal=True)
    assert torch.equal(before[:, :17], after[:, :17]) and not torch.equal(before[:, 17:], after[:, 17:])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", [[1] * 22, [9, 1, 1, 7, 4]])
def test_step_by_step_is_the_whole(kind, steps):
    layer, x, cache = attention(kind, 8, 2, window=3, rotary=True).eval(), torch.randn(2, 22, 8), Cache()
    with torch.no_grad():
        parts = torch.cat([layer(part, causal=True, cache=cache) for part in x.split(steps, 1)], 1)
        assert (parts - layer(x, causal=True)).abs().max() < 1e-6


@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_is_full_precision_rounded(kind, gradients):
    layer, x = attention(kind, 8, 2, window=4), torch.randn(2, 30, 8)
    with torch.set_grad_enabled(gradients):
        exact = layer(x)
        with torch.autocast("cpu", torch.bfloat16):
            automatic = layer(x)
        for low in (automatic, layer.to(torch.bfloat16)(x.bfloat16())):
            assert low.dtype == torch.bfloat16 and (low.float() - exact).norm() < 0.02 * exact.norm()


def test_a_decoder_attends_by_windows():
    decoder = Decoder(Shape(dim=8, heads=2, layers=1, hidden=16, attention="window+landmarks", window=2)).eval()
    x, memory, caches = torch.randn(1, 9, 8), torch.randn(1, 3, 8), decoder.caches()
    with torch.no_grad():
        parts = [decoder(x[:, i : i + 1], memory, caches=caches) for i in range(9)]
        assert (torch.cat(parts, 1) - decoder(x, memory)).abs().max() < 1e-6


def test_dropout_drops_in_training_only():
    layer = attention("window+landmarks", 8, 2, window=4, dropout=0.5)
    x = torch.randn(1, 30, 8)
    assert not torch.equal(layer(x), layer(x))
    assert torch.equal(layer.eval()(x), layer(x))


@pytest.mark.parametrize("length", [0, 1])
@pytest.mark.parametrize("kind", [*KINDS, "softmax", "nystrom", "synthesizer"])
def test_texts_without_a_token_and_with_one(kind, length):
    assert attention(kind, 8, 2)(torch.randn(2, length, 8)).shape == (2, length, 8)


def test_what_cannot_be_is_refused():
    q, k, v = heads(9)
    with pytest.raises(BadInput, match="window is a whole number, at least 1; got 0"):
        window_attention(q, k, v, 0)
    with pytest.raises(BadInput, match="9 queries and 4 keys"):
        window_attention(q, k[:, :, :4], v[:, :, :4], 3)
    with pytest.raises(BadInput, match="of one sequence"):
        attention("window", 8, 2)(torch.randn(1, 3, 8), torch.randn(1, 3, 8))
