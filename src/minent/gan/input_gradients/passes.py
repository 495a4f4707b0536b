"""The way through a piecewise-linear critic and back, where all its layers are known to have one.

Layers of torch are those of `minent.gan.input_gradients.layers`; a module of one's own says its way by `passed`.
"""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from torch import Tensor, nn

from minent.gan.input_gradients.layers import Convolution, Flat, Gradients, Linear, Pass, Pooled, Rectified, Same


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

    >>> import torch
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


PASSES: dict[type, Callable[[Any, Tensor], Pass]] = {
    nn.Sequential: _Chain, nn.Linear: Linear, nn.Conv2d: Convolution, nn.ReLU: Rectified, nn.LeakyReLU: Rectified,
    nn.Flatten: Flat, nn.AvgPool2d: Pooled, nn.Identity: Same,
}  # fmt: skip
