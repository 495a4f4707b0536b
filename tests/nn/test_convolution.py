"""A filter that slides is PyTorch's convolution, forwards and backwards, however the batch is cut into parts."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import attention as naive
from torch import Tensor

from minent.nn import convolution
from minent.nn.convolution import slide


def numbers(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def torchs(sequence: Tensor, weight: Tensor) -> Tensor:
    heads, kernel = weight.shape
    return F.conv2d(sequence, weight[:, None, :, None], padding=(kernel // 2, 0), groups=heads)


def agree(sequence: Tensor, weight: Tensor) -> None:
    """Outputs and both gradients are torch's."""
    outs, gradients, toward = [], [], numbers(*sequence.shape, seed=2)
    for convolve in (slide, torchs):
        inputs = sequence.clone().requires_grad_(), weight.clone().requires_grad_()
        outs.append(convolve(*inputs))
        gradients.append(torch.autograd.grad(outs[-1], inputs, toward))
    torch.testing.assert_close(outs[0], outs[1], rtol=0, atol=1e-10)
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-9)


odd = st.integers(0, 16).map(lambda half: 2 * half + 1)


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 100), st.integers(1, 5), odd)
@settings(max_examples=150)
def test_it_is_conv2d(batch: int, heads: int, length: int, dim: int, kernel: int):
    agree(numbers(batch, heads, length, dim), numbers(heads, kernel, seed=1))


@pytest.mark.parametrize("kernel", [1, 3, 31, 33, 65])
@pytest.mark.parametrize("length", [1, 15, 16, 17, 31, 32, 33, 64, 100])
def test_it_is_conv2d_at_the_borders_of_its_blocks(length: int, kernel: int):
    agree(numbers(3, 2, length, 4), numbers(2, kernel, seed=1))


def test_it_is_its_slow_twin():
    sequence, weight = numbers(2, 2, 9, 3), numbers(2, 5, seed=1)
    torch.testing.assert_close(slide(sequence, weight), naive.skip(sequence, weight), rtol=0, atol=1e-10)


@pytest.mark.parametrize("kernel", [1, 5])
def test_gradients_are_finite_differences(kernel: int):
    inputs = numbers(2, 2, 7, 2).requires_grad_(), numbers(2, kernel, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(slide, inputs)


def test_a_batch_larger_than_one_part_is_worked_on_alike():
    sequence, weight = numbers(11, 2, 1000, 2), numbers(2, 33, seed=1)
    parts = convolution._parts(sequence, 33)
    assert len(parts) > 2 and 11 % parts[0].stop
    agree(sequence, weight)
    agree(numbers(2, 1, convolution.LINE + 7, 2), numbers(1, 33, seed=1))


def test_a_small_line_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(convolution, "LINE", 64)
    agree(numbers(7, 2, 20, 3), numbers(2, 5, seed=1))


def test_views_are_read_as_they_stand():
    tokens, weight = numbers(2, 30, 12), numbers(3, 5, seed=1)
    view = tokens.unflatten(2, (3, 4)).transpose(1, 2)
    assert not view.is_contiguous()
    agree(view, weight)
    agree(numbers(2, 3, 1, 4).expand(2, 3, 30, 4), weight)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_lower_precision_is_double_precision_rounded(dtype: torch.dtype):
    sequence, weight, toward = numbers(4, 2, 500, 8), numbers(2, 33, seed=1), numbers(4, 2, 500, 8, seed=2)
    inputs = sequence.requires_grad_(), weight.requires_grad_()
    low = [t.detach().to(dtype).requires_grad_() for t in inputs]
    exact, out = slide(*inputs), slide(*low)
    gradients = torch.autograd.grad(exact, inputs, toward), torch.autograd.grad(out, low, toward.to(dtype))
    for one, other in zip((exact, *gradients[0]), (out, *gradients[1]), strict=True):
        assert other.dtype == dtype
        assert (one - other).norm() <= 4 * torch.finfo(dtype).eps * one.norm()


@pytest.mark.parametrize("wanted", [0, 1])
def test_the_gradient_of_one_input_is_the_same_alone(wanted: int):
    inputs = [numbers(2, 2, 40, 3), numbers(2, 5, seed=1)]
    alone = [t.clone().requires_grad_(i == wanted) for i, t in enumerate(inputs)]
    together = [t.clone().requires_grad_() for t in inputs]
    for tensors in (alone, together):
        slide(*tensors).square().sum().backward()
    assert torch.equal(alone[wanted].grad, together[wanted].grad) and alone[1 - wanted].grad is None
