"""A checkpoint is all that the next step depends on, so that a run that was killed ends as if it had not been.

    checkpoints/step-00000100/
    ├── state.json              where the run stands, its recipe, and what tells its data from others
    ├── weights.safetensors
    ├── average.safetensors     the moving average, where the recipe has one
    └── optimizer.safetensors   AdamW's two moments and step by parameter name; of the newest checkpoint only

Randomness needs no file: that of a batch is drawn from the seed, the epoch and the batch's number (see `gradient`).
A checkpoint is written beside its place and renamed.
"""

import json
import math
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from minent.data.whole import read_json, whole
from minent.errors import BadInput
from minent.files import sync, write_text
from minent.training.recipe import Recipe
from minent.training.weights import fill, read, weights, write

OPEN = (
    "steps",
    "epochs",
    "device",
    "accumulate",
    "keep_every",
)  # of a recipe: may differ where a run goes on; see `run.together`


@dataclass(frozen=True)
class State:
    """Where a run stands: after `step` steps, `position` batches into `epoch`; `best` holds, best first, the loss on
    dev (inf without dev; less the score, where the recipe goes by another one) and the step of each checkpoint that the
    model would end with; `misses` counts the evaluations since the first of them; `scale`, by how much losses are
    scaled up, and `unbroken`, for how many steps, are of fp16."""

    step: int = 0
    epoch: int = 1
    position: int = 0
    best: tuple[tuple[float, int], ...] = ()
    misses: int = 0
    scale: float = 1.0
    unbroken: int = 0


def place(folder: Path, step: int) -> Path:
    """Where the checkpoint of a step lies."""
    return folder / f"step-{step:08d}"


def newest(folder: Path) -> Path | None:
    """The checkpoint of the last step; None where there is none."""
    return max(_all(folder), key=lambda path: int(path.name[5:]), default=None)


def _all(folder: Path) -> list[Path]:
    """The checkpoints: what else lies there, such as a copy called step-00000004.bak, is somebody's own."""
    return [path for path in folder.glob("step-*") if path.name[5:].isdecimal()]


def best(folder: Path, state: State, averaged: bool) -> list[Path]:
    """The files whose mean the model would end with: of moving averages, where the recipe has them."""
    name = "average.safetensors" if averaged else "weights.safetensors"
    return [place(folder, step) / name for _, step in state.best or ((math.inf, state.step),)]


def save(
    folder: Path,
    state: State,
    recipe: Recipe,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: dict[str, Tensor] | None,
    about: Mapping[str, Any],
) -> None:
    """Write the checkpoint of `state.step`, whole or not at all, then delete what only older ones were needed for;
    `about` is what else a run is resumed by: its data, what it learns by."""
    half = folder / "half"
    shutil.rmtree(half, ignore_errors=True)
    write(half / "weights.safetensors", weights(model))
    if average is not None:
        write(half / "average.safetensors", average)
    moments = {
        f"{name}:{key}": value
        for name, parameter in model.named_parameters()
        for key, value in optimizer.state.get(parameter, {}).items()
    }
    write(half / "optimizer.safetensors", moments)
    saved = {"state": asdict(state), "recipe": asdict(recipe), "about": dict(about)}
    write_text(half / "state.json", json.dumps(saved, indent=2, ensure_ascii=False))
    sync(half)
    half.rename(place(folder, state.step))
    sync(folder)
    ends = {place(folder, step) for _, step in state.best}
    for old in set(_all(folder)) - {place(folder, state.step)}:
        if old in ends:
            (old / "optimizer.safetensors").unlink(missing_ok=True)
        else:
            shutil.rmtree(old)


def told(path: Path) -> tuple[State, dict[str, Any], dict[str, Any]]:
    """Where the run of a checkpoint stood, by which recipe, and what it was about. Raises BadInput."""
    file = path / "state.json"
    saved = read_json(file, "the state of a run")
    with whole(file, "the state of a run"):
        best = tuple((loss, step) for loss, step in saved["state"].pop("best"))
        return State(**saved["state"], best=best), dict(saved["recipe"]), dict(saved["about"])


def judged(state: State, recipe: Mapping[str, Any]) -> tuple[str, float] | None:
    """By which score on dev the checkpoints were chosen, and the best value of it; None where nothing judged.

    >>> judged(State(best=((-31.5, 40),)), {"best": "bleu"}), judged(State(best=((math.inf, 40),)), {})
    (('bleu', 31.5), None)
    """
    score, value = recipe.get("best", "loss"), state.best[0][0] if state.best else math.inf
    return None if value == math.inf else (score, value if score == "loss" else -value)


def load(
    path: Path,
    recipe: Recipe,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    average: dict[str, Tensor] | None,
    about: Mapping[str, Any],
) -> State:
    """Set model, optimiser and average to those of a checkpoint, and return where its run stood.

    Raises BadInput for a checkpoint that is not whole, is another model's, is of a recipe that differs in more than its
    length and device, of a run that was about anything else, or that trained other weights.
    """
    state, cooked, before = told(path)
    for name in [field.name for field in fields(Recipe) if field.name not in OPEN]:
        if cooked.get(name) != getattr(recipe, name):
            raise BadInput(
                f"a run is resumed by its own recipe: {name} was {cooked.get(name)!r} in {str(path)!r}; "
                f"got {getattr(recipe, name)!r}"
            )
    for name, now in json.loads(json.dumps(dict(about))).items():
        if (was := before.get(name)) != now:
            came = f"{name} was {was!r}; got {now!r}" if not name.endswith("data") else f"its {name} are others"
            raise BadInput(f"a run is resumed on its own data, by what it began with; in {str(path)!r} {came}")
    fill(weights(model), read(path / "weights.safetensors"), path)
    if average is not None:
        fill(average, read(path / "average.safetensors"), path)
    named, moments = dict(model.named_parameters()), read(path / "optimizer.safetensors")
    steps = {id(one) for group in optimizer.param_groups for one in group["params"] if one.requires_grad}
    was, trained = {name.rsplit(":", 1)[0] for name in moments}, {name for name in named if id(named[name]) in steps}
    if moments and (other := min(was ^ trained, default=None)):
        frozen = "trained, and is frozen" if other in was else "frozen, and is trained"
        raise BadInput(f"a run is resumed with the same weights trained; in {str(path)!r} {other!r} was {frozen} now")
    fused = {id(one) for group in optimizer.param_groups if group["fused"] for one in group["params"]}
    for name, tensor in moments.items():  # what was read is the mapped file itself, so each is copied
        parameter, key = name.rsplit(":", 1)
        own = named[parameter]  # a fused step takes counts from its device, and moments by place in memory
        if key == "step":
            optimizer.state[own][key] = tensor.to(own.device if id(own) in fused else "cpu", copy=True)
        else:
            optimizer.state[own][key] = torch.empty_like(own).copy_(tensor)
    return state
