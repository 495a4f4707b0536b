"""Whether what is explained is what training did: gradients that are made again are as long, parameter by parameter, as
those that were followed, but for one scale; where they are not, another gradient was followed.
"""

import numpy as np
from jaxtyping import Float64

from minent.errors import some
from minent.training.trajectory.trajectory import Step, Trajectory

UNKNOWN = (
    "gradients are those that were followed, but weights moved otherwise: by another optimiser, averaged, clipped or "
    "set by hand, by steps that were not recorded, or by rounding, of which there is less in double precision"
)
FAR = 0.01  # of the length of the gradient


def distance(one: Float64[np.ndarray, " parameters"], other: Float64[np.ndarray, " parameters"]) -> float:
    """How far two gradients are apart at least, by the lengths of their parts, where neither's scale counts.

    >>> distance(np.array([3.0, 4.0]), np.array([6.0, 8.0])), distance(np.zeros(1), np.ones(1))
    (0.0, 1.0)
    """
    lengths = np.linalg.norm(one), np.linalg.norm(other)
    if not all(lengths):
        return float(lengths[0] != lengths[1])
    return float(np.linalg.norm(one / lengths[0] - other / lengths[1]))


class Doubts:
    """What was seen of a trajectory's kept steps: `off`, the mean distance, weighed by the gradients' lengths."""

    def __init__(self, trajectory: Trajectory):
        self.trajectory = trajectory
        self.seen: dict[int, tuple[float, float]] = {}
        self.unknown: list[str] = []  # modules that drew at random

    def add(self, step: Step, remade: Float64[np.ndarray, " parameters"]) -> None:
        """The gradient of a step was made again, of these lengths."""
        self.seen[step.number] = distance(step.lengths, remade), step.gradient_norm

    @property
    def off(self) -> float:
        """From 0; 0 where nothing was seen."""
        far, weight = np.array(list(self.seen.values()) or [(0.0, 1.0)]).T
        return float(np.average(far, weights=weight if weight.any() else None))

    def told(self) -> list[str]:
        """What may be the reason for a difference, the likeliest first."""
        causes, active = [], self.unknown
        if active:
            causes.append(f"on in training, off where it is explained, for what it drew is not known: {some(active)}")
        far = {number: off for number, (off, _) in self.seen.items() if off > FAR}
        if far:
            worst = max(far, key=far.__getitem__)
            where = f"{len(far)} of {len(self.seen)} kept steps, most at step {worst} ({far[worst]:.1%})"
            others = "" if active else ": other examples, another loss or targets, or a gradient clipped by value"
            causes.append(f"gradients are not those that were followed at {where}{others}")
        if moved := self._moved():
            causes.append(f"moved, but not by the optimiser: {some(moved)}")
        return causes or [UNKNOWN]

    def _moved(self) -> list[str]:
        """Weights that are not trained and moved: running statistics, those of another optimiser."""
        first, last = self.trajectory.weights(1), self.trajectory.weights(self.trajectory.end + 1)
        trained = {name for names in self.trajectory.parameters for name in names}
        return [
            name for name, one in first.items()
            if name not in trained and one.is_floating_point() and not one.equal(last[name])
        ]  # fmt: skip
