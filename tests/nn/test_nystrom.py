"""Nyström attention is its slow twin, forwards and backwards; padding and batch mates have no part in it."""

import re
import subprocess
import sys
from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import attention as naive
from naive.attention import PADDING, padding
from torch import Tensor

from minent.errors import BadInput
from minent.nn.attention import Cache, Nystrom, nystrom_attention
from minent.nn.attention import heads as attention_heads
from minent.nn.attention.convolution import _AddSlide
from minent.nn.attention.heads import check_mask
from minent.nn.attention.nystrom_backward import ByHand
from minent.nn.attention.segments import segments
from minent.nn.positions import rotated

SOLVERS = "ridge", "newton"


def numbers(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def layer(seed: int = 0, **options) -> Nystrom:
    """Small, of float64, and its weights larger than usual, so that attention is not nearly flat."""
    torch.manual_seed(seed)
    nystrom = Nystrom(8, 2, **options).double()
    with torch.no_grad():
        for linear in (nystrom.query, nystrom.key, nystrom.value):
            linear.weight.mul_(2.5)
    return nystrom


def twin(nystrom: Nystrom, x: Tensor, real: Tensor | None) -> Tensor:
    """The naive layer. A sequence not longer than its landmarks gets softmax attention, whatever the solver."""
    linears = nystrom.query, nystrom.key, nystrom.value
    query, key, value = (naive.heads(x, linear.weight, linear.bias, nystrom.heads) for linear in linears)
    m = nystrom.landmarks
    if x.shape[1] > m:
        out = naive.nystrom(query, key, value, m, real, nystrom.solver, nystrom.filter)
    else:
        out = naive.softmax(query, key, value, real)
        if nystrom.filter is not None:
            keep = torch.ones(x.shape[:2]) if real is None else real
            out = out + naive.skip(value * keep[:, None, :, None], nystrom.filter)
    return naive.joined(out, nystrom.out.weight, nystrom.out.bias)


def at(real: Tensor | None, out: Tensor) -> Tensor:
    """The outputs at real tokens."""
    return out if real is None else out[real]


def smooth(n: int, seed: int) -> tuple[Tensor, ...]:
    """Queries, keys and values (1, 2, n, 16) that change little from token to token."""
    wave = torch.linspace(0, 1, n, dtype=torch.float64)[:, None] * torch.arange(1, 6) * torch.pi
    basis = torch.cat([wave.sin(), wave.cos()], dim=1)
    return tuple((basis @ numbers(3, 1, 2, 10, 16, seed=seed)).unbind(0))


def rough(n: int, seed: int) -> tuple[Tensor, ...]:
    """Each token has nothing to do with the next."""
    return tuple((1.5 * numbers(3, 1, 2, n, 16, seed=seed)).unbind(0))


def error(inputs: tuple[Tensor, ...], landmarks: int, solver: str = "ridge") -> float:
    exact = F.scaled_dot_product_attention(*inputs)
    return float((nystrom_attention(*inputs, landmarks, solver=solver) - exact).norm() / exact.norm())


@pytest.fixture(params=["by hand", "as on a GPU"])
def way(request, monkeypatch):
    """Both ways of the mathematics: which is taken depends on the device."""
    if request.param == "as on a GPU":
        monkeypatch.setattr(attention_heads, "BY_HAND", ())
        monkeypatch.setattr(ByHand, "apply", None)
        monkeypatch.setattr(_AddSlide, "apply", None)


@pytest.mark.parametrize("kernel", [0, 5])
@pytest.mark.parametrize("length", [1, 5, 6, 7, 17, 18])
@pytest.mark.parametrize("kind", PADDING)
@pytest.mark.parametrize("solver", SOLVERS)
def test_a_layer_is_its_slow_twin(way, solver: str, kind: str, length: int, kernel: int):
    nystrom = layer(landmarks=6, kernel=kernel, solver=solver)
    x, real = numbers(3, length, 8), padding(kind, 3, length)
    with torch.no_grad():
        slow = at(real, twin(nystrom, x, real))
        out = nystrom(x, padding_mask=real)
        assert out.isfinite().all()
        torch.testing.assert_close(at(real, out), slow, rtol=0, atol=1e-10)
        single = deepcopy(nystrom).float()(x.float(), padding_mask=real)
        torch.testing.assert_close(at(real, single).double(), slow, rtol=0, atol=1e-4)


def test_the_twin_tells_masks_solvers_filters_and_softmax_apart():
    x, real = numbers(3, 17, 8), padding("holes", 3, 17)
    assert real is not None and len(real.sum(1).unique()) > 1 and not real.all(1).any()
    assert (~padding("all of a sample", 3, 17)[0]).all() and padding("all of a sample", 3, 17)[1].any()  # type: ignore
    with torch.no_grad():
        plain = layer(landmarks=6, kernel=0)
        others = [layer(landmarks=6, kernel=0, solver="newton"), layer(landmarks=6, kernel=5), layer(landmarks=17)]
        shown = [twin(plain, x, None), twin(plain, x, real)] + [twin(other, x, None) for other in others]
    for i, one in enumerate(shown):
        for other in shown[:i]:
            assert (one - other)[real].abs().max() > 1e-3


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(1, 12))
@settings(max_examples=60)
def test_segments_are_consecutive_real_tokens_the_longer_first(bits: list[bool], number: int):
    mask, n = torch.tensor([bits]), len(bits)
    places, real = torch.arange(float(n)).view(1, 1, n, 1), [i for i, bit in enumerate(bits) if bit]
    runs = naive.segments(len(real), number) if real else []
    means = segments(n, number, mask).mean(places).flatten().tolist()
    assert means[: len(runs)] == pytest.approx([sum(real[i] for i in run) / len(run) for run in runs], abs=1e-5)
    used = segments(n, number, mask).real
    assert used is not None and used.sum() == len(runs)
    whole = segments(n, number).mean(places).flatten().tolist()
    assert whole == pytest.approx([sum(run) / len(run) for run in naive.segments(n, number)], abs=1e-5)


