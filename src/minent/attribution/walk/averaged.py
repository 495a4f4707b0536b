"""The mean of weights along a run walks a path of its own, whose steps are sums of the run's.

    θ̄_s = a_s θ̄_{s−1} + (1 − a_s) θ_s,  a_s: what is kept at step s
    f(θ̄_S) = f(θ_0) + Σ_r ⟨G_r, θ_r − θ_{r−1}⟩,  G_r = (1 − a_r) J̄_r + a_r G_{r+1},  J̄_s along θ̄_{s−1} to θ̄_s

so that the run's steps are shared out as ever, with G in place of J̄. A moving average (EMA; Polyak & Juditsky 1992)
keeps a_s = d; the mean of some checkpoints (Izmailov et al. 2018; Vaswani et al. 2017) (k − 1)/k at the k-th of them,
else 1.
"""

import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from weakref import finalize

import torch
from torch import Tensor

from minent.errors import BadInput
from minent.training.trajectory.trajectory import Trajectory
from minent.training.weights import read, write

Average = float | Sequence[int] | Callable[[int], float]
Kept = Callable[[int], float]
ROUNDING = 1e-3


class MeanPath:
    """The means after each step of a trajectory, in a temporary folder; `weights` as of a trajectory.

    `own` are the weights of the model that is explained: running statistics are theirs at the end, and whether a moving
    average began at the first weights or at the first step's is seen by them."""

    def __init__(self, trajectory: Trajectory, average: Average, own: Mapping[str, Tensor]):
        if trajectory.every > 1:
            raise BadInput(f"a mean of weights wants every step kept; got every {trajectory.every}th")
        self.trajectory, self.trained = trajectory, {name for names in trajectory.parameters for name in names}
        self.kept = kept_at(average)
        if isinstance(average, float) and self._off(own) > ROUNDING:  # PyTorch's begins at the first step's weights
            begun, self.kept = self.kept, lambda step: 0.0 if step == 1 else average
            self.kept = self.kept if self._off(own) < ROUNDING else begun
        self._folder = Path(tempfile.mkdtemp())
        finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        for number, weights in enumerate(self._means(), 1):
            write(self._file(number), {name: weights[name] for name in self.trained})
        self._buffers = {name: one for name, one in own.items() if name not in self.trained}

    def weights(self, before: int) -> dict[str, Tensor]:
        """The mean before the step of that number, with what is not trained."""
        mean = read(self._file(before), self.trajectory.device)
        others = self.trajectory.weights(before)
        if before > self.trajectory.end:
            others |= {name: one.to(self.trajectory.device) for name, one in self._buffers.items() if name in others}
        return {name: mean.get(name, one) for name, one in others.items()}

    def _off(self, own: Mapping[str, Tensor]) -> float:
        (end,) = deque(self._means(), 1)
        return apart(own, {name: end[name] for name in self.trained}, self.trajectory.weights(1))

    def _means(self) -> Iterator[dict[str, Tensor]]:
        """Before each step, and after the last."""
        mean = self.trajectory.weights(1)
        yield mean
        for step in range(1, self.trajectory.end + 1):
            after, share = self.trajectory.weights(step + 1), self.kept(step)
            mean = {name: torch.lerp(one, after[name], 1 - share) if name in self.trained else after[name]
                    for name, one in mean.items()}  # fmt: skip
            yield mean

    def _file(self, number: int) -> Path:
        return self._folder / f"{number}.safetensors"


def kept_at(average: Average) -> Kept:
    """What the mean keeps at each step, counted from 1. Raises BadInput for what says no such thing.

    >>> [kept_at([2, 4])(step) for step in (1, 2, 3, 4, 5)]
    [0.0, 0.0, 1.0, 0.5, 1.0]
    """
    if callable(average):
        return average
    if isinstance(average, int | float):
        if not 0 <= average < 1:
            raise BadInput(f"a moving average keeps a share at each step, 0 or more and less than 1; got {average}")
        return lambda _: float(average)
    steps = sorted({*average})
    if not steps or steps[0] < 1:
        raise BadInput(f"the mean of checkpoints is that of steps from 1; got {list(average)}")
    place = {step: k for k, step in enumerate(steps)}
    return lambda step: place[step] / (place[step] + 1) if step in place else float(step > steps[0])


def apart(own: Mapping[str, Tensor], end: Mapping[str, Tensor], start: Mapping[str, Tensor]) -> float:
    """How far weights are from where a run ended, of the way that it went: ‖own − end‖ / ‖end − start‖."""

    def far(one: Mapping[str, Tensor]) -> float:
        moved = (
            one[name].cpu().double() - last.cpu().double() for name, last in end.items() if last.is_floating_point()
        )
        return float(sum(step.square().sum() for step in moved)) ** 0.5

    return far(own) / max(far(start), 1e-300)
