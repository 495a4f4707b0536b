"""Why a model says what it says: predictions as sums over training examples."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from minent.errors import require

if TYPE_CHECKING:
    from minent.attribution.explanation import Explanation
    from minent.attribution.influence import self_influence, tracin
    from minent.attribution.page import because
    from minent.attribution.path_kernel import explain
    from minent.training.trajectory import record

__all__ = ["Explanation", "because", "explain", "record", "self_influence", "tracin"]
# No file has the name of a function: where it was imported first, the name would be the file's.
PLACES = {
    "Explanation": "minent.attribution.explanation",
    "because": "minent.attribution.page",
    "explain": "minent.attribution.path_kernel",
    "record": "minent.training.trajectory",
    "self_influence": "minent.attribution.influence",
    "tracin": "minent.attribution.influence",
}


def __getattr__(name: str) -> Any:
    if name not in PLACES:
        raise AttributeError(f"module 'minent.attribution' has no attribute {name!r}")
    if name not in ("Explanation", "because"):  # these are had without it, and so is the room, until first use
        require("torch", "torch", "explain models")
    return getattr(import_module(PLACES[name]), name)
