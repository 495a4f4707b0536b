"""Training walks down the gradient of the mean loss, step by step, and yields what happened at each."""

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from minent.errors import BadInput
from minent.training import checkpoint, defaults
from minent.training.batches import Batches
from minent.training.descent import averaging
from minent.training.descent.adamw import adamw
from minent.training.descent.gradient import Loss
from minent.training.evaluation import Dev
from minent.training.processes import agree_on, found
from minent.training.recipe import Recipe
from minent.training.records import Moment, Record
from minent.training.run import Log, resumed, rooted
from minent.training.saved import Saved
from minent.training.scaling import begun
from minent.training.step import Fit, frozen_norms, step
from minent.training.trajectory.recorder import Recorder
from minent.training.trajectory.shards import unfinished
from minent.training.weights import check_trained, fill, weights

logger = logging.getLogger(__name__)


def fit(
    model: nn.Module,
    loss: Loss,
    batches: Batches,
    recipe: Recipe,
    *,
    dev: Dev | None = None,
    folder: str | Path | None = None,
    resume: bool = False,
    log: Log | None = None,
    before_step: Callable[[Moment], object] | None = None,
    trajectory: str | Path | None = None,
    every: int = 1,
    about: Mapping[str, Any] | None = None,
    told: Mapping[str, Any] | None = None,
    keep: Callable[[Path], object] | None = None,
) -> Iterator[Record]:
    """Train `model`, one record a step; nothing happens until the first record is asked for.

    - `loss(model, batch)`: the sum of the losses over the targets of a batch of tensors, and the number of targets;
      "progress" in the batch is the share of the steps that is done.
    - `dev(model)`: scores, "loss" among them, of which `recipe.best` says which checkpoint is best; asked on every
      process, without gradients, of the model in evaluation mode (holding the moving average, where the recipe has
      one); process 0 is believed. The loss is to be low, any other score high.
    - `folder`: where checkpoints and log.jsonl go; without one, nothing outlives the run.
    - `resume`: go on from the newest checkpoint in `folder`, or start where there is none. On a CPU the run ends bit
      for bit as it would have without the break. Only `steps`, `epochs` and `device` of the recipe may differ, and
      `accumulate` where processes times it are as many; which weights are frozen, how a model of minent is built, the
      data, where batches have a `fingerprint()`, and what is said in `about`, may not. Other layers, and another batch
      than the last one was, are told.
    - `log`: called on process 0 with each record as a dict, instead of the lines in log.jsonl.
    - `before_step`: called on every process right before each optimiser step; see `Moment`.
    - `trajectory`: a folder to record the run in, the weights before every `every`th step; see `Recorder`. Its end is
      the step whose weights the model ends with, or the last where these are a mean.
    - `about`: plain values by name that a run is resumed by; `told`: what the log says beside the first step.
    - `keep(folder)`: saves a model that is not minent's, as it then is, where `recipe.keep_every` asks for it.

    Steps are taken in training mode; batch norms that came frozen and in evaluation mode stay in it. At the end the
    model is in evaluation mode and holds the mean of `recipe.keep` checkpoints, the best on dev or, with no `dev`, the
    last; of their moving averages, where the recipe has one. Under torchrun processes share each step: process r of n
    takes batches r, r + n, ... of the epoch, and no step reaches over the epoch's end. Randomness, such as dropout, is
    drawn from torch's own generators, seeded for each batch; outside the loop they go on undisturbed.

    Raises BadInput for a folder that is not as `resume` has it, a step without targets, a loss that is not finite.

    >>> import numpy as np
    >>> class Points:
    ...     def epoch(self, number):
    ...         yield {"x": np.ones((4, 1), np.float32)}
    ...     def __len__(self):
    ...         return 1
    >>> line = nn.Linear(1, 1)
    >>> def squares(model, batch):
    ...     return (model(batch["x"]) - 2).square().sum(), 4
    >>> records = list(fit(line, squares, Points(), Recipe(steps=200, learning_rate=0.1)))
    >>> len(records), round(records[-1].loss, 4)
    (200, 0.0)
    """
    found(recipe.device)
    with rooted(folder) as root:
        run = prepared(
            model, loss, batches, recipe, dev=dev, folder=root, kept=folder is not None, resume=resume, log=log,
            before_step=before_step, trajectory=trajectory, every=every, about=about or {}, told=told or {},
            keep=model.save_pretrained if isinstance(model, Saved) else keep,
        )  # fmt: skip
        if run.state.step < run.steps and 0 < recipe.patience <= run.state.misses:
            logger.warning("%s: patience ended the run at step %d: it takes no more", folder, run.state.step)
        while run.state.step < run.steps and not 0 < recipe.patience <= run.state.misses:
            yield step(run)
        closed(run)


