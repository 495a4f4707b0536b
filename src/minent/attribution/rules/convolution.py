"""A convolution is a matrix on patches, and the gradient of its kernel at an offset is that of a matrix there.

    z_t = Σ_k W_k x_{t+k},  ∂/∂W_k = Σ_t δ_t x_{t+k}ᵀ
Channels are kept last: patches are then copied in runs, and PyTorch convolves and pools several times as fast on a CPU.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from minent.attribution.factors.factors import Dense, Factor, Outer
from minent.attribution.factors.views import Reshape
from minent.attribution.rules.captures import capture, free, note, shifted, sourced, then
from minent.attribution.rules.secant import plain
from minent.attribution.rules.tape import Tape

Pair = tuple[int, int]


@dataclass(frozen=True)
class Patches(Factor):
    """Gradients of kernels (group, out, in, height, width): `x` (examples, height, width, channel), padded, and
    `delta` (outputs, examples, height, width, channel)."""

    x: Tensor
    delta: Tensor
    kernel: Pair
    stride: Pair
    dilation: Pair
    groups: int

    def like(self) -> Tensor:
        return self.delta

    def rows(self) -> Tensor:
        return self._products().flatten(2)

    def dense(self) -> Tensor:
        made = self._products().unflatten(3, (*self.kernel, -1))  # output, example, group, row, column, in, out
        return made.permute(0, 1, 2, 6, 5, 3, 4)

    def has_ghost(self, other: "Patches") -> bool:
        k, n, t, s = *self.delta.shape[:2], *(math.prod(one.delta.shape[2:4]) for one in (self, other))
        m, g, o = len(other.x), self.groups, self.delta.shape[4] // self.groups
        i = self.x.shape[3] // g * math.prod(self.kernel)
        return n * m * t * s * (i + k * o) <= (k * n * t + m * s + k * n * m) * o * i and n * m * t * s * k <= 2**27

    def ghost(self, other: "Patches") -> Tensor:
        return self._outer().ghost(other._outer())

    def first(self) -> "Patches":
        return replace(self, x=self.x[:1], delta=self.delta[:, :1])

    def summed(self) -> Dense:
        gradient = self._outer().summed().dense().unflatten(4, (-1, *self.kernel))
        return Dense(self.parameter, self.view, gradient)

    def scaled(self, by: float) -> "Patches":
        return replace(self, delta=self.delta * by)

    def _patches(self) -> Tensor:
        """(example, group, t_row, t_column, row, column, in), a view."""
        n, _, _, c = self.x.shape
        every, down, along, _ = self.x.stride()
        (rows, columns), (high, wide) = self.delta.shape[2:4], self.kernel
        return self.x.as_strided(
            (n, self.groups, rows, columns, high, wide, c // self.groups),
            (
                every, c // self.groups, down * self.stride[0], along * self.stride[1], down * self.dilation[0],
                along * self.dilation[1], 1,
            ),
            self.x.storage_offset(),
        )  # fmt: skip

    def _deltas(self) -> Tensor:
        """(output, example, group, t, out)."""
        return self.delta.flatten(2, 3).unflatten(3, (self.groups, -1)).transpose(2, 3)

    def _products(self) -> Tensor:
        """(output, example, group, row and column and in, out)."""
        patches, k = self._patches(), len(self.delta)
        if patches.shape[-1] * patches.shape[-2] < 16:  # runs along a row of the image are longer
            flat = patches.permute(0, 1, 4, 5, 6, 2, 3).flatten(5).flatten(2, 4)
        else:
            flat = patches.flatten(4).flatten(2, 3).mT
        deltas = self._deltas().permute(1, 2, 3, 0, 4).flatten(3)  # all outputs at once: patches are many times larger
        return (flat @ deltas).unflatten(3, (k, -1)).permute(3, 0, 1, 2, 4)

    def _outer(self) -> Outer:
        a = self._patches().permute(0, 2, 3, 1, 6, 4, 5).flatten(4).flatten(1, 2)
        return Outer(self.parameter, self.view, a, self._deltas().transpose(2, 3))


@capture("conv1d", "conv2d")
def convolution(
    tape: Tape, func: Any, input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Tensor | None:  # fmt: skip
    if not sourced(weight) or not (sourced(bias) or free(bias)) or input.dim() != weight.dim():
        return None
    flat, source, x, kernels = weight.dim() == 3, weight.source, plain(input), plain(weight).detach()
    if not flat and not tape.drawn:
        x = x.contiguous(memory_format=torch.channels_last)
        kernels = kernels.clone(memory_format=torch.channels_last)  # this decides where there is one channel
    out = func(x, kernels, None if bias is None else plain(bias).detach(), stride, padding, dilation, groups)
    a, size = x.detach(), tuple(kernels.shape[2:])
    strides, spread = (one if isinstance(one, tuple | list) else (one,) * len(size) for one in (stride, dilation))

    def made(delta: Tensor, n: int) -> Factor:
        if isinstance(padding, str):
            whole = [d * (s - 1) if padding == "same" else 0 for d, s in zip(spread, size, strict=True)]
            edges = [(one // 2, one - one // 2) for one in whole]
        else:
            edges = [(p, p) for p in (padding if isinstance(padding, tuple | list) else (padding,) * len(size))]
        x = a.movedim(1, -1)
        x = F.pad(x, [0, 0, *(side for pair in reversed(edges) for side in pair)]).contiguous()
        seen = delta.movedim(2, -1)
        if flat:
            x, seen = x[:, None], seen[:, :, None]
        high, step, wide = (((1, *one)[-2], one[-1]) for one in (size, strides, spread))
        return Patches(source.parameter, view, x, seen, high, step, wide, groups)

    view = then(source, Reshape((groups, len(kernels) // groups, kernels.shape[1], *((1, *size)[-2:]))))
    note(tape, out, source, view, made)
    return shifted(tape, out, bias, lambda one, n: one.flatten(2).sum(2))
