"""Which examples' gradients are there when a step is taken, and what was random when they were made.

Examples are named once for each backward pass, before it or after it, so the k-th name since gradients were cleared is
that of the k-th pass. Where gradients are cleared and no step was taken, as where a gradient scaler skips one that
overflowed, the names of the passes since go with them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from minent.training.randomness import random_state
from minent.training.trajectory.held import ids_of


class Names:
    """What `record` hands over: `batch(ids)` names the examples behind the next step.

    `skipped` counts those whose gradients were cleared before a step was taken."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, replaced: bool = False) -> None:
        self.ids: list[np.ndarray] = []
        self.skipped, self.replaced = 0, replaced
        self._states: list[tuple[Tensor, bool]] = []  # of the random generators, before each forward pass; was it used?
        self._passes: dict[int, int] = {}
        self._gradients: dict[int, Tensor] = {}
        parameters = [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
        hooks = [p.register_post_accumulate_grad_hook(self._accumulated) for p in parameters]
        device = parameters[0].device if parameters else torch.device("cpu")
        hooks.append(model.register_forward_pre_hook(lambda *_: self._forward(random_state(device), False)))
        hooks.append(model.register_forward_hook(lambda *_: self._forward(random_state(device), True)))
        self._undo: list[Callable[[], Any]] = [hook.remove for hook in hooks]
        for one in (optimizer, model):
            self._watch(one)

    def batch(self, ids: Sequence[int] | np.ndarray | Tensor) -> None:
        """These examples' gradients are in `.grad`, or will be: once for each call of backward(), of which those before
        one step add up, each of a mean over its examples. Raises BadInput for what are no numbers of examples."""
        self.ids.append(ids_of(ids))

    def taken(self) -> tuple[list[np.ndarray], list[Tensor] | None]:
        """The names of the step that is taken, and what was random in each pass, which are done with; None where
        nothing was, or where there were other forward passes, so that nobody knows which is which."""
        ids, self.ids, states, self._states = self.ids, [], self._states, []
        self._passes.clear()
        self._gradients.clear()  # a step may be followed by a pass that clears nothing
        if len(states) != len(ids):
            states = [one for one in states if one[1]]  # an evaluation draws nothing
        random = len(states) == len(ids) and any(used for _, used in states)
        return ids, [state for state, _ in states] if random else None

    def skip(self) -> None:
        """The step is not taken: its names are passed over."""
        self.skipped += sum(map(len, self.taken()[0]))

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

    def _forward(self, state: Tensor, after: bool) -> None:
        if not torch.is_grad_enabled():
            return
        if not after:
            self._states.append((state, False))
        elif self._states:
            self._states[-1] = self._states[-1][0], not torch.equal(state, self._states[-1][0])

    def _accumulated(self, parameter: Tensor) -> None:
        key, gradient = id(parameter), parameter.grad
        before = self._gradients.get(key)
        other = before is not None and gradient is not before and not (gradient is not None and gradient.requires_grad)
        if other and not self.replaced:
            self._cleared()  # by hand: parameter.grad = None
        if gradient is not None:
            self._gradients[key] = gradient
        self._passes[key] = self._passes.get(key, 0) + 1

    def _cleared(self) -> None:
        gone = min(len(self.ids), max(self._passes.values(), default=0))
        self.skipped += sum(map(len, self.ids[:gone]))
        del self.ids[:gone]
        del self._states[: max(self._passes.values(), default=0)]
        self._passes.clear()
        self._gradients.clear()
