"""What training followed: at each step the gradients of its examples, and for Adam the second moments."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from minent.attribution.factors.products import Factors, lengths, scaled, total
from minent.attribution.rules.tape import Tape
from minent.attribution.walk.doubts import Doubts, distance
from minent.attribution.walk.losses import check, meeting, passed
from minent.attribution.walk.passes import as_trained
from minent.attribution.walk.taught import Taught, Train
from minent.errors import BadInput
from minent.training.trajectory.shards import Step
from minent.training.trajectory.trajectory import Trajectory

ALIKE = 1e-5  # of a gradient's length: no more than rounding


class Followed:
    """The gradients of a recorded training, made again; `notes` say how they were had.

    `group` and `shapes` of each parameter; `begun`, the first step that moved it; `start`, its momentum before that."""

    def __init__(self, model: nn.Module, trajectory: Trajectory, train: Train, loss: Any):
        self.model, self.trajectory, self.loss = model, trajectory, loss
        self.taught = Taught(train)
        self.examples = len(self.taught)
        self.group = {name: k for k, names in enumerate(trajectory.parameters) for name in names}
        last = trajectory.weights(trajectory.end + 1)
        self.shapes = {name: last[name].shape for name in self.group}
        self.steps, self.start = trajectory.steps[: trajectory.end], trajectory.start()
        if beyond := [step for step in self.steps if step.ids.max() >= self.examples or step.ids.min() < 0]:
            step = beyond[0]
            wanted = f"ids are rows of the {self.examples} training examples"
            raise BadInput(f"{wanted}; got {step.ids.max()} at step {step.number}")
        first = trajectory.weights(1)
        self.moving = [
            name for name, one in last.items()
            if name not in self.group and one.is_floating_point() and not one.equal(first[name])
        ]  # fmt: skip
        self.begun = {
            name: next((step.number for step in self.steps if name not in step.idle), 0) for name in self.group
        }
        self.checked, self.notes, self.doubts = False, set[str](), Doubts(trajectory)
        self.apart: bool | None = None  # whether each micro-batch's loss is a mean of its own; None: nothing tells
        self.asked = False
        # what was random and is not known is off
        self.still = {*trajectory.still, *(name for name, one in model.named_modules() if not _normalises(one))}
        if any(not step.kept for step in self.steps):
            self.notes.add(
                f"thinned: every {trajectory.every}th step's weights are known; gradients between are theirs"
            )

    def gradients(self, step: Step, weights: dict[str, Tensor]) -> list[Factors]:
        """Each example's share in the gradient that a step followed, in blocks of examples that follow one another."""
        states = self.trajectory.random_states(step.number)
        if states is None:
            self.doubts.unknown = [one for one in self.trajectory.active if not one.startswith("BatchNorm")]
        with as_trained(self.model, self.still if states is None else self.trajectory.still):
            gradients, tape, length = self._made(step, weights, bool(self.apart), states)
            equal = len({*step.parts}) == 1
            if len(step.parts) > 1 and self.apart is None and step.kept and not (self.asked and equal):
                self.asked = True
                other = self._made(step, weights, True, states)
                off, off_apart = distance(step.lengths, length), distance(step.lengths, other[2])
                if abs(off - off_apart) > ALIKE:  # those of equal size tell nothing, or all tell at once
                    self.apart = off_apart < off
                gradients, tape, length = other if self.apart else (gradients, tape, length)
            if not self.checked:
                self._check(weights, step, states)
        if step.kept:
            self.doubts.add(step, length)
        self.notes.update(noted(tape))
        norm = float(np.linalg.norm(length))
        scale = step.gradient_norm / norm if norm else 1.0
        return [scaled(one, scale) for one in gradients]  # not in place: gradients of several places may be one tensor

    def _made(
        self, step: Step, weights: dict[str, Tensor], apart: bool, states: Sequence[Tensor] | None
    ) -> tuple[list[Factors], Tape, np.ndarray]:
        """Gradients of a step's examples, and the length of their sum by parameter; each micro-batch apart or not."""
        several = apart or states is not None or meeting(self.model)
        parts = np.split(step.ids, np.cumsum(step.parts)[:-1]) if several else [step.ids]
        batches = [self.taught.batch(ids, self.trajectory.device) for ids in parts]
        gradients, tape = passed(self.model, weights, batches, set(self.shapes), self.loss, apart, states)
        length = np.array(lengths(gradients, self.shapes, list(self.group)))
        length[[name in step.idle for name in self.group]] = 0
        return gradients, tape, length

    def _check(self, weights: dict[str, Tensor], step: Step, states: Sequence[Tensor] | None) -> None:
        """The first micro-batch's gradients are compared with PyTorch's."""
        inputs, targets = self.taught.batch(step.ids[: step.parts[0]], self.trajectory.device)
        state, trained = None if states is None else states[0], set(self.shapes)
        with_state = None if states is None else states[:1]
        (factors,), _ = passed(self.model, weights, [(inputs, targets)], trained, self.loss, False, with_state)
        check(self.model, weights, inputs, targets, trained, self.loss, factors, state)
        self.checked = True

    def second_moments(self, steps: Sequence[Step], followed: Sequence[Sequence[Factors]]) -> list[dict[str, Tensor]]:
        """Adam's at each step between two kept ones: the first was kept too, others are made of gradients."""
        seconds = [self.trajectory.second_moments(steps[0].number)]
        for step, gradients in zip(steps[1:], followed[1:], strict=True):
            moved = {}
            for name, moment in seconds[-1].items():
                beta = step.groups[self.group[name]]["betas"][1]
                found = any(name in one for one in gradients) and name not in step.idle
                gradient = total(gradients, name, self.shapes) if found else torch.zeros_like(moment)
                moved[name] = beta * moment + (1 - beta) * gradient.square()
            seconds.append(moved)
        return seconds


def _normalises(module: nn.Module) -> bool:
    return isinstance(module, nn.modules.batchnorm._BatchNorm)


def noted(tape: Tape) -> set[str]:
    """What a pass did for want of better."""
    notes = set()
    if tape.unruled:
        notes.add(f"by quadrature, for want of a secant rule: {', '.join(sorted(tape.unruled))}")
    if tape.loose:
        first = min(tape.loose)
        notes.add(f"gradients one by one, for want of factors: {len(tape.loose)} parameters, as {first!r}")
    return notes
