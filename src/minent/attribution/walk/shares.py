"""What a step did to the outputs is shared out: to the examples behind it, to weight decay, to what was there before.

A step's gradients are as those of the last kept step before it; mean gradients are built where a step remembers others.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from minent.attribution.factors.factors import Factor
from minent.attribution.factors.products import Factors, Gradients, dense, products
from minent.attribution.factors.projection import Unprojected
from minent.attribution.walk.followed import Followed
from minent.attribution.walk.updates import Memory, decay, remembers
from minent.training.trajectory.trajectory import Step


class Segment(NamedTuple):
    """The steps from a kept one to the next."""

    steps: Sequence[Step]
    weights: dict[str, Tensor]
    """Before the first of them."""
    factors: Factors
    """Mean gradients of the outputs along them."""
    followed: Sequence[Sequence[Factors]]
    """Gradients that each step followed, in blocks of examples."""
    seconds: Sequence[Mapping[str, Tensor]]
    """Adam's second moments at each step."""
    statistics: Mapping[str, Tensor]
    """How running statistics moved along them."""
    rows: dict[str, Tensor]
    """Mean gradients (output and input, *shape) that were built."""


class Shares:
    """Shares in the outputs of some inputs: `contributions` (output, input, example) and `other` terms (output, input),
    which grow on the way back, as does the `memory` of each parameter."""

    def __init__(
        self, followed: Followed, projection: Unprojected, outputs: int, inputs: int,
        kept: Callable[[int], float] | None = None,
    ):  # fmt: skip
        self.kept, self.mean = kept, dict[str, Tensor]()
        self.followed, self.projection, self.shape = followed, projection, (outputs, inputs)
        self.device = followed.trajectory.device  # contributions themselves are many, and stay on the CPU
        self.contributions = torch.zeros(outputs, inputs, followed.examples, dtype=torch.float64)
        decays = any(group["weight_decay"] for step in followed.steps for group in step.groups)
        there = {"weight decay": decays, "earlier steps": bool(followed.start), "running statistics": followed.moving}
        self.other = {
            name: torch.zeros(self.shape, dtype=torch.float64, device=self.device) for name, one in there.items() if one
        }
        self.memory = {name: Memory() for name in followed.group}

    def add(self, segment: Segment) -> None:
        """Share out the steps of a segment, the last first."""
        for name, step in segment.statistics.items():
            if name in segment.factors:
                rows = dense(segment.factors[name], step.shape).flatten(2)
                self.other["running statistics"] += rows @ step.flatten()
        each = segment.steps, segment.followed, segment.seconds
        for step, gradients, second in zip(*map(reversed, each), strict=True):
            if self.kept is not None:
                segment = segment._replace(rows=self.averaged(segment, self.kept(step.number)))
            block = torch.zeros(*self.shape, len(step.ids), dtype=torch.float64, device=self.device)
            for name in segment.factors if self.kept is None else segment.rows:
                if name in step.idle or name not in self.memory:
                    continue
                theirs = [one[name] for one in gradients if name in one]
                share = self.share_of(segment, step, name, theirs, second.get(name))
                if share is not None:
                    block += share
            self.contributions.index_add_(2, torch.from_numpy(step.ids), block.cpu())

    def averaged(self, segment: Segment, kept: float) -> dict[str, Tensor]:
        """What a step of the run does to the mean of weights, and so to the outputs: G_r (see `averaged`)."""
        for name in self.memory:
            if name in segment.factors:
                rows = dense(segment.factors[name], self.followed.shapes[name]).flatten(0, 1)
                before = self.mean.get(name)
                self.mean[name] = (1 - kept) * rows + (0 if before is None else kept * before)
            elif name in self.mean:
                self.mean[name] = kept * self.mean[name]
        return dict(self.mean)

    def share_of(
        self, segment: Segment, step: Step, name: str, theirs: Sequence[Sequence[Factor]], moment: Tensor | None
    ) -> Tensor | None:
        """What the gradients of a step's examples did by one parameter, (output, input, example); None without any."""
        group, shape = step.groups[self.followed.group[name]], self.followed.shapes[name]
        if not remembers(group) and not group["weight_decay"] and self.kept is None:
            if not theirs:
                return None
            sign, ours = group["lr"] * (1 if group["maximize"] else -1), Gradients(segment.factors[name], shape)
            return sign * torch.cat([products(ours, Gradients(one, shape)) for one in theirs], 2)
        if name not in segment.rows:
            segment.rows[name] = dense(segment.factors[name], shape).flatten(0, 1)
        rows, seen = segment.rows[name], partial(self.projection, name)
        makes = step.number == self.followed.begun[name] and name not in self.followed.start
        share = self.memory[name].back(rows, group, step.late.get(name, step.count), makes, moment, seen)
        if group["weight_decay"]:
            decayed = decay(rows, share, segment.weights[name], group, seen)
            self.other["weight decay"] += decayed.unflatten(0, self.shape)
        if not theirs:
            return None
        return torch.cat([share(partial(self.projection.against, name, one)) for one in theirs], 1).unflatten(
            0, self.shape
        )

    def earlier(self) -> None:
        """Share out what the optimiser remembered from before the first step."""
        for name, momentum in self.followed.start.items():
            if (held := self.memory[name].held) is not None:
                momentum = self.memory[name].kept * self.projection(name, momentum[None]).flatten()
                self.other["earlier steps"] -= (held.flatten(1) @ momentum).unflatten(0, self.shape)
