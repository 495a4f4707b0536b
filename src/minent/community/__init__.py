"""Communities of a network by the map equation: find modules, and say what a given partition costs."""

from typing import TYPE_CHECKING

from minent.community.evaluate import codelength, evaluate
from minent.community.find import find
from minent.community.options import Objective, Options, Points
from minent.community.points.cluster import cluster
from minent.community.points.telling import telling_words
from minent.community.stability import Stability, stability
from minent.community.tree.agreement import agreement, agreements
from minent.community.tree.tree import Tree
from minent.rooms import on_first_use

if TYPE_CHECKING:
    from minent.community.points.estimator import Infomap

__all__ = [
    "Infomap",
    "Objective",
    "Options",
    "Points",
    "Stability",
    "Tree",
    "agreement",
    "agreements",
    "cluster",
    "codelength",
    "evaluate",
    "find",
    "stability",
    "telling_words",
]
__getattr__ = on_first_use(__name__, {"minent.community.points.estimator": "Infomap"})  # only this needs scikit-learn
