"""The walk from a trajectory's end to its beginning, on which each step is shared out to the examples behind it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from minent.attribution.factors.projection import Projection, Unprojected
from minent.attribution.walk.averaged import ROUNDING, Average, MeanPath, apart
from minent.attribution.walk.followed import Followed, noted
from minent.attribution.walk.mean_gradients import Outputs, Rule, along
from minent.attribution.walk.passes import Inputs
from minent.attribution.walk.room import room
from minent.attribution.walk.shares import Segment, Shares
from minent.attribution.walk.taught import Train
from minent.attribution.walk.updates import remembers
from minent.errors import BadInput
from minent.training.trajectory.trajectory import Trajectory


class Asked(NamedTuple):
    """Inputs, and numbers (input, output) of what the model says of them, chosen by a function: at the end these."""

    inputs: Inputs
    outputs: Outputs
    said: Tensor


class Walk:
    """From the end of a trajectory to its beginning."""

    def __init__(
        self, model: nn.Module, trajectory: Trajectory, train: Train, loss: Any, rule: Rule,
        project: int | None, seed: int, average: Average | None = None,
    ):  # fmt: skip
        self.model, self.trajectory = model, trajectory
        self.rule: Rule = rule
        held = {name: one.detach() for name, one in model.state_dict().items()}
        own = {name: tuple(one.shape) for name, one in held.items()}
        for name, one in trajectory.weights(trajectory.end + 1).items():
            if own.get(name) != tuple(one.shape):
                told = f"{name!r} is {tuple(one.shape)} there, and {own.get(name, 'nowhere')} in this one"
                raise BadInput(f"the trajectory is another model's: {told}")
        self.followed = Followed(model, trajectory, train, loss)
        self.path = trajectory if average is None else MeanPath(trajectory, average, held)
        self.last = self.path.weights(trajectory.end + 1)
        if (far := apart(held, self.last, trajectory.weights(1))) > ROUNDING:
            last = "the run's last, which average= may mend" if average is None else "that mean of the run's"
            self.followed.notes.add(f"the model holds other weights (by {far:.1%} of what moved): explained are {last}")
        self.shapes, self.notes = self.followed.shapes, self.followed.notes
        self.groups = [group for step in self.followed.steps for group in step.groups]
        self.projection = self._projection(project, seed)

    def _projection(self, project: int | None, seed: int) -> Unprojected:
        if project is None:
            return Unprojected()
        if any("betas" in group for group in self.groups):
            found = "project is for SGD's momentum; got Adam, under which answers correlate .69 with the exact ones"
            raise BadInput(f"{found}: leave it out, and explain outputs='predicted' alone if time is short")
        projection = Projection(self.shapes, project, seed)
        if projection.signs:
            self.notes.add(f"projected to {project} numbers a parameter: {projection.error}")
        return projection

    def inputs_for(self, memory: float, inputs: Inputs, chosen_of: Callable[[slice], Outputs], outputs: int) -> int:
        """How many inputs a walk can hold: H_r, J_r (and G_r) and a view of each output, or the largest layer's;
        activations and factors; contributions."""
        sizes = [one.numel() for one in self.shapes.values()]
        mean = isinstance(self.path, MeanPath)
        held = self.projection.held(sizes) if mean or any(map(remembers, self.groups)) else 2 * max(sizes)
        each = (held + mean * sum(sizes)) * outputs * next(iter(self.last.values())).element_size()
        each += 8 * outputs * self.followed.examples
        each += room(self.model, self.last, inputs, set(self.shapes), chosen_of)
        return max(1, int(memory * 2**30 / each))

    def back(self, asked: Asked) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Contributions (input, output, example) and other terms (input, output) of what is said of the inputs."""
        (inputs, outputs), after = asked.said.shape, self.last
        kept = self.path.kept if isinstance(self.path, MeanPath) else None
        shares = Shares(self.followed, self.projection, outputs, inputs, kept)
        for first, following in reversed(self.trajectory.segments()):
            before = self.path.weights(first)
            shares.add(self.segment(first, following, before, after, asked))
            after = before
        shares.earlier()
        return shares.contributions.transpose(0, 1).numpy(), {
            name: one.T.cpu().numpy() for name, one in shares.other.items()
        }

    def segment(
        self, first: int, following: int, before: dict[str, Tensor], after: dict[str, Tensor], asked: Asked
    ) -> Segment:
        """Steps from a kept one to the `following`, along which what is explained went from `before` to `after`."""
        steps = self.followed.steps[first - 1 : following - 1]
        trained = set(self.shapes)
        factors, values, tape = along(self.model, before, after, asked.inputs, trained, asked.outputs, self.rule)
        if after is self.last and values is not None:
            _agree(values, asked.said)
        self.notes.update(noted(tape))
        weights = before if self.path is self.trajectory else self.trajectory.weights(first)
        followed = [self.followed.gradients(step, weights) for step in steps]
        seconds = self.followed.second_moments(steps, followed)
        moved = {name: after[name] - before[name] for name in self.followed.moving}
        return Segment(steps, weights, factors, followed, seconds, moved, {})


def _agree(values: Tensor, said: Tensor) -> None:
    """Raises BadInput where a model, followed operator by operator, says something else."""
    bound = 1e3 * torch.finfo(said.dtype).eps * (1 + said.abs().max())
    if not torch.allclose(values, said, rtol=0, atol=float(bound)):
        far = float((values - said).abs().max())
        raise BadInput(
            f"the model, followed operator by operator, says what it does not say by itself (by {far:.2g}); if by "
            "a fast path of nn.TransformerEncoder, torch.backends.mha.set_fastpath_enabled(False) turns that off"
        )
