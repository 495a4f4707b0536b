"""The way through a piecewise-linear critic and back, where all its layers are known to have one.

Layers of torch are those of `minent.gan.input_gradients.layers`; a module of one's own says its way by `passed`.
"""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from torch import Tensor, nn
from torch.nn.modules.module import _has_any_global_hook
from torch.nn.utils.parametrize import type_before_parametrizations

from minent.gan.input_gradients.layers import Convolution, Dropped, Flat, Linear, Pooled, Rectified, Same
from minent.gan.input_gradients.tape import NoRule, Pass, Tape


@runtime_checkable
class WrittenOut(Protocol):
    """A module that has a `Pass`, made of those of its parts."""

    def passed(self) -> Pass: ...


def written_out(module: Any) -> bool:
    """Whether `passed` knows the module, and all in it.

    >>> written_out(nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))), written_out(nn.Softplus())
    (True, False)
    """
    try:
        passed(module)
    except NoRule:
        return False
    return True


def passed(module: Any) -> Pass:
    """A pass through layers of torch, as they are or with parametrisations of their weights, and modules that are
    `WrittenOut`. Raises NoRule, which names it, for another module in it, and for one with hooks.

    >>> import torch
    >>> one, tape = passed(nn.ReLU()), Tape([])
    >>> _ = one.there(torch.tensor([[1.0, -2.0]]), tape)
    >>> one.back(torch.tensor([[5.0, 7.0]]), tape).tolist()
    [[5.0, 0.0]]
    """
    refuse_hooked(module)
    kind = type(module)
    if kind in PASSES:
        return PASSES[kind](module)
    if hasattr(kind, "passed"):  # as WrittenOut; asking the protocol costs more than all else here
        if _where(module, "forward") is not _where(module, "passed"):
            raise NoRule(kind.__name__)
        return module.passed()
    kind = type_before_parametrizations(module)
    if kind not in PASSES:
        raise NoRule(kind.__name__)
    return PASSES[kind](module)


def refuse_hooked(module: Any) -> None:
    """Raises NoRule for a module that does more than its class says, and for what is none."""
    if not isinstance(module, nn.Module):
        raise NoRule(type(module).__name__)
    hooks = module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks
    if hooks or _has_any_global_hook() or "forward" in vars(module):
        raise NoRule(f"{type(module).__name__} with hooks or a forward of its own")


def _where(module: Any, name: str) -> type | None:
    """The class that a module has its method from: a subclass with a forward of its own has no pass of its own."""
    return next((kind for kind in type(module).__mro__ if name in vars(kind)), None)


class _Chain:
    def __init__(self, layers: nn.Sequential):
        self.passes = [passed(layer) for layer in layers]

    def weights(self) -> list[Tensor]:
        return [weight for one in self.passes for weight in one.weights()]

    def there(self, x: Tensor, tape: Tape) -> Tensor:
        for one in self.passes:
            x = one.there(x, tape)
        return x

    def back(self, g: Tensor, tape: Tape) -> Tensor:
        for one in reversed(self.passes):
            g = one.back(g, tape)
        return g

    def push(self, q: Tensor, u: Tensor, tape: Tape) -> Tensor:
        for one in self.passes:
            q = one.push(q, u, tape)
        return q


PASSES: dict[type, Callable[[Any], Pass]] = {
    nn.Sequential: _Chain, nn.Linear: Linear, nn.Conv1d: Convolution, nn.Conv2d: Convolution, nn.Conv3d: Convolution,
    nn.ReLU: Rectified, nn.LeakyReLU: Rectified, nn.Flatten: Flat, nn.AvgPool2d: Pooled, nn.Identity: Same,
    nn.Dropout: Dropped, nn.Dropout1d: Dropped, nn.Dropout2d: Dropped, nn.Dropout3d: Dropped,
}  # fmt: skip
