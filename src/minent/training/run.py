"""A run is all that its next step depends on; every loop begins or goes on, shares its batches and saves by it."""

import logging
import math
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeVar

import torch
from accelerate import PartialState
from torch import Tensor, nn

from minent.errors import BadInput
from minent.files import held, settled
from minent.training import checkpoint
from minent.training.batches import Arrays, Batches, Group, digest, groups
from minent.training.checkpoint import State
from minent.training.log import journal
from minent.training.processes import found
from minent.training.recipe import Recipe
from minent.training.saved import Saved

Log = Callable[[dict[str, Any]], object]
T = TypeVar("T")
logger = logging.getLogger(__name__)
TOGETHER = "processes × accumulate"  # batches of a step
NOTED = "noted"  # what may be otherwise where a run goes on, and is told then
MODELS = "model.safetensors", "pytorch_model.bin", "model.safetensors.index.json"


@dataclass(kw_only=True)
class Run:
    """A run of `steps` steps in `folder`, a temporary one where none was given; steps replace its `state` alone."""

    model: nn.Module
    """All whose weights a checkpoint holds."""

    batches: Batches
    recipe: Recipe
    steps: int
    processes: PartialState
    optimizer: torch.optim.Optimizer
    average: dict[str, Tensor] | None
    """The moving average, where the recipe has one."""

    folder: Path
    saving: bool
    """Whether this process writes checkpoints."""

    log: Log | None = None
    """What each step is told to, on the first process."""

    about: dict[str, Any] = field(default_factory=dict)
    """What else it is resumed by: what tells its data from others, what it learns by."""

    state: State = field(default_factory=State)
    walk: Iterator[Group] = field(default_factory=lambda: iter(()))
    """What steps are taken on, from where the run stands."""

    last: Arrays | None = None
    """The last batch that a step was taken on."""

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"


@contextmanager
def rooted(folder: str | Path | None) -> Iterator[Path]:
    """Where a run writes: a folder that no other run has meanwhile, or a temporary one."""
    if folder is None:
        with tempfile.TemporaryDirectory() as root:
            yield Path(root)
    elif found().is_main_process:
        with held(folder):
            yield settled(Path(folder))
    else:
        yield Path(folder)


def refuse_taken(folder: Path, resume: bool) -> None:
    """Raises BadInput for a file, and for a folder that holds a run that is not to be resumed, or another model."""
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{str(folder)!r} is a file; wanted a folder for the model")
    runs = checkpoint.newest(folder / "checkpoints") is not None
    if runs and not resume:
        raise BadInput(f"{str(folder)!r} holds a run already: resume it (--resume), or choose another folder")
    if not runs and (there := [name for name in MODELS if (folder / name).exists()]):
        raise BadInput(f"{str(folder)!r} holds a model already ({there[0]}) and no run of it: choose another folder")


def resumed(run: Run, resume: bool, kept: bool, log: Log | None) -> None:
    """Have a run, with its model, optimiser and average, stand where its newest checkpoint does, or else at its start,
    and told to `log` or, in a folder that is `kept`, to log.jsonl.

    Raises BadInput for a folder that is not as `resume` has it, and for a run that is longer already or of other data.
    """
    if resume and not kept:
        raise BadInput("resume wants the folder of the run to go on with; got None")
    if not isinstance(run.batches, Batches):
        wanted = "batches have epoch(number), the batches of an epoch, and len(), how many these are"
        raise BadInput(f"{wanted}; got a {type(run.batches).__name__}")
    told: Any = getattr(run.batches, "fingerprint", dict)
    together = run.recipe.accumulate * run.processes.num_processes
    run.about = {TOGETHER: together, **_settings(run.model), **told(), **run.about}
    newest, before = checkpoint.newest(run.checkpoints), {}
    if kept:
        refuse_taken(run.folder, resume)
    if newest is not None:
        run.state = checkpoint.load(newest, run.recipe, run.model, run.optimizer, run.average, run.about)
        if run.state.step > run.steps:
            raise BadInput(f"the run in {str(run.folder)!r} is {run.state.step} steps long already; got {run.steps}")
        before = checkpoint.told(newest)[2].get(NOTED, {}) if run.processes.is_main_process else {}
        _tell_other_layers(run, before.get("layers", ""))
    run.processes.wait_for_everyone()
    if run.processes.is_main_process:
        run.log = journal(run.folder / "log.jsonl", run.state.step) if log is None and kept else log
    run.walk = groups(
        run.batches, together, run.state.epoch, run.state.position, partial(_tell_other_batch, run, before)
    )


def _settings(model: nn.Module) -> dict[str, Any]:
    """What the models of minent within a model were built with: weights do not tell of dropout, heads or windows."""
    found: dict[str, Any] = {}
    for part in (one for one in model.modules() if isinstance(one, Saved)):
        for name, value in part.settings().items():
            found |= value if isinstance(value, dict) else {name: value}
    return found


def _layers(run: Run) -> str:
    """The layers of a model as torch shows them, without where in memory anything lies; one of minent has settings."""
    return "" if _settings(run.model) else re.sub(r" at 0x[0-9a-fA-F]+", "", repr(run.model))


def _tell_other_layers(run: Run, before: str) -> None:
    """Say where a run goes on with layers that have its weights and are others, such as of another dropout."""
    pairs = zip_longest(before.splitlines(), _layers(run).splitlines(), fillvalue="nothing")
    was, now = next((pair for pair in pairs if pair[0] != pair[1]), ("", ""))
    if before and was != now:
        logger.warning(
            "%s: the run goes on with other layers: %s was there, %s is", run.folder, was.strip(), now.strip()
        )


def _tell_other_batch(run: Run, before: Mapping[str, Any], batch: Arrays) -> None:
    """Say where the batch before the next one is not what it was when the run was stopped."""
    if before.get("batch", (now := digest(batch))) != now:
        logger.warning(
            "%s: batches are others than when the run was stopped: other data, or epoch(number) is not the same "
            "whenever it is asked (a DataLoader that shuffles wants a generator with a seed for each epoch); the run "
            "does not end as it would have without the break",
            run.folder,
        )


def mine(keyed: Sequence[T], processes: PartialState) -> Sequence[T]:
    """Those of a step's batches that this process takes."""
    return keyed[processes.process_index :: processes.num_processes]


def finite(told: tuple[float, float, float], step: int, other: str) -> tuple[float, float, float]:
    """What `gradient` told. Raises BadInput where it is not finite, with what `other` than a lower rate may help."""
    mean, targets, norm = told
    if not math.isfinite(mean + norm):
        raise BadInput(
            f"loss and gradient must be finite; got a loss of {mean} over {targets:.0f} targets and a gradient of "
            f"length {norm} at step {step}: a lower learning rate may help, or {other}"
        )
    return told


def saved(run: Run) -> None:
    """Write the checkpoint of where the run stands; a model of minent in the folder, of when the run was shorter, goes:
    the checkpoints have a newer one."""
    noted = {"layers": _layers(run), "batch": run.last and digest(run.last)}
    checkpoint.save(
        run.checkpoints, run.state, run.recipe, run.model, run.optimizer, run.average, {**run.about, NOTED: noted}
    )
    if isinstance(run.model, Saved):
        (run.folder / MODELS[0]).unlink(missing_ok=True)
