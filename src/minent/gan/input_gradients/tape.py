"""What a way through a critic leaves for the way back: tensors by their place, so that torch may pack and unpack them.

Weights are found by place and never by what they are: under hooks of saved tensors, `functional_call` and the like,
those of the backward pass are other tensors than those of the layers.
"""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from torch import Tensor


class NoRule(Exception):
    """What it names has no way of its own, and is left to autograd."""


class Tape:
    """`kept`: the weights, by place, then what the layers keep on their way there and back, for `push`; `found`:
    gradients of the weights that are `wanted`."""

    def __init__(self, kept: Sequence[Tensor], wanted: Sequence[bool] = ()):
        self.kept, self.wanted, self.taken = list(kept), wanted, 0
        self.found: list[Tensor | None] = [None] * len(wanted)

    def take(self) -> int:
        """The place of the next weight."""
        self.taken += 1
        return self.taken - 1

    def keep(self, tensor: Tensor) -> int:
        self.kept.append(tensor)
        return len(self.kept) - 1


@runtime_checkable
class Pass(Protocol):
    """One way through a module: `there` from x to y, which takes each of its `weights` from the tape, in their order;
    `back` from ∂/∂y to ∂/∂x; then `push` from q before the module to q after it, which leaves gradients in `found`."""

    def weights(self) -> list[Tensor]: ...

    def there(self, x: Tensor, tape: Tape, *rest: Any, **named: Any) -> Tensor: ...

    def back(self, g: Tensor, tape: Tape) -> Tensor: ...

    def push(self, q: Tensor, u: Tensor, tape: Tape) -> Tensor: ...
