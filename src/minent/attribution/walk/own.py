"""What each training example added to what is said of itself: of all contributions the diagonal, at a run's cost.

    own_i = Σ_{r: i in batch r} ⟨A_r(x_i), ∇l_i(θ_r)⟩,  A_r = Σ_c E_{r,c} ⊙ J̄_c

Where steps remember, A_r needs the mean gradients of all later steps; these are had along stretches c of the path, so
long that momentum outlasts one only: J̄_c is the secant from a stretch's beginning to its end, and E_{r,c} what the
gradient at r moved along it. Sums over all examples would be as exact as along single steps, of which they are others.
"""

import math
from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from minent.attribution.factors.own import own
from minent.attribution.factors.products import Factors
from minent.attribution.walk.followed import Followed, noted
from minent.attribution.walk.mean_gradients import Outputs, Rule, along
from minent.attribution.walk.updates import Memory, remembers
from minent.training.trajectory.trajectory import Step

LEFT_OUT = 1e-3  # of what a gradient moved, after two stretches


class Stretch:
    """Some steps of the path, from weights to weights, and what a gradient does along them, by parameter."""

    def __init__(self, first: int, start: dict[str, Tensor], end: dict[str, Tensor], names: Iterator[str]):
        self.first, self.start, self.end = first, start, end
        self.memory = {name: Memory() for name in names}


def own_contributions(followed: Followed, outputs: Outputs, number: int, rule: Rule) -> Float64[np.ndarray, "n k"]:
    """(example, output) of all training examples."""
    found = np.zeros((followed.examples, number))
    trajectory, stretch, active = followed.trajectory, longest(followed), list[Stretch]()
    after, last = trajectory.weights(trajectory.end + 1), trajectory.end + 1
    segments = trajectory.segments()
    starts = [first for first, _ in segments[::-1]]
    begin = next((one for one in starts if last - one >= stretch), 1)
    for first, following in reversed(segments):
        if not active or first < active[0].first:  # a stretch ends here
            begin = next((one for one in starts if following - one >= stretch), 1)
            after = active[0].start if active else after
            active = [Stretch(begin, trajectory.weights(begin), after, iter(followed.group)), *active][:2]
        weights = active[0].start if first == begin else trajectory.weights(first)
        steps = followed.steps[first - 1 : following - 1]
        gradients = [followed.gradients(step, weights) for step in steps]
        seconds = followed.second_moments(steps, gradients)
        for step, theirs, second in zip(steps[::-1], gradients[::-1], seconds[::-1], strict=True):
            for one in active if remembers_any(step) else active[:1]:
                np.add.at(found, step.ids, _share(followed, one, one is active[0], step, theirs, second, outputs, rule))
    return found


def _share(
    followed: Followed, stretch: Stretch, within: bool, step: Step, gradients: list[Factors],
    second: dict[str, Tensor], outputs: Outputs, rule: Rule,
) -> np.ndarray:  # fmt: skip
    """What a step's examples did to what is said of themselves along a stretch, (example, output)."""
    device, begun, parts = followed.trajectory.device, 0, []
    weights = {
        name: w for name in followed.group if (w := _weight(followed, stretch, within, step, name, second)) is not None
    }
    for theirs in gradients:
        size = next(iter(theirs.values()))[0].like().shape[1]
        inputs, _ = followed.taught.batch(step.ids[begun : begun + size], device)
        ours, _, tape = along(followed.model, stretch.start, stretch.end, inputs, set(followed.group), outputs, rule)
        followed.notes.update(noted(tape))
        total: Tensor | float = 0.0
        for name, weight in weights.items():
            if name in theirs and name in ours:
                total = total + own(ours[name], theirs[name], weight, followed.shapes[name]).double()
        parts.append(total.T.cpu().numpy() if isinstance(total, Tensor) else np.zeros((size, 1)))
        begun += size
    return np.concatenate(parts)


def _weight(
    followed: Followed, stretch: Stretch, within: bool, step: Step, name: str, second: dict[str, Tensor]
) -> Tensor | None:
    """What a gradient of a parameter moved it by along the stretch, number by number."""
    if name in step.idle:
        return None
    group = step.groups[followed.group[name]]
    one = followed.shapes[name]
    rows = torch.full((1,), float(within), device=followed.trajectory.device, dtype=stretch.start[name].dtype)
    if "betas" in group:
        rows = rows.expand(one)
    elif not within and stretch.memory[name].held is None:
        return None
    makes = step.number == followed.begun[name] and name not in followed.start
    count = step.late.get(name, step.count)
    share = stretch.memory[name].back(rows, group, count, makes, second.get(name), lambda kept: kept)
    return share(lambda kept: kept).clone()


def remembers_any(step: Step) -> bool:
    """Whether a gradient moves later steps too."""
    return any(map(remembers, step.groups))


def longest(followed: Followed) -> int:
    """How many steps a stretch has: after one more, no more than `LEFT_OUT` of a gradient is left in momentum."""
    kept = [g["betas"][0] if "betas" in g else g["momentum"] for step in followed.steps for g in step.groups]
    most = max(kept, default=0.0)
    return 1 if most <= 0 else math.ceil(math.log(LEFT_OUT) / math.log(min(most, 0.9999)))
