"""What recording and explaining will cost, before it starts: measured on a few steps, and multiplied.

    disk = S · W · b (Adam: twice)     explain = S · (⌈m / h⌉ · g + m · j)     mislabels = S · o (momentum, Adam: twice)

for S steps, W trained weights of b bytes and m inputs, h at a time; g, the CPU seconds of a batch's gradients and j of
an input's mean gradients and products, are had by explaining one input and a batch of them; o by one step's mislabels.
"""

import tempfile
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from minent.attribution.chosen import column
from minent.attribution.path_kernel import explain
from minent.attribution.suspects import own_of
from minent.attribution.walk.back import Walk
from minent.attribution.walk.own import longest
from minent.attribution.walk.passes import Inputs, called, number, place, predicted, taken
from minent.errors import BadInput
from minent.nn.evaluating import evaluating
from minent.training.trajectory import record
from minent.training.trajectory.moments import size_of
from minent.training.trajectory.trajectory import Trajectory

STEPS = 3


@dataclass(frozen=True)
class Cost:
    """CPU seconds and bytes."""

    disk: int
    training: float
    recording: float
    """Beyond training."""

    explain: float
    mislabels: float
    at_a_time: int
    """How many inputs are explained at a time, by what `memory` holds."""

    def __str__(self) -> str:
        return (
            f"training     {self.training:10,.1f} CPU s\n"
            f"recording    {self.recording:10,.1f} CPU s more, {self.disk / 1e6:,.1f} MB on disk\n"
            f"explain      {self.explain:10,.1f} CPU s, {self.at_a_time:,} inputs at a time\n"
            f"mislabels    {self.mislabels:10,.1f} CPU s"
        )


def cost(
    model: nn.Module, optimizer: torch.optim.Optimizer, batch: tuple[Inputs, Any], *, steps: int, examples: int,
    inputs: int = 100, loss: Any = F.cross_entropy, memory: float = 1.0,
) -> Cost:  # fmt: skip
    """Of `steps` steps on batches like this one, of `examples` training examples in all, and of explaining so many
    `inputs`. Model and optimiser stay as they are.

    >>> line, x, y = nn.Linear(4, 2), torch.randn(8, 4), torch.tensor([0, 1] * 4)
    >>> found = cost(line, torch.optim.SGD(line.parameters(), lr=0.1), (x, y), steps=1000, examples=8)
    >>> found.disk
    40000
    """
    if min(steps, examples, inputs) < 1:
        raise BadInput(f"steps, examples and inputs are 1 at least; got {steps}, {examples} and {inputs}")
    model, optimizer = deepcopy((model, optimizer))  # together: the optimiser's parameters are the copy's
    ids, size = np.arange(number(batch[0])), number(batch[0])
    with tempfile.TemporaryDirectory() as folder:
        bare = _seconds(lambda: _trained(model, optimizer, batch, loss, None))
        with_record = _seconds(lambda: _trained(model, optimizer, batch, loss, (folder, ids)))
        run = Trajectory.open(Path(folder) / "run").to(place(batch[0]))
        explained = [
            _seconds(lambda n=n: explain(model, run, taken(batch[0], slice(n)), train=batch, loss=loss, memory=memory))
            for n in (1, 1, size)  # what is imported and compiled at first is not counted
        ][1:]
        with torch.no_grad(), evaluating(model):
            outputs = predicted(model, run.weights(1), taken(batch[0], slice(2)))
            walk = Walk(model, run, batch, loss, "secant", None, 0)
            walk.followed.examples = examples
            count = outputs.shape[1] if outputs.dim() > 1 else 1
            at_a_time = walk.inputs_for(memory, batch[0], lambda _: column, count)
            own = _seconds(lambda: own_of(model, run, batch, loss, count, "secant"))
        twice = 2 if longest(walk.followed) > 1 else 1
    each = max(0.0, explained[1] - explained[0]) / max(1, size - 1)
    fixed = max(0.0, explained[0] - each)
    per_step = (-(-inputs // at_a_time) * fixed + inputs * each) / STEPS
    return Cost(
        size_of(model, optimizer, steps), steps * bare / STEPS, steps * max(0.0, with_record - bare) / STEPS,
        steps * per_step, steps * twice * own / STEPS, at_a_time,
    )  # fmt: skip


def _trained(model: nn.Module, optimizer: Any, batch: tuple[Inputs, Any], loss: Any, kept: Any) -> None:
    def walk(name: Any) -> None:
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss(called(model, batch[0]), batch[1]).backward()
            if name is not None:
                name.batch(kept[1])
            optimizer.step()

    if kept is None:
        walk(None)
        return
    with record(model, optimizer, Path(kept[0]) / "run") as r:
        walk(r)


def _seconds(done: Any) -> float:
    begun = process_time()
    done()
    return process_time() - begun
