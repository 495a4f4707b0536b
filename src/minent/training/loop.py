"""Training walks down the gradient of the mean loss, step by step, and yields what happened at each."""

import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from torch import nn

from minent.errors import BadInput
from minent.training import averaging, checkpoint
from minent.training.adamw import adamw
from minent.training.batches import Batches, groups
from minent.training.checkpoint import State
from minent.training.evaluation import Dev, evaluation, judged
from minent.training.gradient import Loss, gradient
from minent.training.log import journal
from minent.training.processes import agree_on, found
from minent.training.recipe import Recipe
from minent.training.record import Moment, Record
from minent.training.schedule import factor
from minent.training.trajectory.recorder import Recorder
from minent.training.weights import fill, weights


def fit(
    model: nn.Module,
    loss: Loss,
    batches: Batches,
    recipe: Recipe,
    *,
    dev: Dev | None = None,
    folder: str | Path | None = None,
    resume: bool = False,
    log: Callable[[dict[str, Any]], object] | None = None,
    before_step: Callable[[Moment], object] | None = None,
    trajectory: str | Path | None = None,
    every: int = 1,
) -> Iterator[Record]:
    """Train `model`, one record a step; nothing happens until the first record is asked for.

    - `loss(model, batch)`: the sum of the losses over the targets of a batch of tensors, and the number of targets;
      "progress" in the batch is the share of the steps that is done.
    - `dev(model)`: scores, of which "loss" says which checkpoint is best; asked on every process, without gradients,
      of the model in evaluation mode (holding the moving average, where the recipe has one); process 0 is believed.
    - `folder`: where checkpoints and log.jsonl go; without one, nothing outlives the run.
    - `resume`: go on from the newest checkpoint in `folder`, or start where there is none. On a CPU the run ends bit
      for bit as it would have without the break. Only `steps` and `epochs` of the recipe may differ.
    - `log`: called on process 0 with each record as a dict, instead of the lines in log.jsonl.
    - `before_step`: called on every process right before each optimiser step; see `Moment`.
    - `trajectory`: a folder to record the run in, the weights before every `every`th step; see `Recorder`. Its end is
      the step whose weights the model ends with, or the last where these are a mean.

    At the end the model is in evaluation mode and holds the mean of `recipe.keep` checkpoints, the best on dev or, with
    no `dev`, the last; of their moving averages, where the recipe has one. Under torchrun processes share each step:
    process r of n takes batches r, r + n, ... of the epoch, and no step reaches over the epoch's end. Randomness, such
    as dropout, is drawn from torch's own generators, seeded for each batch; outside the loop they go on undisturbed.

    Raises BadInput for a folder that is not as `resume` has it, a step without targets, a loss that is not finite.

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
    if folder is None and resume:
        raise BadInput("resume wants the folder of the run to go on with; got None")
    if recipe.patience and dev is None:
        raise BadInput(f"patience wants dev to tell what is better; got a patience of {recipe.patience} and no dev")
    processes = found()
    first, together = processes.is_main_process, recipe.accumulate * processes.num_processes
    steps = recipe.steps or max(1, math.ceil(recipe.epochs * math.ceil(len(batches) / together)))
    if recipe.warmup >= steps:
        raise BadInput(f"warmup must be shorter than the run of {steps} steps; got {recipe.warmup}")
    agree_on(model.to(processes.device), processes)
    optimizer, average = adamw(model, recipe), averaging.start(model) if recipe.ema else None
    with tempfile.TemporaryDirectory() if folder is None else nullcontext(folder) as root:
        checkpoints = Path(root) / "checkpoints"
        state, newest = State(), checkpoint.newest(checkpoints)
        if newest is not None and not resume:
            raise BadInput(f"{str(folder)!r} holds a run already: resume it, or choose another folder")
        if newest is not None:
            state = checkpoint.load(newest, recipe, model, optimizer, average)
            if state.step > steps:
                raise BadInput(f"the run in {str(folder)!r} is {state.step} steps long already; got {steps}")
        processes.wait_for_everyone()
        saving = folder is not None or dev is not None or recipe.keep > 1
        if log is None and folder is not None and first:
            log = journal(Path(folder) / "log.jsonl", state.step)
        recorder = None
        if trajectory is not None and first:
            going_on = state.step > 0 or (resume and (Path(trajectory) / "trajectory.json").exists())
            after = state.step if going_on else None
            recorder = Recorder(trajectory, model, optimizer, every=every, steps=steps, after=after)
        walk = groups(batches, together, state.epoch, state.position)
        while state.step < steps and not 0 < recipe.patience <= state.misses:
            begun = perf_counter()
            epoch, position, group, ends = next(walk)
            state = replace(state, step=state.step + 1, epoch=epoch, position=position + len(group))
            rate = recipe.learning_rate * factor(recipe.schedule, state.step, recipe.warmup, steps)
            for parameters in optimizer.param_groups:
                parameters["lr"] = rate
            done = {"progress": np.array((state.step - 1) / steps, np.float32)}
            keyed = [((recipe.seed, epoch, number), {**batch, **done}) for number, batch in enumerate(group, position)]
            mine = keyed[processes.process_index :: processes.num_processes]
            mean, targets, norm = gradient(model.train(), loss, mine, recipe, processes)
            if not math.isfinite(mean + norm):
                raise BadInput(
                    f"loss and gradient must be finite; got a loss of {mean} over {targets:.0f} targets and a gradient "
                    f"of length {norm} at step {state.step}: a lower learning rate may help, or other data"
                )
            ids = np.concatenate([batch.get("id", np.empty(0, np.int64)) for batch in group])
            if before_step is not None:
                before_step(Moment(state.step, rate, ids, targets, model, optimizer))
            if recorder is not None:
                recorder.step(ids)
            optimizer.step()
            if average is not None:
                averaging.follow(average, model, recipe.ema, state.step)
            speed, scores = targets / (perf_counter() - begun), None
            pause = state.step % recipe.evaluate_every == 0 if recipe.evaluate_every else ends
            if pause := pause or state.step == steps:
                if dev is not None:
                    with averaging.holding(model, average):
                        scores = evaluation(dev, model, recipe, state.step, processes)
                state = judged(state, scores["loss"] if scores else math.inf, recipe.keep)
            record = Record(state.step, steps, epoch, mean, rate, norm, speed, scores)
            if first and log is not None:
                log(asdict(record))
            if recorder is not None and pause:
                recorder.keep()
            if first and saving and (pause or (recipe.save_every and state.step % recipe.save_every == 0)):
                if recorder is not None:
                    recorder.flush()
                checkpoint.save(checkpoints, state, recipe, model, optimizer, average)
            yield record
        if recorder is not None:
            whole = recipe.ema or recipe.keep > 1 or not state.best
            recorder.finish(state.step if whole else state.best[0][1])
        if first and saving:
            fill(weights(model), averaging.mean(checkpoint.best(checkpoints, state, recipe)), checkpoints)
        elif average is not None:
            fill(weights(model), average, "the moving average")
        agree_on(model, processes)
    model.eval()
