"""How weights move: the one training loop, schedules, averages, checkpoints, saved models; trajectories of all that."""

from typing import TYPE_CHECKING

from minent.rooms import on_first_use

if TYPE_CHECKING:
    from minent.training.batches import Batches
    from minent.training.loop import fit
    from minent.training.recipe import Recipe
    from minent.training.records import Moment, Record
    from minent.training.trajectory import Trajectory, record

__all__ = ["Batches", "Moment", "Recipe", "Record", "Trajectory", "fit", "record"]
__getattr__ = on_first_use(
    __name__,
    {
        "minent.training.batches": "Batches",
        "minent.training.loop": "fit",
        "minent.training.recipe": "Recipe",
        "minent.training.records": "Moment Record",
        "minent.training.trajectory": "Trajectory record",
    },
)
