"""The gradient of a critic by its input, written out as ordinary operations: what a compiler can differentiate again.

    y = φ(x)  ↦  gᵀ ∂φ/∂x:   linear  g W      convolution  its transpose on g      max(x, a x)  g · (1 or a)
Reverse mode by hand, layer by layer (Griewank & Walther 2008, chapter 3). The masks of piecewise-linear layers are
constants, so that the gradient of a gradient is an ordinary one: torch.compile refuses the double backward that
`torch.autograd.grad(create_graph=True)` asks for, and takes this; it is also the faster way without a compiler.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Pulled = tuple[Tensor, Callable[[Tensor], Tensor]]


@runtime_checkable
class WrittenOut(Protocol):
    """A module that writes its own pullback; `parts` are the modules that it leaves to theirs."""

    def pullback(self, x: Tensor, *rest: Any) -> Pulled: ...

    def parts(self) -> list[nn.Module]: ...


def written_out(module: nn.Module) -> bool:
    """Whether `pullback` knows the module, and all in it: layers of torch as they are, without hooks or
    parametrisations, and modules that are `WrittenOut`.

    >>> written_out(nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))), written_out(nn.Softplus())
    (True, False)
    """
    if module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks:
        return False
    if type(module) is nn.Sequential:
        return all(written_out(layer) for layer in module)
    if isinstance(module, WrittenOut):
        return all(written_out(part) for part in module.parts())
    if isinstance(module, nn.Conv2d):
        return type(module) is nn.Conv2d and module.padding_mode == "zeros" and not isinstance(module.padding, str)
    if isinstance(module, nn.AvgPool2d):  # in tiles, that neither overlap nor reach over the end
        return isinstance(module.kernel_size, int) and module.stride == module.kernel_size and not module.padding
    return type(module) in RULES


def pullback(module: nn.Module, x: Tensor, *rest: Any) -> Pulled:
    """The output y of a module that is `written_out`, and the map from ∂L/∂y to ∂L/∂x.

    >>> y, back = pullback(nn.ReLU(), torch.tensor([[1.0, 0.0]]))
    >>> y.tolist(), back(torch.tensor([[5.0, 7.0]])).tolist()
    ([[1.0, 0.0]], [[5.0, 0.0]])
    """
    if isinstance(module, WrittenOut):
        return module.pullback(x, *rest)
    if type(module) is nn.Sequential:
        backs = []
        for layer in module:
            x, back = pullback(layer, x)
            backs.append(back)
        return x, partial(_one_by_one, backs)
    return RULES[type(module)](module, x)


def _one_by_one(backs: list[Callable[[Tensor], Tensor]], g: Tensor) -> Tensor:
    for back in reversed(backs):
        g = back(g)
    return g


def _linear(layer: nn.Linear, x: Tensor) -> Pulled:
    return F.linear(x, layer.weight, layer.bias), lambda g: F.linear(g, layer.weight.T)


def _convolution(layer: nn.Conv2d, x: Tensor) -> Pulled:
    stride, padding, dilation, kernel = layer.stride, layer.padding, layer.dilation, layer.kernel_size
    sides = zip(x.shape[2:], padding, dilation, kernel, stride, strict=True)  # what the stride leaves over at the ends
    rest = [(n + 2 * int(p) - d * (k - 1) - 1) % s for n, p, d, k, s in sides]
    y = F.conv2d(x, layer.weight, layer.bias, stride, padding, dilation, layer.groups)
    return y, lambda g: F.conv_transpose2d(g, layer.weight, None, stride, padding, rest, layer.groups, dilation)


def _rectified(layer: nn.ReLU | nn.LeakyReLU, x: Tensor) -> Pulled:
    slope = getattr(layer, "negative_slope", 0.0)
    mask = torch.where(x > 0, x.new_ones(()), slope)
    return x * mask, lambda g: g * mask


def _flattened(layer: nn.Flatten, x: Tensor) -> Pulled:
    return x.flatten(layer.start_dim, layer.end_dim), lambda g: g.reshape(x.shape)


def _pooled(layer: nn.AvgPool2d, x: Tensor) -> Pulled:
    k = int(layer.kernel_size)  # type: ignore[arg-type]
    return F.avg_pool2d(x, k), lambda g: g.repeat_interleave(k, 2).repeat_interleave(k, 3) / k**2


def _same(layer: nn.Module, x: Tensor) -> Pulled:
    return x, lambda g: g


RULES: dict[type, Callable[[Any, Tensor], Pulled]] = {
    nn.Linear: _linear,
    nn.Conv2d: _convolution,
    nn.ReLU: _rectified,
    nn.LeakyReLU: _rectified,
    nn.Flatten: _flattened,
    nn.AvgPool2d: _pooled,
    nn.Identity: _same,
}
