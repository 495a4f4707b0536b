"""A tree of physical nodes: the states of a node that lie in one module stand there once, together."""

from dataclasses import fields
from typing import Any

import numpy as np

from minent.community.tree.description import Description


def physical(tree: Description) -> Description:
    """The tree of the nodes whose states a tree of states holds: a node stands once in each of its leaf modules. It
    costs what that tree costs; links and their flows are between states, and are gone."""
    if tree.states is None or tree.physical is None:
        return tree
    names = np.array(tree.node_names, object) if tree.names is None else tree.names
    pair = tree.physical.astype(np.int64) * len(tree.parent) + tree.module
    pair, first, place = np.unique(pair, return_index=True, return_inverse=True)
    told: dict[str, Any] = {field.name: getattr(tree, field.name) for field in fields(Description)}
    told |= {"module": tree.module[first], "visit": np.bincount(place, tree.visit, minlength=len(pair))}
    told |= {"names": names[first], "physical": tree.physical[first]}
    told |= {"ids": None if tree.ids is None else tree.ids[first]}
    told |= {"flow": None, "states": None, "layers": None}
    return Description(**told)
