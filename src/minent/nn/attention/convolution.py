"""One filter a head slides along a sequence: a convolution is the product with a banded Toeplitz matrix.

    out[t] = Σ_j w[j] in[t + j − k//2],  in = 0 beyond the ends
For blocks of r rows, out_block = T in_window with the (r, r + k − 1) matrix T[a, a + j] = w[j]: dense products, which
processors are built for, on overlapping views. Both gradients are such products as well. It is faster than
`torch.nn.functional.conv2d(groups=heads)`, forwards and backwards: on a CPU chunk by chunk and with gradients by hand,
on a GPU (an H200, k = 33, 4,096 tokens, bf16) 2.2 times as fast forwards and 1.5 times with gradients.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from einops import einsum
from jaxtyping import Float
from torch import Tensor

from minent.nn.attention.heads import by_hand, plainly

CHUNK = 1024  # rows worked on at a time, so that they stay in a CPU's cache
ROWS = 32  # of a block: few, for a narrow window; many, for a large product (2× between 32 and 128 at k = 33)
GPU_ROWS = 64  # the same on a GPU


def add_slide(
    out: Float[Tensor, "batch head n dim"],
    sequence: Float[Tensor, "batch head n dim"],
    weight: Float[Tensor, "head kernel"],
) -> Float[Tensor, "batch head n dim"]:
    """Each head of `sequence` filtered by its `weight`, of odd length, along n, with zeros beyond both ends, and added
    to `out`: in place on a CPU.

    Source: the skip connection of Xiong et al. 2021.

    >>> add_slide(torch.zeros(1, 1, 4, 1), torch.ones(1, 1, 4, 1), torch.tensor([[1.0, 2.0, 4.0]])).flatten().tolist()
    [6.0, 7.0, 7.0, 3.0]
    """
    if not sequence.shape[2]:
        return out
    if plainly():
        return out + F.conv2d(sequence, weight[:, None, :, None], padding=(weight.shape[1] // 2, 0), groups=len(weight))
    if by_hand(out):
        return _AddSlide.apply(out, sequence, weight)  # type: ignore[return-value]
    return out + _filtered(sequence, weight)


def _filtered(sequence: Tensor, weight: Tensor) -> Tensor:
    """All blocks at once."""
    n, half = sequence.shape[2], weight.shape[1] // 2
    line = F.pad(sequence, (0, 0, half, -n % GPU_ROWS + half))
    windows = line.unfold(2, GPU_ROWS + 2 * half, GPU_ROWS)
    blocks = einsum(
        windows, _toeplitz(weight, GPU_ROWS), "b head block d window, head row window -> b head block row d"
    )
    return blocks.flatten(2, 3)[:, :, :n]


def _toeplitz(weight: Float[Tensor, "head kernel"], rows: int) -> Float[Tensor, "head rows window"]:
    width = rows + weight.shape[1] - 1
    return F.pad(weight, (0, rows)).repeat(1, rows)[:, : rows * width].unflatten(1, (rows, width))


class _AddSlide(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, out: Tensor, sequence: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(sequence, weight)
        ctx.mark_dirty(out)
        _add_filtered(out, sequence, weight)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore
        sequence, weight = ctx.saved_tensors
        (gradient,) = gradients
        by_sequence = by_weight = None
        if torch.is_grad_enabled():  # gradients of these gradients are asked for: plain operators know them
            if ctx.needs_input_grad[1]:
                by_sequence = _filtered(gradient, weight.flip(1))
            if ctx.needs_input_grad[2]:
                (by_weight,) = torch.autograd.grad(_filtered(sequence, weight), weight, gradient, create_graph=True)
            return gradient, by_sequence, by_weight
        if ctx.needs_input_grad[1]:
            by_sequence = torch.zeros_like(sequence.transpose(1, 2)).transpose(1, 2)
            _add_filtered(by_sequence, gradient, weight.flip(1))
        if ctx.needs_input_grad[2]:
            by_weight = _correlated(sequence, gradient, weight)
        return gradient, by_sequence, by_weight


def _chunks(sample: Float[Tensor, "head n dim"], kernel: int) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """Some rows of a sample, as a slice; as blocks (blocks, ROWS, head, dim), the last filled up with zeros; and, as
    overlapping views of the same memory, what each block sees (blocks, ROWS + kernel - 1, head, dim). Only near the
    ends, where zeros are seen, is anything copied."""
    head, n, dim = sample.shape
    half, rows = kernel // 2, sample.transpose(0, 1)
    edge = -(-half // ROWS) * ROWS
    inner = max(n - half - edge, 0) // ROWS * ROWS  # so many rows see no end
    bounds = {0, *range(edge, edge + inner, CHUNK), edge + inner, n} if inner else {0, n}
    for first, last in pairwise(sorted(bounds)):
        low, high = first - half, last + half
        seen = rows[max(0, low) : min(n, high)]
        count = -(-(last - first) // ROWS) * ROWS
        if low < 0 or first + count + half > n:
            line = sample.new_zeros(count + kernel - 1, head, dim)
            line[max(0, -low) : max(0, -low) + len(seen)] = seen
            seen = line
        blocks = seen[half : len(seen) - half].unflatten(0, (-1, ROWS))
        yield slice(first, last), blocks, seen.unfold(0, ROWS + kernel - 1, ROWS).movedim(-1, 1)


def _add_filtered(out: Tensor, sequence: Tensor, weight: Tensor) -> None:
    toeplitz = _toeplitz(weight, ROWS)[:, None]
    for sample, filtered in zip(sequence, out, strict=True):
        for rows, _, windows in _chunks(sample, weight.shape[1]):
            for h, matrix in enumerate(toeplitz):
                blocks = torch.bmm(matrix.expand(len(windows), -1, -1), windows[:, :, h])
                filtered[h, rows] += blocks.flatten(0, 1)[: rows.stop - rows.start]


def _correlated(sequence: Tensor, gradient: Tensor, weight: Tensor) -> Tensor:
    """Σ_t gradient[t] · sequence[t + j − k//2] for each head and j: the diagonals of the gradient by T, summed."""
    head, kernel = weight.shape
    exact = torch.promote_types(weight.dtype, torch.float32)
    by_toeplitz = weight.new_zeros(head, ROWS, ROWS + kernel - 1, dtype=exact)
    for sample, above in zip(sequence, gradient, strict=True):
        for (_, _, windows), (_, blocks, _) in zip(_chunks(sample, kernel), _chunks(above, kernel), strict=True):
            for h in range(head):
                by_toeplitz[h] += torch.bmm(blocks[:, :, h], windows[:, :, h].mT).sum(0, dtype=exact)
    diagonals = by_toeplitz.as_strided((head, ROWS, kernel), (ROWS * (ROWS + kernel - 1), ROWS + kernel, 1))
    return diagonals.sum(1).to(weight.dtype)
