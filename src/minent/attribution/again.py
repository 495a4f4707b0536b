"""A recorded run is walked again without some of its examples: what would have been said, had they not been there.

Batches, their order, learning rates and the first weights are those of the record; a batch that loses an example is the
mean of the others. This is what attributions are judged by, and what answers "what should I remove?".
"""

from collections.abc import Collection
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float64
from torch import Tensor, nn

from minent.attribution.chosen import column
from minent.attribution.walk.averaged import apart
from minent.attribution.walk.passes import Inputs, as_trained, called, place, predicted
from minent.attribution.walk.taught import Taught, Train
from minent.errors import BadInput
from minent.nn.evaluating import evaluating
from minent.training.randomness import replayed
from minent.training.trajectory.modes import original
from minent.training.trajectory.trajectory import Step, Trajectory

KINDS = {"SGD": torch.optim.SGD, "Adam": torch.optim.AdamW}


class Again:
    """A recorded run of `model`, whose arguments are those of `explain`, to be trained again.

    Gradients that were scaled, as by a loss that is a sum, are scaled as they were at the first step; clipping is not
    known, and dropout is drawn anew (`seed`). `off` tells what that costs: how far the run's last weights are from
    those of the same run trained again, of the way that it went.

    >>> import tempfile
    >>> from minent.attribution import record
    >>> x, y = torch.eye(3), torch.tensor([0, 1, 1])
    >>> line = nn.Linear(3, 2)
    >>> optimizer = torch.optim.SGD(line.parameters(), lr=0.5)
    >>> folder = tempfile.mkdtemp() + "/run"
    >>> with record(line, optimizer, folder) as r:
    ...     for _ in range(20):
    ...         optimizer.zero_grad()
    ...         F.cross_entropy(line(x), y).backward()
    ...         r.batch([0, 1, 2])
    ...         optimizer.step()
    >>> again = Again(line, folder, train=(x, y))
    >>> again.off < 1e-5, again.says(x[:1], without=[0]).argmax(1).tolist()
    (True, [1])
    """

    def __init__(
        self, model: nn.Module, trajectory: str | Path | Trajectory, *, train: Train, loss: Any = F.cross_entropy,
        seed: int = 0,
    ):  # fmt: skip
        self.model, self.loss, self.seed, self.taught = original(model), loss, seed, Taught(train)
        self.device = next(self.model.parameters()).device
        self.run = Trajectory.open(trajectory).to(self.device)
        self.scale = 1.0
        step = self.run.steps[0]
        model = self._begun()
        self._gradient(model, step, np.ones(len(step.ids), bool), self.run.random_states(1))
        length = torch.stack([p.grad.norm() for p in model.parameters() if p.grad is not None]).norm()
        self.scale = step.gradient_norm / float(length) if length else 1.0

    @property
    def off(self) -> float:
        """‖again − last‖ / ‖last − first‖."""
        last, first = self.run.weights(self.run.end + 1), self.run.weights(1)
        trained = [name for names in self.run.parameters for name in names]
        return apart(self.weights(), {name: last[name] for name in trained}, first)

    def weights(self, without: Collection[int] = ()) -> dict[str, Tensor]:
        """Those after training without these examples. Raises BadInput where there are none left."""
        gone, model = np.asarray(sorted(without), np.int64), self._begun()
        named = dict(model.named_parameters())
        groups = [{"params": [named[name] for name in names]} for names in self.run.parameters]
        optimizer: Any = KINDS[self.run.optimizer](groups, lr=0.0)
        taken = 0
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
            torch.manual_seed(self.seed)
            for step in self.run.steps[: self.run.end]:
                if not (there := ~np.isin(step.ids, gone)).any():
                    continue
                for group, then in zip(optimizer.param_groups, step.groups, strict=True):
                    group.update(then)
                self._gradient(model, step, there, None)
                optimizer.step()
                taken += 1
        if not taken:
            raise BadInput("wanted training examples to learn from; got all of them to do without")
        return {name: one.detach() for name, one in model.state_dict().items()}

    def says(self, inputs: Inputs, without: Collection[int] = ()) -> Float64[np.ndarray, "inputs outputs"]:
        """What is said of inputs after training without these examples."""
        weights = self.weights(without)
        with torch.no_grad(), evaluating(self.model):
            said = predicted(self.model, weights, inputs)
        return column(said).double().cpu().numpy()

    def _begun(self) -> nn.Module:
        model = deepcopy(self.model)
        model.load_state_dict(self.run.weights(1), strict=False)
        return model

    def _gradient(self, model: nn.Module, step: Step, there: np.ndarray, states: list[Tensor] | None) -> None:
        """The mean gradient of a step's examples that are there, micro-batch by micro-batch, into `.grad`."""
        model.zero_grad(set_to_none=True)
        ends = np.cumsum(step.parts)
        with as_trained(model, self.run.still):
            for part, (end, size) in enumerate(zip(ends, step.parts, strict=True)):
                rows = slice(end - size, end)
                if not len(ids := step.ids[rows][there[rows]]):
                    continue
                inputs, targets = self.taught.batch(ids, self.device)
                with torch.enable_grad(), replayed(states[part] if states else None, place(inputs)):
                    lost = self.loss(called(model, inputs), targets).sum()
                (lost * (self.scale * len(ids) / there.sum())).backward()
        for name, parameter in model.named_parameters():
            if name in step.idle:
                parameter.grad = None
