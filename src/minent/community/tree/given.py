"""Modules as users give them: labels or paths of labels, a tree, or a file of either."""

import os
from collections.abc import Hashable
from typing import Any

import numpy as np
from jaxtyping import Int

from minent.community.tree.files.paths import nested
from minent.community.tree.tree import Tree
from minent.data.networks.graph import Graph
from minent.data.networks.naming.labels import Labels, labels_of
from minent.data.networks.naming.placed import placed
from minent.data.networks.naming.places import places
from minent.data.networks.states import States, located
from minent.errors import BadInput


def given(modules: Any) -> Tree | Labels:
    """The tree that `modules` is, or that its file holds; or else the labels."""
    if isinstance(modules, Tree):
        return modules
    is_file = isinstance(modules, str | os.PathLike) or callable(getattr(modules, "read", None))
    return Tree.read(modules) if is_file else labels_of(modules)


def tree_of(modules: Any, network: Graph, partial: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The parent of each module and the leaf module of each of the network's nodes.

    Modules are a Tree, a path to one, or what `labels_of` takes; labels that are tuples, lists or the rows of an array
    are paths: modules in modules, the top modules first. Of a network of states, modules of its nodes are those of all
    their states. Where modules may be `partial`, a node that has none (None, NaN, not named) is a module of its own.
    """
    found = given(modules)
    if isinstance(found, Tree):
        place, parent, of_leaf = _places_in(found, network, partial), found.parent, found.module
    else:
        place, (parent, of_leaf) = located(network, found, partial=partial), _from_labels(found.values)
    module = np.where(place >= 0, np.append(of_leaf, -1)[place], -1)
    alone = np.flatnonzero(module < 0)
    if len(alone) and not partial:
        raise BadInput(f"every node wants one module: node {network.nodes[alone[0]]!r} has none")
    module = module.astype(np.int32)
    module[alone] = len(parent) + np.arange(len(alone))
    return np.append(parent, np.zeros(len(alone), int)).astype(np.int32), module


def _from_labels(labels: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Modules of labels, or of paths of labels where all are; -1 for a node that has none."""
    known = [i for i, label in enumerate(labels) if label is not None]
    deep = known and all(isinstance(labels[i], tuple) for i in known)
    number: dict[Hashable, int] = {}
    paths = [
        (*(number.setdefault(one, len(number)) for one in (labels[i] if deep else labels[i : i + 1])), -1 - i)
        for i in known
    ]
    module = np.full(len(labels), -1)
    parent, module[known] = nested(paths)[:2] if deep else _flat(paths)
    return parent, module


def _flat(paths: list[tuple[int, ...]]) -> tuple[np.ndarray, np.ndarray]:
    """Modules in the order in which their labels come."""
    module = np.array([path[0] + 1 for path in paths], int)
    return np.append(-1, np.zeros(max(int(module.max(initial=0)), 1), int)), module


def _places_in(tree: Tree, network: Graph, partial: bool) -> Int[np.ndarray, " nodes"]:
    """Where each node of the network stands among the leaves of the tree."""
    leaves: list[Any] = [None] * len(tree.module)
    if not isinstance(network, States) or tree.states is None:
        names = tree.node_names
        if len(set(names)) < len(names) and tree.states is None:  # nor does the network call nodes by such names
            names = list(range(1, len(names) + 1)) if tree.ids is None else tree.ids.tolist()
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            main = "{name: node['module'] for name, node in tree.node_attributes().items()} are the main ones"
            raise BadInput(f"every node wants one module; {twice!r} is in several modules of that tree: {main}")
        return located(network, Labels(leaves, names), partial=partial, physical=True)
    numbered = tree.states.dtype.kind == "i"
    if numbered and tree.ids is not None and tree.layers is not None and network.layers is not None:
        ours = zip(network.layers.tolist(), network.node_ids.tolist(), strict=True)  # as a .clu has them
        theirs = zip(tree.layers.tolist(), tree.ids.tolist(), strict=True)
        if (order := places(ours, theirs, partial)) is not None:
            return order
    return placed(network.nodes, Labels(leaves, tree.leaf_names), partial=partial)
