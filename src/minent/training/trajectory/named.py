"""Which examples' gradients are there when a step is taken.

Examples are named once for each backward pass, before it or after it, so the k-th name since gradients were cleared is
that of the k-th pass. Where gradients are cleared and no step was taken, as where a gradient scaler skips one that
overflowed, the names of the passes since go with them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from minent.training.trajectory.recorder import ids_of


class Names:
    """What `record` hands over: `batch(ids)` names the examples behind the next step.

    `skipped` counts those whose gradients were cleared before a step was taken."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self.ids: list[np.ndarray] = []
        self.skipped = 0
        self._passes: dict[int, int] = {}
        self._gradients: dict[int, Tensor] = {}
        parameters = [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
        hooks = [p.register_post_accumulate_grad_hook(self._accumulated) for p in parameters]
        self._undo: list[Callable[[], Any]] = [hook.remove for hook in hooks]
        for one in (optimizer, model):
            self._watch(one)

    def batch(self, ids: Sequence[int] | np.ndarray | Tensor) -> None:
        """These examples' gradients are in `.grad`, or will be: once for each call of backward(), of which those before
        one step add up, each of a mean over its examples. Raises BadInput for what are no numbers of examples."""
        self.ids.append(ids_of(ids))

    def taken(self) -> list[np.ndarray]:
        """The names of the step that is taken, which are done with."""
        ids, self.ids = self.ids, []
        self._passes.clear()
        self._gradients.clear()  # a step may be followed by a pass that clears nothing
        return ids

    def done(self) -> None:
        """Watch no more."""
        for undo in self._undo:
            undo()

    def _watch(self, one: Any) -> None:
        clear, own = one.zero_grad, "zero_grad" in vars(one)

        def zero_grad(*args: Any, **kwargs: Any) -> None:
            self._cleared()
            clear(*args, **kwargs)

        one.zero_grad = zero_grad
        self._undo.append(lambda: setattr(one, "zero_grad", clear) if own else delattr(one, "zero_grad"))

    def _accumulated(self, parameter: Tensor) -> None:
        key, gradient = id(parameter), parameter.grad
        before = self._gradients.get(key)
        if before is not None and gradient is not before and not (gradient is not None and gradient.requires_grad):
            self._cleared()  # by hand: parameter.grad = None
        if gradient is not None:
            self._gradients[key] = gradient
        self._passes[key] = self._passes.get(key, 0) + 1

    def _cleared(self) -> None:
        gone = min(len(self.ids), max(self._passes.values(), default=0))
        self.skipped += sum(map(len, self.ids[:gone]))
        del self.ids[:gone]
        self._passes.clear()
        self._gradients.clear()
