"""A model is judged by its loss on examples that it is not trained on, and training may stop when that grows no lower.

Early stopping with patience: Prechelt 1998, "Early stopping, but when?"; Goodfellow et al. 2016, algorithm 7.1.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from accelerate import PartialState
from torch import nn

from minent.errors import BadInput
from minent.training.checkpoint import State
from minent.training.descent.gradient import seeded
from minent.training.devices import arithmetic
from minent.training.processes import agreed
from minent.training.recipe import Recipe

Dev = Callable[[Any], dict[str, float]]


def evaluation(dev: Dev, model: nn.Module, recipe: Recipe, step: int, processes: PartialState) -> dict[str, float]:
    """What `dev` says of the model after `step` on the first process. Raises BadInput without a finite "loss", and
    without the score by which the best is chosen."""
    device = next(model.eval().parameters()).device
    with torch.no_grad(), seeded(device, recipe.seed, step), arithmetic(device, recipe.precision):
        scores = agreed({name: float(score) for name, score in dev(model).items()}, processes)
    if not math.isfinite(scores.get("loss", math.nan)):
        raise BadInput(f"dev must say a finite 'loss'; got {scores} at step {step}")
    if not math.isfinite(scores.get(recipe.best, math.nan)):
        raise BadInput(f"best must be one of the scores on dev, {', '.join(scores)}; got {recipe.best!r}")
    return scores


def judged(state: State, loss: float, keep: int) -> State:
    """The state after an evaluation: the `keep` best steps, the later of equals first, and how many were no best.
    `loss` is what is to be low.

    >>> judged(State(step=20, best=((0.5, 10),)), 0.7, keep=2)
    State(step=20, epoch=1, position=0, best=((0.5, 10), (0.7, 20)), misses=1, scale=1.0, unbroken=0)
    """
    better = not state.best or loss < state.best[0][0]
    best = sorted([*state.best, (loss, state.step)], key=lambda one: (one[0], -one[1]))[:keep]
    return replace(state, best=tuple(best), misses=0 if better else state.misses + 1)
