"""Layers of a piecewise-linear critic, each with its way there, back, and there again along another vector.

there    y = m ∘ (W x + b)             m the mask of a rectifier, a constant
back     ∂/∂x = Wᵀ (m ∘ ∂/∂y)
push     q ↦ m ∘ (W q + u b), and ∂/∂W, ∂/∂b of what u and q stand for: see `minent.gan.input_gradients.pullback`
"""

from collections.abc import Callable
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


@runtime_checkable
class WrittenOut(Protocol):
    """A module that has a `Pass`; `parts` are the modules that it leaves to theirs."""

    def passed(self, x: Tensor, *rest: Any) -> Pass: ...

    def parts(self) -> list[nn.Module]: ...


def written_out(module: nn.Module) -> bool:
    """Whether `passed` knows the module, and all in it: layers of torch as they are, without hooks or
    parametrisations, and modules that are `WrittenOut`.

    >>> written_out(nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))), written_out(nn.Softplus())
    (True, False)
    """
    if module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks:
        return False
    if type(module) is nn.Sequential:
        return all(written_out(layer) for layer in module)
    if isinstance(module, WrittenOut):
        return _where(module, "forward") is _where(module, "passed") and all(map(written_out, module.parts()))
    if isinstance(module, nn.Conv2d):
        return type(module) is nn.Conv2d and module.padding_mode == "zeros" and not isinstance(module.padding, str)
    if isinstance(module, nn.AvgPool2d):  # in tiles, that neither overlap nor reach over the end
        tiles = isinstance(module.kernel_size, int) and module.stride == module.kernel_size and not module.padding
        return tiles and not module.ceil_mode and module.divisor_override is None
    return type(module) in PASSES


def _where(module: nn.Module, name: str) -> type | None:
    """The class that a module has its method from: a subclass with a forward of its own has no pass of its own."""
    return next((kind for kind in type(module).__mro__ if name in vars(kind)), None)


def passed(module: nn.Module, x: Tensor, *rest: Any) -> Pass:
    """The pass through a module that is `written_out`.

    >>> one = passed(nn.ReLU(), torch.tensor([[1.0, -2.0]]))
    >>> one.back(torch.tensor([[5.0, 7.0]])).tolist()
    [[5.0, 0.0]]
    """
    if isinstance(module, WrittenOut):
        return module.passed(x, *rest)
    return PASSES[type(module)](module, x)


class _Chain:
    def __init__(self, layers: nn.Sequential, x: Tensor):
        self.passes: list[Pass] = []
        for layer in layers:
            self.passes.append(passed(layer, x))
            x = self.passes[-1].y
        self.y = x

    def back(self, g: Tensor) -> Tensor:
        for one in reversed(self.passes):
            g = one.back(g)
        return g

    def push(self, q: Tensor, u: Tensor, found: Gradients) -> Tensor:
        for one in self.passes:
            q = one.push(q, u, found)
        return q


class _Linear:
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


class _Convolution:
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


class _Rectified:
    def __init__(self, layer: nn.ReLU | nn.LeakyReLU, x: Tensor):
        self.mask = torch.where(x > 0, x.new_ones(()), getattr(layer, "negative_slope", 0.0))
        self.y = x * self.mask

    def back(self, g: Tensor) -> Tensor:
        return g * self.mask

    def push(self, q: Tensor, u: Tensor, found: Gradients) -> Tensor:
        return q * self.mask


class _Flat:
    def __init__(self, layer: nn.Flatten, x: Tensor):
        self.layer, self.shape, self.y = layer, x.shape, layer(x)

    def back(self, g: Tensor) -> Tensor:
        return g.reshape(self.shape)

    def push(self, q: Tensor, u: Tensor, found: Gradients) -> Tensor:
        return self.layer(q)


class _Pooled:
    def __init__(self, layer: nn.AvgPool2d, x: Tensor):
        self.side = int(layer.kernel_size)  # type: ignore[arg-type]
        self.inputs, self.y = x.shape[2:], F.avg_pool2d(x, self.side)

    def back(self, g: Tensor) -> Tensor:
        g = F.interpolate(g, scale_factor=float(self.side)) / self.side**2
        high, wide = (whole - part for whole, part in zip(self.inputs, g.shape[2:], strict=True))
        return F.pad(g, (0, wide, 0, high)) if high or wide else g

    def push(self, q: Tensor, u: Tensor, found: Gradients) -> Tensor:
        return F.avg_pool2d(q, self.side)


class _Same:
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


PASSES: dict[type, Callable[[Any, Tensor], Pass]] = {
    nn.Sequential: _Chain, nn.Linear: _Linear, nn.Conv2d: _Convolution, nn.ReLU: _Rectified, nn.LeakyReLU: _Rectified,
    nn.Flatten: _Flat, nn.AvgPool2d: _Pooled, nn.Identity: _Same,
}  # fmt: skip