@pytest.mark.parametrize("kind", PADDING)
@pytest.mark.parametrize("solver", SOLVERS)
def test_gradients_are_those_of_the_slow_twin(way, solver: str, kind: str):
    nystrom = layer(landmarks=4, kernel=3, solver=solver)
    real, toward = padding(kind, 2, 11), numbers(2, 11, 8, seed=1)
    gradients = []
    for attend in (lambda x: nystrom(x, padding_mask=real), lambda x: twin(nystrom, x, real)):
        x = numbers(2, 11, 8).requires_grad_()
        inputs = [x, *nystrom.parameters()]
        gradients.append(torch.autograd.grad(at(real, attend(x) * toward).sum(), inputs))
    for fast, slow in zip(*gradients, strict=True):
        torch.testing.assert_close(fast, slow, rtol=0, atol=1e-9)
    names = [name for name, _ in nystrom.named_parameters()]
    moved = {name: float(slow.abs().max()) for name, slow in zip(names, gradients[1][1:], strict=True)}
    assert min(moved[name] for name in names if name != "key.bias") > 1e-3


@pytest.mark.parametrize("kind", ["none", "right", "holes", "all of a sample"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_gradients_are_finite_differences(solver: str, kind: str):
    inputs = [numbers(2, 2, 7, 3, seed=seed).requires_grad_() for seed in range(3)]
    real = padding(kind, 2, 7)

    def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        out = nystrom_attention(query, key, value, 3, padding_mask=real, solver=solver)
        return at(real, out.transpose(1, 2))

    assert torch.autograd.gradcheck(attend, inputs)


@pytest.mark.parametrize("wanted", range(3))
def test_the_gradient_of_one_input_is_the_same_alone(wanted: int):
    inputs = [numbers(1, 2, 9, 4, seed=seed) for seed in range(3)]
    alone = [t.clone().requires_grad_(i == wanted) for i, t in enumerate(inputs)]
    together = [t.clone().requires_grad_() for t in inputs]
    for tensors in (alone, together):
        nystrom_attention(*tensors, 4).square().sum().backward()
    assert together[wanted].grad.abs().max() > 0 and torch.equal(alone[wanted].grad, together[wanted].grad)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", PADDING)
def test_with_gradients_and_without_the_numbers_are_the_same(kind: str, dtype: torch.dtype):
    nystrom, x, real = layer(landmarks=4).to(dtype), numbers(2, 21, 8, dtype=dtype), padding(kind, 2, 21)
    with torch.no_grad():
        without = nystrom(x, padding_mask=real)
    torch.testing.assert_close(nystrom(x, padding_mask=real), without, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", ["right", "left", "holes"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_what_padding_holds_changes_nothing(solver: str, kind: str):
    nystrom, real = layer(landmarks=4, solver=solver).float(), padding(kind, 2, 24)
    x = numbers(2, 24, 8, dtype=torch.float32)
    other = torch.where(real[:, :, None], x, 30 * numbers(2, 24, 8, seed=1, dtype=torch.float32))
    assert not real.all() and (other - x).abs().max() > 30
    outs = [nystrom(tokens, padding_mask=real)[real] for tokens in (x, other)]
    torch.testing.assert_close(*outs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("more", [1, 3, 40])
def test_more_padding_changes_nothing(more: int):
    nystrom, x = layer(landmarks=4), numbers(2, 24, 8)
    for before in (0, more):
        padded = F.pad(x, (0, 0, before, more), value=3.0)
        real = F.pad(torch.ones(2, 24, dtype=torch.bool), (before, more))
        torch.testing.assert_close(nystrom(padded, padding_mask=real)[:, before : before + 24], nystrom(x))


@pytest.mark.parametrize("solver", SOLVERS)
def test_batch_mates_change_nothing_and_order_does_not_matter(solver: str):
    nystrom, x, real = layer(landmarks=4, solver=solver), numbers(4, 24, 8), padding("right", 4, 24)
    x[1] *= 8  # sharp attention: other norms of its matrix
    together, order = nystrom(x, padding_mask=real), torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(nystrom(x[order], padding_mask=real[order])[real[order]], together[order][real[order]])
    for i in range(4):
        torch.testing.assert_close(
            nystrom(x[i : i + 1], padding_mask=real[i : i + 1])[0][real[i]], together[i][real[i]]
        )


@pytest.mark.parametrize("solver", SOLVERS)
def test_tokens_that_trade_places_within_a_segment_trade_answers(solver: str):
    nystrom, x = layer(landmarks=4, kernel=0, solver=solver), numbers(2, 18, 8)
    order = torch.cat([torch.tensor(run).flip(0) for run in naive.segments(18, 4)])
    assert order.tolist() != list(range(18))
    torch.testing.assert_close(nystrom(x[:, order]), nystrom(x)[:, order])
    across = torch.arange(18).roll(3)
    assert (nystrom(x[:, across]) - nystrom(x)[:, across]).abs().max() > 1e-3


@pytest.mark.parametrize("solver", SOLVERS)
def test_error_falls_as_landmarks_grow_to_softmax(solver: str):
    for seed in range(3):
        inputs = smooth(128, seed)
        errors = [error(inputs, landmarks, solver) for landmarks in (2, 4, 8, 16, 32, 64)]
        assert errors[0] > 1 and errors[-1] < errors[0] / 50
        if solver == "ridge":  # Newton's falls with jumps
            assert errors == sorted(errors, reverse=True)
        single = tuple(t.float() for t in inputs)
        exact = F.scaled_dot_product_attention(*single)
        for landmarks in (128, 1000):
            torch.testing.assert_close(nystrom_attention(*single, landmarks, solver=solver), exact, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", ["right", "left", "holes"])
def test_no_more_real_tokens_than_landmarks_is_softmax_attention(kind: str):
    real = padding(kind, 3, 24)[1:]
    landmarks = int(real.sum(1).max())
    assert landmarks < 24
    inputs = [numbers(2, 2, 24, 8, seed=seed, dtype=torch.float32) for seed in range(3)]
    exact = F.scaled_dot_product_attention(*inputs, real[:, None, None, :]).transpose(1, 2)
    out = nystrom_attention(*inputs, landmarks, padding_mask=real).transpose(1, 2)
    torch.testing.assert_close(out[real], exact[real], rtol=0, atol=1e-5)


def test_ridge_errs_at_most_nine_tenths_of_newton():
    ratios = []
    for seed in range(3):
        for inputs in (smooth(512, seed), rough(512, seed)):
            ridge, newton = (error(inputs, 32, solver) for solver in SOLVERS)
            assert 0.001 < ridge < 1
            ratios.append(ridge / newton)
    assert torch.tensor(ratios).log().mean().exp() <= 0.9


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("kind", PADDING)
@pytest.mark.parametrize("solver", SOLVERS)
def test_half_precision_is_full_precision_rounded(solver: str, kind: str, dtype: torch.dtype):
    torch.manual_seed(0)
    nystrom = Nystrom(16, 2, landmarks=8, solver=solver)
    x, real, toward = numbers(2, 50, 16).float(), padding(kind, 2, 50), numbers(2, 50, 16, seed=1).float()
    half, automatic = deepcopy(nystrom).to(dtype), deepcopy(nystrom)
    exact = nystrom(x, padding_mask=real)
    at(real, exact * toward).sum().backward()
    outs = [half(x.to(dtype), padding_mask=real)]
    with torch.autocast("cpu", dtype):
        outs.append(automatic(x, padding_mask=real))
    for low, out in zip((half, automatic), outs, strict=True):
        assert out.dtype == dtype and out.isfinite().all()
        close = 20 * torch.finfo(dtype).eps
        assert at(real, out - exact).norm() <= close * at(real, exact).norm()
        at(real, out.float() * toward).sum().backward()
        for (name, own), full in zip(low.named_parameters(), nystrom.parameters(), strict=True):
            assert own.grad is not None and own.grad.isfinite().all(), name
            if name != "key.bias":  # zero but for rounding: it adds the same to all scores of a query
                assert (own.grad - full.grad).norm() <= 2 * close * full.grad.norm(), name


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_whole_step_may_run_under_autocast(solver: str):
    torch.manual_seed(0)
    nystrom, x = Nystrom(8, 2, landmarks=3, kernel=3, solver=solver), numbers(2, 9, 8, dtype=torch.float32)
    outside, inside = deepcopy(nystrom), deepcopy(nystrom)
    with torch.autocast("cpu", torch.bfloat16):
        loss = outside(x).float().square().sum()
        inside(x).float().square().sum().backward()
    loss.backward()
    for (name, one), other in zip(outside.named_parameters(), inside.parameters(), strict=True):
        assert other.grad is not None and other.grad.isfinite().all()
        if name != "key.bias":  # zero but for rounding
            assert (one.grad - other.grad).norm() < 0.1 * one.grad.norm(), name


@given(st.integers(1, 80), st.integers(1, 20), st.sampled_from(SOLVERS))
@settings(max_examples=40)
def test_any_length_will_do(length: int, landmarks: int, solver: str):
    nystrom = Nystrom(4, 2, landmarks=landmarks, solver=solver)
    x = numbers(1, length, 4, dtype=torch.float32).requires_grad_()
    out = nystrom(x)
    out.sum().backward()
    assert out.shape == x.shape and out.isfinite().all() and x.grad is not None and x.grad.isfinite().all()


def test_rotary_scores_are_those_of_turned_queries_and_keys():
    nystrom, x = layer(landmarks=4, kernel=0, rotary=True), numbers(2, 19, 8)
    linears = nystrom.query, nystrom.key, nystrom.value
    query, key, value = (naive.heads(x, linear.weight, linear.bias, 2) for linear in linears)
    slow = naive.nystrom(rotated(query), rotated(key), value, 4)
    torch.testing.assert_close(nystrom(x), naive.joined(slow, nystrom.out.weight, nystrom.out.bias))
    assert (naive.nystrom(query, key, value, 4) - slow).abs().max() > 1e-3


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ({"causal": True}, "causal"),
        ({"memory": torch.zeros(1, 5, 8)}, "memory"),
        ({"cache": Cache()}, "step by step"),
    ],
)
def test_what_nystrom_cannot_do_is_refused_by_name(call: dict, says: str):
    with pytest.raises(BadInput, match=says):
        Nystrom(8, 2, landmarks=4)(torch.zeros(1, 9, 8), **call)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"landmarks": 0}, "landmark.*got 0"),
        ({"landmarks": -3}, "landmark.*got -3"),
        ({"kernel": 4}, "odd.*got 4"),
        ({"kernel": -1}, "kernel.*got -1"),
        ({"rotary": True, "heads": 8}, "odd width"),
        ({"heads": 3}, "evenly"),
        ({"heads": 0}, "evenly"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict, says: str):
    with pytest.raises(BadInput, match=says):
        Nystrom(8, **{"heads": 2, **options})


@pytest.mark.parametrize("landmarks", [0, -1])
def test_the_function_refuses_as_the_layer_does(landmarks: int):
    with pytest.raises(BadInput, match=f"landmark.*got {landmarks}"):
        nystrom_attention(*numbers(3, 1, 1, 9, 4), landmarks)


LONG = """
import resource, torch
from minent.nn.attention import Nystrom
layer, x = Nystrom(8, 1), torch.randn(1, 20000, 8, requires_grad=True)
layer(x[:, :1000]).sum().backward()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
layer(x).sum().backward()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize(
    "mask", [torch.ones(1, 4, dtype=torch.bool), torch.ones(9, dtype=torch.bool), torch.ones(1, 9)]
)
def test_a_mask_that_does_not_fit_is_refused_by_its_shape_and_type(mask: Tensor):
    with pytest.raises(BadInput, match=re.escape(f"torch.bool (1, 9), True for real tokens; got {mask.dtype} (")):
        check_mask(mask, 1, 9)


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux")
def test_memory_grows_with_length_and_not_with_its_square():
    kilobytes = int(subprocess.run([sys.executable, "-c", LONG], check=True, capture_output=True, text=True).stdout)
    assert kilobytes < 200_000 < 20000**2 * 4 / 1000 / 5


def test_a_mask_keeps_the_type_of_queries_where_autocast_takes_logarithms_in_float32(monkeypatch):
    """As a GPU's autocast does; its kernels read a mask of another type as noise."""
    monkeypatch.setattr(torch.Tensor, "log", lambda tensor, log=torch.Tensor.log: log(tensor.float()))
    mask = torch.arange(50) < torch.tensor([50, 33])[:, None]
    for groups in (segments(50, 8), segments(50, 8, mask)):
        many = groups.stands_for(torch.bfloat16)
        assert many is not None and many.dtype == torch.bfloat16
