"""How weights move: the one training loop, schedules, averages, checkpoints, saved models; trajectories of all that."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minent.training.batches import Batches
    from minent.training.loop import fit
    from minent.training.recipe import Recipe
    from minent.training.records import Moment, Record
    from minent.training.trajectory import Trajectory, record

__all__ = ["Batches", "Moment", "Recipe", "Record", "Trajectory", "fit", "record"]
HOMES = {
    "Batches": "batches", "Moment": "records", "Recipe": "recipe", "Record": "records", "Trajectory": "trajectory",
    "fit": "loop", "record": "trajectory",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in HOMES:  # on first use: the command line reads a recipe from here, and is fast without torch
        return getattr(importlib.import_module(f"minent.training.{HOMES[name]}"), name)
    raise AttributeError(f"module 'minent.training' has no attribute {name!r}")