def prepared(
    model: nn.Module,
    loss: Loss,
    batches: Batches,
    recipe: Recipe,
    *,
    dev: Dev | None,
    folder: Path,
    kept: bool,
    resume: bool,
    log: Log | None,
    before_step: Callable[[Moment], object] | None,
    trajectory: str | Path | None,
    every: int,
    about: Mapping[str, Any],
    told: Mapping[str, Any],
    keep: Callable[[Path], object] | None,
) -> Fit:
    """The run that `fit` asks for, where it begins or goes on; its folder is `kept` or goes with the run."""
    if trajectory is not None and recipe.precision == "fp16":
        raise BadInput("a run is recorded in fp32, tf32 or bf16: in fp16 steps may be left out; got fp16")
    if recipe.best != "loss" and dev is None:
        raise BadInput(f"best wants dev to tell what is better; got {recipe.best!r} and no dev")
    if recipe.patience and dev is None:
        raise BadInput(f"patience wants dev to tell what is better; got a patience of {recipe.patience} and no dev")
    if recipe.keep_every and not (kept and keep):
        raise BadInput(
            f"keep_every wants a folder, and a model that is saved in one, or keep; got a {type(model).__name__}"
        )
    processes = found(recipe.device)
    first, together = processes.is_main_process, recipe.accumulate * processes.num_processes
    one_pass = math.ceil(len(batches) / together)
    steps = defaults.steps_of(recipe, model, one_pass)
    if (warmup := defaults.warmup_of(recipe, model, steps)) >= steps:
        raise BadInput(f"warmup must be shorter than the run of {steps} steps; got {warmup}")
    check_trained(model)
    agree_on(model.to(processes.device), processes)
    run = Fit(
        model=model, batches=batches, recipe=recipe, steps=steps, processes=processes, optimizer=adamw(model, recipe),
        average=averaging.start(model) if recipe.ema else None, folder=folder,
        saving=first and (kept or dev is not None or recipe.keep > 1), loss=loss, dev=dev, before_step=before_step,
        about=dict(about), told=told, keep=keep, still=frozen_norms(model), rate=defaults.rate_of(recipe, model),
        warmup=warmup, between=defaults.between(recipe, steps, one_pass),
    )  # fmt: skip
    resumed(run, resume, kept, log)
    run.state = begun(run.state, recipe)
    if kept and first and isinstance(model, Saved):
        model.describe(folder)  # so that the run can be used, and told from others, whenever it stops
    if trajectory is not None and first:
        left = kept and folder in Path(trajectory).parents and unfinished(Path(trajectory))  # no checkpoint was come to
        after = run.state.step if run.state.step or resume or left else None
        run.recorder = Recorder(trajectory, model, run.optimizer, every=every, steps=steps, after=after)
    return run


def closed(run: Fit) -> None:
    """Have the model hold what the run ends with, and the trajectory its end."""
    state, recipe = run.state, run.recipe
    if run.recorder is not None:
        whole = recipe.ema or recipe.keep > 1 or not state.best
        run.recorder.finish(state.step if whole else state.best[0][1])
    if run.saving:
        fill(
            weights(run.model), averaging.mean(checkpoint.best(run.checkpoints, state, recipe.ema > 0)), run.checkpoints
        )
    elif run.average is not None:
        fill(weights(run.model), run.average, "the moving average")
    agree_on(run.model, run.processes)
    run.model.eval()
