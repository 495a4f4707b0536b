"""The walk from a trajectory's end to its beginning, on which each step is shared out to the examples behind it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from minent.attribution.losses import check, loss_gradients
from minent.attribution.mean_gradients import Outputs, along
from minent.attribution.passes import Inputs, number, taken
from minent.attribution.products import Factors, Gradients, against, dense, lengths, products, scaled, total
from minent.attribution.secant import Tape
from minent.attribution.updates import back, decay, earlier, remembers
from minent.errors import BadInput
from minent.training.trajectory import Step, Trajectory


class Walk:
    """From the end of a trajectory to its beginning."""

    def __init__(self, model: nn.Module, trajectory: Trajectory, train: tuple[Inputs, Any], loss: Any, rule: str):
        self.model, self.trajectory, self.loss, self.rule = model, trajectory, loss, rule
        self.inputs, self.targets = train
        self.examples = number(self.inputs)
        self.group = {name: k for k, names in enumerate(trajectory.parameters) for name in names}
        self.last = trajectory.weights(trajectory.end + 1)
        own = {name: one.shape for name, one in model.state_dict().items()}
        if strange := [name for name, one in self.last.items() if own.get(name) != one.shape]:
            raise BadInput(f"the trajectory is another model's: {strange[0]!r} has no such place in this one")
        self.shapes = {name: self.last[name].shape for name in self.group}
        self.steps = trajectory.steps[: trajectory.end]
        if beyond := [step for step in self.steps if step.ids.max() >= self.examples or step.ids.min() < 0]:
            step = beyond[0]
            wanted = f"ids are rows of the {self.examples} training examples"
            raise BadInput(f"{wanted}; got {step.ids.max()} at step {step.number}")
        self.begun = {
            name: next((step.number for step in self.steps if name not in step.idle), 0) for name in self.group
        }
        self.start = trajectory.start()
        self.notes: set[str] = set()
        if any(not step.kept for step in self.steps):
            self.notes.add(
                f"thinned: every {trajectory.every}th step's weights are known; gradients between are theirs"
            )
        self.checked = False

    def inputs_for(self, memory: float, outputs: int) -> int:
        """How many inputs a walk can hold: H_r, A_r and J_r of each output, or the largest layer's."""
        sizes = [one.numel() for one in self.shapes.values()]
        held = (
            3 * sum(sizes) if any(remembers(group) for step in self.steps for group in step.groups) else 2 * max(sizes)
        )
        each = held * outputs * next(iter(self.last.values())).element_size()
        return max(1, int(memory * 2**30 / each))

    def back(self, inputs: Inputs, outputs: Outputs, said: Tensor) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Contributions (input, output, example) and other terms (input, output)."""
        trained, after = set(self.group), self.last
        m, k = said.shape
        contributions = torch.zeros(k, m, self.examples, dtype=torch.float64)
        other = {
            name: torch.zeros(k, m, dtype=torch.float64)
            for name, there in (
                ("weight decay", any(group["weight_decay"] for step in self.steps for group in step.groups)),
                ("earlier steps", bool(self.start)),
            )
            if there
        }
        held: dict[str, Tensor] = {}
        for first, following in reversed(self.trajectory.segments()):
            before = self.trajectory.weights(first)
            factors, values, tape = along(self.model, before, after, inputs, trained, outputs, self.rule)
            if after is self.last and values is not None:
                self._agree(values, said)
            self._note(tape)
            steps = self.steps[first - 1 : following - 1]
            followed = [self._gradients(step, before) for step in steps]
            seconds = self._second_moments(steps, followed)
            rows: dict[str, Tensor] = {}
            for step, gradients, second in zip(reversed(steps), reversed(followed), reversed(seconds), strict=True):
                block = torch.zeros(k, m, len(step.ids), dtype=torch.float64)
                for name in factors:
                    if name in step.idle:
                        continue
                    group = step.groups[self.group[name]]
                    if not remembers(group) and not group["weight_decay"]:
                        if name in gradients:
                            sign = group["lr"] * (1 if group["maximize"] else -1)
                            shape = self.shapes[name]
                            ours, theirs = Gradients(factors[name], shape), Gradients(gradients[name], shape)
                            block += sign * products(ours, theirs)
                        continue
                    if name not in rows:
                        rows[name] = dense(factors[name], self.shapes[name]).flatten(0, 1)
                    makes = step.number == self.begun[name] and name not in self.start
                    moment = second.get(name)
                    coefficients, held[name] = back(held.get(name), rows[name], group, step, makes, moment)
                    if name in gradients:
                        block += against(gradients[name], coefficients).unflatten(0, (k, m))
                    if (shrinking := decay(rows[name], coefficients, group)) is not None:
                        theirs = shrinking.flatten(1) @ before[name].flatten()
                        other["weight decay"] += theirs.unflatten(0, (k, m))
                contributions.index_add_(2, torch.from_numpy(step.ids), block)
            after = before
        for name, momentum in self.start.items():
            if name in held:
                coefficients = earlier(held[name], self.steps[0].groups[self.group[name]])
                other["earlier steps"] += (coefficients.flatten(1) @ momentum.flatten()).unflatten(0, (k, m))
        return contributions.transpose(0, 1).numpy(), {name: one.T.numpy() for name, one in other.items()}

    def _gradients(self, step: Step, weights: dict[str, Tensor]) -> Factors:
        """Each example's share in the gradient that a step followed."""
        ids = torch.from_numpy(step.ids)
        batch = taken(self.inputs, ids), taken(self.targets, ids)
        trained = set(self.group)
        gradients, tape = loss_gradients(self.model, weights, *batch, trained, self.loss)
        if not self.checked:
            check(self.model, weights, *batch, trained, self.loss, gradients)
            self.checked = True
        self._note(tape)
        length = lengths(gradients, self.shapes, [name for name in gradients if name not in step.idle])
        scale = step.gradient_norm / length if length else 1.0
        return scaled(gradients, scale)  # not in place: gradients of several places may be one tensor

    def _second_moments(self, steps: Sequence[Step], followed: Sequence[Factors]) -> list[dict[str, Tensor]]:
        """Adam's at each step between two kept ones: the first was kept too, others are made of gradients."""
        seconds = [self.trajectory.second_moments(steps[0].number)]
        for step, gradients in zip(steps[1:], followed[1:], strict=True):
            moved = {}
            for name, moment in seconds[-1].items():
                beta = step.groups[self.group[name]]["betas"][1]
                found = name in gradients and name not in step.idle
                gradient = total(gradients, name, self.shapes) if found else torch.zeros_like(moment)
                moved[name] = beta * moment + (1 - beta) * gradient.square()
            seconds.append(moved)
        return seconds

    def _agree(self, values: Tensor, said: Tensor) -> None:
        bound = 1e3 * torch.finfo(said.dtype).eps * (1 + said.abs().max())
        if not torch.allclose(values, said, rtol=0, atol=float(bound)):
            far = float((values - said).abs().max())
            raise BadInput(
                f"the model, followed operator by operator, says what it does not say by itself (by {far:.2g})"
            )

    def _note(self, tape: Tape) -> None:
        if tape.unruled:
            self.notes.add(f"by quadrature, for want of a secant rule: {', '.join(sorted(tape.unruled))}")
        if tape.loose:
            first = min(tape.loose)
            self.notes.add(f"gradients one by one, for want of factors: {len(tape.loose)} parameters, as {first!r}")
