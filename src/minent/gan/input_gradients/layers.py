"""Layers of a piecewise-linear critic, each with its way there, back, and there again along another vector.

there    y = m ∘ (W x + b)             m the mask of a rectifier, a constant
back     ∂/∂x = Wᵀ (m ∘ ∂/∂y)
push     q ↦ m ∘ (W q + u b), and ∂/∂W, ∂/∂b of what u and q stand for: see `minent.gan.input_gradients.pullback`
"""

from typing import Any, Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.grad import conv2d_weight

Gradients = dict[Tensor, Tensor]  # of parameters


@runtime_checkable
class Pass(Protocol):
    """What is left of a module's forward pass to `y`: `back` from ∂/∂y to ∂/∂x, once, and `push` from q before the
    module to q after it, with the gradients of its parameters left in `found`."""

    y: Tensor

    def back(self, g: Tensor) -> Tensor: ...

    def push(self, q: Tensor, u: Tensor, found: Gradients) -> Tensor: ...


class Linear:
    def __init__(self, layer: nn.Linear, x: Tensor):
        self.layer, self.y = layer, F.linear(x, layer.weight, layer.bias)

    def back(self, g: Tensor) -> Tensor:
        self.g = g
        return F.linear(g, self.layer.weight.T)

    def push(self, q: Tensor, u: Tensor, found: Gradients) -> Tensor:
        weight, bias = self.layer.weight, self.layer.bias
        if weight.requires_grad:
            _add(found, weight, torch.mm(self.g.flatten(0, -2).T, q.to(self.g.dtype).flatten(0, -2)))
        return _with_bias(F.linear(q, weight), self.g, u.view(-1, *[1] * (q.ndim - 1)), bias, found, -1)


class Convolution:
    def __init__(self, layer: nn.Conv2d, x: Tensor):
        self.layer, self.sides = layer, x.shape[2:]
        self.y = F.conv2d(x, layer.weight, layer.bias, layer.stride, layer.padding, layer.dilation, layer.groups)

    def back(self, g: Tensor) -> Tensor:
        self.g, one = g, self.layer
        sides = zip(self.sides, one.padding, one.dilation, one.kernel_size, one.stride, strict=True)
        rest = [(n + 2 * int(p) - d * (k - 1) - 1) % s for n, p, d, k, s in sides]  # what a stride leaves at the end
        how: Any = one.padding, rest, one.groups, one.dilation
        return F.conv_transpose2d(g, one.weight, None, one.stride, *how)

    def push(self, q: Tensor, u: Tensor, found: Gradients) -> Tensor:
        one = self.layer
        how: Any = one.stride, one.padding, one.dilation, one.groups
        if one.weight.requires_grad:
            sizes = list(one.weight.shape)
            _add(found, one.weight, conv2d_weight(q.to(self.g.dtype), sizes, self.g, *how))
        return _with_bias(F.conv2d(q, one.weight, None, *how), self.g, u[:, None, None, None], one.bias, found, 1)


class Rectified:
    def __init__(self, layer: nn.ReLU | nn.LeakyReLU, x: Tensor):
        self.mask = torch.where(x > 0, x.new_ones(()), getattr(layer, "negative_slope", 0.0))
        self.y = x * self.mask

    def back(self, g: Tensor) -> Tensor:
        return g * self.mask

    def push(self, q: Tensor, u: Tensor, found: Gradients) -> Tensor:
        return q * self.mask


class Flat:
    def __init__(self, layer: nn.Flatten, x: Tensor):
        self.layer, self.shape, self.y = layer, x.shape, layer(x)

    def back(self, g: Tensor) -> Tensor:
        return g.reshape(self.shape)

    def push(self, q: Tensor, u: Tensor, found: Gradients) -> Tensor:
        return self.layer(q)


class Pooled:
    def __init__(self, layer: nn.AvgPool2d, x: Tensor):
        self.side = int(layer.kernel_size)  # type: ignore[arg-type]
        self.inputs, self.y = x.shape[2:], F.avg_pool2d(x, self.side)

    def back(self, g: Tensor) -> Tensor:
        g = F.interpolate(g, scale_factor=float(self.side)) / self.side**2
        high, wide = (whole - part for whole, part in zip(self.inputs, g.shape[2:], strict=True))
        return F.pad(g, (0, wide, 0, high)) if high or wide else g

    def push(self, q: Tensor, u: Tensor, found: Gradients) -> Tensor:
        return F.avg_pool2d(q, self.side)


class Same:
    def __init__(self, layer: nn.Identity, x: Tensor):
        self.y = x

    def back(self, g: Tensor) -> Tensor:
        return g

    def push(self, q: Tensor, u: Tensor, found: Gradients) -> Tensor:
        return q


def _with_bias(q: Tensor, g: Tensor, u: Tensor, bias: Tensor | None, found: Gradients, axis: int) -> Tensor:
    if bias is None:
        return q
    if bias.requires_grad:
        _add(found, bias, (u * g).movedim(axis, -1).flatten(0, -2).sum(0))
    return q + u * (bias if axis == -1 else bias.view(-1, *[1] * (g.ndim - 2)))


def _add(found: Gradients, parameter: Tensor, gradient: Tensor) -> None:
    """Add to what is found: a layer may stand in several places."""
    found[parameter] = found[parameter] + gradient if parameter in found else gradient
