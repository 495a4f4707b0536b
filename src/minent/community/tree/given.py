"""Modules as users give them: a label or a path of labels for each node, a mapping from names to those, or a tree."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Int

from minent.community.tree.files.paths import nested
from minent.community.tree.tree import Tree
from minent.data.networks.graph import Graph
from minent.data.networks.places import places
from minent.data.networks.states import States
from minent.errors import BadInput


def tree_of(modules: Any, network: Graph, partial: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The parent of each module and the leaf module of each of the network's nodes.

    Labels that are tuples, lists or the rows of a table are paths: modules in modules, the top modules first. Where
    modules may be `partial`, a node that has none (None, NaN, not named) is a module of its own.
    """
    nodes = network.number_of_nodes
    wanted = list(range(nodes)) if network.names is None else network.names.tolist()
    if isinstance(modules, Tree):
        place = _places_in(modules, network, wanted, partial)
        parent, module = modules.parent, np.where(place >= 0, modules.module[place], -1)
    else:
        if isinstance(modules, Mapping):
            labels, place = list(modules.values()), _placed(wanted, list(modules), partial)
            labels = [labels[at] if at >= 0 else None for at in place.tolist()]
        else:
            labels = _listed(modules)
            if len(labels) != nodes:
                raise BadInput(f"every node wants one module: the network has {nodes} nodes; got {len(labels)} labels")
        parent, module = _from_labels(labels)
    alone = np.flatnonzero(module < 0)
    if len(alone) and not partial:
        raise BadInput(f"every node wants one module: node {wanted[alone[0]]!r} has none")
    module = module.astype(np.int32)
    module[alone] = len(parent) + np.arange(len(alone))
    return np.append(parent, np.zeros(len(alone), int)).astype(np.int32), module


def _listed(modules: Any) -> list[Any]:
    if hasattr(modules, "__array__"):
        modules = np.asarray(modules)
        if modules.ndim not in (1, 2):
            raise BadInput(f"every node wants one module, or a row of them; got labels of shape {modules.shape}")
        return [tuple(row) for row in modules.tolist()] if modules.ndim == 2 else modules.tolist()
    return list(modules)


def _from_labels(labels: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Modules of labels, or of paths of labels where all are; -1 for a node that has none."""
    known = [i for i, label in enumerate(labels) if label is not None and label == label]
    deep = known and all(isinstance(labels[i], tuple | list) for i in known)
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


def _places_in(tree: Tree, network: Graph, wanted: list[Any], partial: bool) -> Int[np.ndarray, " nodes"]:
    """Where each node of the network stands among the leaves of the tree."""
    if not isinstance(network, States):
        return _placed(wanted, tree.leaf_names, partial)
    if tree.states is None:  # a tree of physical nodes: each with all its states
        if len(set(names := tree.node_names)) < len(names):
            raise BadInput("a node of that tree is in several modules: wanted a tree that says which of its states are")
        numbered = all(type(name) is int for name in names)  # as in a .clu: they are ids of nodes
        every = (network.node_ids if numbered else network.physical_nodes).tolist()
        at = dict(zip(once := list(dict.fromkeys(every)), _placed(once, names, partial).tolist(), strict=True))
        return np.array([at[name] for name in every], np.int64)
    numbered = tree.states.dtype.kind == "i"
    if numbered and tree.ids is not None and tree.layers is not None and network.layers is not None:
        ours = zip(network.layers.tolist(), network.node_ids.tolist(), strict=True)  # as a .clu has them
        theirs = zip(tree.layers.tolist(), tree.ids.tolist(), strict=True)
        if (order := places(ours, theirs, partial)) is not None:
            return order
    return _placed(wanted, tree.leaf_names, partial)


def _placed(wanted: list[Any], given: list[Any], partial: bool) -> Int[np.ndarray, " nodes"]:
    """Where each wanted name stands among those given; -1 for one that does not, where they may be `partial`."""
    if (order := places(wanted, given, partial)) is not None:
        return order
    if len(given) != len(wanted) and not partial:
        raise BadInput(f"every node wants one module: the network has {len(wanted)} nodes; got {len(given)} labels")
    known, ours = set(given), set(wanted)
    if len(known) < len(given) or len(ours) < len(wanted):
        raise BadInput("modules are given by the names of nodes, which must differ")
    if missing := [name for name in wanted if name not in known and not partial]:
        some = ", ".join(repr(name) for name in given[:3])
        raise BadInput(f"every node wants one module: node {missing[0]!r} has none; modules are given for {some}, …")
    strange = next((name for name in given if name not in ours), None)
    raise BadInput(f"modules are given by the names of nodes; {strange!r} is none")
