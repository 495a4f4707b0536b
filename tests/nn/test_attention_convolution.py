"""A filter that slides is PyTorch's convolution, forwards and backwards, however a sequence is cut into chunks."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import attention as naive
from torch import Tensor

from minent.nn.attention import convolution
from minent.nn.attention.convolution import add_slide


def numbers(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def slid(out: Tensor, sequence: Tensor, weight: Tensor) -> Tensor:
    """Added to a copy of `out`."""
    return add_slide(out.clone(), sequence, weight)


def torchs(out: Tensor, sequence: Tensor, weight: Tensor) -> Tensor:
    heads, kernel = weight.shape
    return out + F.conv2d(sequence, weight[:, None, :, None], padding=(kernel // 2, 0), groups=heads)


def as_on_a_gpu(out: Tensor, sequence: Tensor, weight: Tensor) -> Tensor:
    """All blocks at once, with gradients by autograd."""
    return out + convolution._filtered(sequence, weight)


def agree(sequence: Tensor, weight: Tensor) -> None:
    """Outputs and all gradients are torch's."""
    outs, gradients, toward = [], [], numbers(*sequence.shape, seed=2)
    for convolve in (slid, torchs, as_on_a_gpu):
        inputs = [numbers(*sequence.shape, seed=3), sequence.detach(), weight.clone()]
        inputs = [tensor.requires_grad_() for tensor in inputs]
        outs.append(convolve(*inputs))
        gradients.append(torch.autograd.grad(outs[-1], inputs, toward))
    for i in (0, 2):
        torch.testing.assert_close(outs[i], outs[1], rtol=0, atol=1e-10)
        for one, other in zip(gradients[i], gradients[1], strict=True):
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


@pytest.mark.parametrize("beyond", [-1, 0, 1, 16, 17, convolution.CHUNK - 1, convolution.CHUNK + 1])
def test_a_sequence_longer_than_one_chunk_is_worked_on_alike(beyond: int):
    agree(numbers(2, 2, convolution.CHUNK + beyond, 2), numbers(2, 33, seed=1))


@pytest.mark.parametrize("kernel", [1, 5, 33, 99])
def test_small_chunks_change_nothing(kernel: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(convolution, "CHUNK", 64)
    for length in (63, 64, 65, 200, 256):
        agree(numbers(3, 2, length, 3), numbers(2, kernel, seed=1))


def test_it_is_its_slow_twin():
    sequence, weight = numbers(2, 2, 9, 3), numbers(2, 5, seed=1)
    out = add_slide(torch.zeros_like(sequence), sequence, weight)
    torch.testing.assert_close(out, naive.skip(sequence, weight), rtol=0, atol=1e-10)


@pytest.mark.parametrize("kernel", [1, 5])
def test_gradients_are_finite_differences(kernel: int):
    inputs = numbers(2, 2, 7, 2, seed=3), numbers(2, 2, 7, 2), numbers(2, kernel, seed=1)
    assert torch.autograd.gradcheck(slid, [tensor.requires_grad_() for tensor in inputs])


def test_what_it_is_added_to_is_written_over_and_no_other():
    out, sequence, weight = numbers(2, 2, 9, 3), numbers(2, 2, 9, 3, seed=1), numbers(2, 5, seed=2)
    before = [tensor.clone() for tensor in (out, sequence, weight)]
    assert add_slide(out, sequence, weight).data_ptr() == out.data_ptr() and not torch.equal(out, before[0])
    assert torch.equal(sequence, before[1]) and torch.equal(weight, before[2])


def test_views_are_read_and_written_as_they_stand():
    tokens, weight = numbers(2, 30, 12), numbers(3, 5, seed=1)
    view = tokens.unflatten(2, (3, 4)).transpose(1, 2)
    assert not view.is_contiguous()
    agree(view, weight)
    agree(numbers(2, 3, 1, 4).expand(2, 3, 30, 4), weight)
    target = numbers(2, 30, 12, seed=3).unflatten(2, (3, 4)).transpose(1, 2)
    wanted = torchs(target, view, weight)
    torch.testing.assert_close(add_slide(target, view, weight), wanted, rtol=0, atol=1e-10)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_lower_precision_is_double_precision_rounded(dtype: torch.dtype):
    shape = 4, 2, 500, 8
    inputs = [numbers(*shape, seed=3), numbers(*shape), numbers(2, 33, seed=1)]
    inputs, toward = [tensor.requires_grad_() for tensor in inputs], numbers(*shape, seed=2)
    low = [t.detach().to(dtype).requires_grad_() for t in inputs]
    exact, out = slid(*inputs), slid(*low)
    gradients = torch.autograd.grad(exact, inputs, toward), torch.autograd.grad(out, low, toward.to(dtype))
    for one, other in zip((exact, *gradients[0]), (out, *gradients[1]), strict=True):
        assert other.dtype == dtype
        assert (one - other).norm() <= 4 * torch.finfo(dtype).eps * one.norm()


@pytest.mark.parametrize("wanted", [0, 1, 2])
def test_the_gradient_of_one_input_is_the_same_alone(wanted: int):
    inputs = [numbers(2, 2, 40, 3, seed=3), numbers(2, 2, 40, 3), numbers(2, 5, seed=1)]
    alone = [t.clone().requires_grad_(i == wanted) for i, t in enumerate(inputs)]
    together = [t.clone().requires_grad_() for t in inputs]
    for tensors in (alone, together):
        slid(*tensors).square().sum().backward()
    assert together[wanted].grad.abs().max() > 0 and torch.equal(alone[wanted].grad, together[wanted].grad)
    assert all(tensor.grad is None for i, tensor in enumerate(alone) if i != wanted)
