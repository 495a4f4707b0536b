"""The walk from a trajectory's end to its beginning, on which each step is shared out to the examples behind it."""

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from minent.attribution.factors.products import Gradients, dense, products
from minent.attribution.factors.projection import Projection, Unprojected
from minent.attribution.walk.followed import Followed, noted
from minent.attribution.walk.mean_gradients import Outputs, along
from minent.attribution.walk.passes import Inputs, number
from minent.attribution.walk.updates import Memory, decay, remembers
from minent.errors import BadInput
from minent.training.trajectory.trajectory import Trajectory


class Walk:
    """From the end of a trajectory to its beginning."""

    def __init__(
        self, model: nn.Module, trajectory: Trajectory, train: tuple[Inputs, Any], loss: Any, rule: str,
        project: int | None, seed: int,
    ):  # fmt: skip
        self.model, self.trajectory, self.rule = model, trajectory, rule
        self.examples = number(train[0])
        self.last = trajectory.weights(trajectory.end + 1)
        own = {name: tuple(one.shape) for name, one in model.state_dict().items()}
        for name, one in self.last.items():
            if own.get(name) != tuple(one.shape):
                told = f"{name!r} is {tuple(one.shape)} there, and {own.get(name, 'nowhere')} in this one"
                raise BadInput(f"the trajectory is another model's: {told}")
        self.followed = Followed(model, trajectory, train, loss)
        self.group, self.shapes = self.followed.group, self.followed.shapes
        self.steps = trajectory.steps[: trajectory.end]
        if beyond := [step for step in self.steps if step.ids.max() >= self.examples or step.ids.min() < 0]:
            step = beyond[0]
            wanted = f"ids are rows of the {self.examples} training examples"
            raise BadInput(f"{wanted}; got {step.ids.max()} at step {step.number}")
        self.begun = {
            name: next((step.number for step in self.steps if name not in step.idle), 0) for name in self.group
        }
        self.start = trajectory.start()
        self.notes = self.followed.notes
        if any(not step.kept for step in self.steps):
            self.notes.add(
                f"thinned: every {trajectory.every}th step's weights are known; gradients between are theirs"
            )
        self.projection = Unprojected()
        if project is not None:
            if any("betas" in group for step in self.steps for group in step.groups):
                found = "project is for SGD's momentum; got Adam, under which answers correlate .69 with the exact ones"
                raise BadInput(f"{found}: leave it out, and explain outputs='predicted' alone if time is short")
            self.projection = Projection(self.shapes, project, seed)
            if self.projection.signs:
                self.notes.add(f"projected to {project} numbers a parameter: {self.projection.error}")

    def inputs_for(self, memory: float, outputs: int) -> int:
        """How many inputs a walk can hold: H_r, J_r and a view of each output, or the largest layer's."""
        sizes = [one.numel() for one in self.shapes.values()]
        held = 2 * max(sizes)
        if any(remembers(group) for step in self.steps for group in step.groups):
            held = self.projection.held(sizes)
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
        memory = {name: Memory() for name in self.group}
        for first, following in reversed(self.trajectory.segments()):
            before = self.trajectory.weights(first)
            factors, values, tape = along(self.model, before, after, inputs, trained, outputs, self.rule)
            if after is self.last and values is not None:
                self._agree(values, said)
            self.notes.update(noted(tape))
            steps = self.steps[first - 1 : following - 1]
            followed = [self.followed.gradients(step, before) for step in steps]
            seconds = self.followed.second_moments(steps, followed)
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
                    seen = partial(self.projection, name)
                    count = step.late.get(name, step.count)
                    share = memory[name].back(rows[name], group, count, makes, moment, seen)
                    if name in gradients:
                        products_with = partial(self.projection.against, name, gradients[name])
                        block += share(products_with).unflatten(0, (k, m))
                    if group["weight_decay"]:
                        theirs = decay(rows[name], share, before[name], group, seen)
                        other["weight decay"] += theirs.unflatten(0, (k, m))
                contributions.index_add_(2, torch.from_numpy(step.ids), block)
            after = before
        for name, momentum in self.start.items():
            if (held := memory[name].held) is not None:
                momentum = memory[name].kept * self.projection(name, momentum[None]).flatten()
                other["earlier steps"] -= (held.flatten(1) @ momentum).unflatten(0, (k, m))
        return contributions.transpose(0, 1).numpy(), {name: one.T.numpy() for name, one in other.items()}

    def _agree(self, values: Tensor, said: Tensor) -> None:
        bound = 1e3 * torch.finfo(said.dtype).eps * (1 + said.abs().max())
        if not torch.allclose(values, said, rtol=0, atol=float(bound)):
            far = float((values - said).abs().max())
            raise BadInput(
                f"the model, followed operator by operator, says what it does not say by itself (by {far:.2g})"
            )
