"""A step goes down the gradient of the mean loss, as far as the schedule has it; then what is due after it is done."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from minent.training.descent import averaging
from minent.training.descent.gradient import Loss, drawn, gradient
from minent.training.evaluation import Dev, evaluation, judged
from minent.training.records import Moment, Record
from minent.training.run import Run, finite, mine, saved
from minent.training.scaling import LEAST, rescaled
from minent.training.schedule import factor
from minent.training.trajectory.modes import active
from minent.training.trajectory.recorder import Recorder


@dataclass(kw_only=True)
class Fit(Run):
    """A run down the gradient of one loss."""

    loss: Loss
    dev: Dev | None
    before_step: Callable[[Moment], object] | None
    rate: float
    """The highest learning rate,"""

    warmup: int
    """the steps over which it climbs,"""

    between: int
    """and the passes from one evaluation to the next, where these are at ends of passes."""

    recorder: Recorder | None = None
    keep: Callable[[Path], object] | None = None
    """Saves the model, where it can be."""

    told: Mapping[str, Any] = field(default_factory=dict)
    """What the log says beside the first step."""

    still: list[nn.Module] = field(default_factory=list)
    """What is in evaluation mode at each step, too."""


def step(run: Fit) -> Record:
    """Take the next step; where it is time to, ask `dev` and save."""
    begun, recipe = perf_counter(), run.recipe
    epoch, position, group, ends = next(run.walk)
    run.last = group[-1]
    run.state = state = replace(run.state, step=run.state.step + 1, epoch=epoch, position=position + len(group))
    rate = run.rate * factor(recipe.schedule, state.step, run.warmup, run.steps)
    for parameters in run.optimizer.param_groups:
        parameters["lr"] = rate
    done = {"progress": np.array((state.step - 1) / run.steps, np.float32)}
    keyed = [((recipe.seed, epoch, number), {**batch, **done}) for number, batch in enumerate(group, position)]
    told = gradient(training(run), run.loss, mine(keyed, run.processes), recipe, run.processes, state.scale)
    half, whole = recipe.precision == "fp16", math.isfinite(told[2])
    if half and not whole and state.scale > LEAST:
        told = *told[:2], 0.0
    mean, targets, norm = finite(told, state.step, "bf16" if half else "other data")
    if half:
        run.state = rescaled(state, whole)
    parts = [np.asarray(batch.get("id", np.empty(0, np.int64))) for batch in group]
    ids = np.concatenate(parts)
    if run.before_step is not None and whole:
        run.before_step(Moment(state.step, rate, ids, targets, run.model, run.optimizer))
    if run.recorder is not None:
        place = next(run.model.parameters()).device  # what each batch drew is a function of its key
        states = [drawn(place, *key) for key, _ in keyed] if active(run.model) else None
        run.recorder.step(*parts, states=states)
    if whole:
        run.optimizer.step()
        if run.average is not None:
            averaging.follow(run.average, run.model, recipe.ema, state.step)
    speed = targets / (perf_counter() - begun)
    pause = state.step % recipe.evaluate_every == 0 if recipe.evaluate_every else ends and epoch % run.between == 0
    scores = paused(run) if (pause := pause or state.step == run.steps) else None
    record = Record(state.step, run.steps, epoch, mean, rate, norm, speed, scores)
    if run.log is not None:
        run.log(asdict(record) | (dict(run.told) if state.step == 1 else {}))
    if run.saving and (pause or (recipe.save_every and state.step % recipe.save_every == 0)):
        if run.recorder is not None:
            run.recorder.flush()
        saved(run)
    if run.saving and recipe.keep_every and state.step % recipe.keep_every == 0 and run.keep is not None:
        with averaging.holding(run.model, run.average):
            run.keep(run.folder / "snapshots" / f"step-{state.step:08d}")
    return record


def training(run: Fit) -> nn.Module:
    """The model in training mode, but for what is to be `still`."""
    run.model.train()
    for layer in run.still:
        layer.eval()
    return run.model


def frozen_norms(model: nn.Module) -> list[nn.Module]:
    """Batch norms in evaluation mode whose weights are frozen: their means are those that they came with.

    >>> norm = nn.BatchNorm1d(2).eval().requires_grad_(False)
    >>> frozen_norms(nn.Sequential(norm, nn.BatchNorm1d(2).eval())) == [norm]
    True
    """
    found = (one for one in model.modules() if isinstance(one, _NormBase) and not one.training)
    return [one for one in found if one.affine and not any(weight.requires_grad for weight in one.parameters())]


def paused(run: Fit) -> dict[str, float] | None:
    """What `dev` says of where the run stands, which may be where it ends."""
    scores = None
    if run.dev is not None:
        with averaging.holding(run.model, run.average):
            scores = evaluation(run.dev, run.model, run.recipe, run.state.step, run.processes)
    best = run.recipe.best
    value = math.inf if scores is None else scores[best] if best == "loss" else -scores[best]
    run.state = judged(run.state, value, run.recipe.keep)
    if run.recorder is not None:
        run.recorder.keep()
    return scores
