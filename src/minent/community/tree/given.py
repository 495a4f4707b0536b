"""Modules as users give them: a label for each node, a mapping from names to labels, or a tree of nodes by name."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from minent.community.tree.tree import Tree
from minent.data.networks.places import places
from minent.errors import BadInput


def tree_of(modules: Any, names: np.ndarray | None, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """The parent of each module and the leaf module of each of the network's nodes."""
    if isinstance(modules, Tree):
        return modules.parent, _in_order(modules.module, modules.names, names, nodes)
    if isinstance(modules, Mapping):
        labels = _in_order(_objects(modules.values()), _objects(modules), names, nodes)
    else:
        labels = _in_order(modules if isinstance(modules, np.ndarray) else _objects(modules), names, names, nodes)
    number = {}
    module = np.array([number.setdefault(label, len(number) + 1) for label in labels.tolist()], np.int32)
    return np.array([-1] + [0] * max(len(number), 1), np.int32), module


def _objects(values: Iterable[Any]) -> np.ndarray:
    array = np.empty(len(values := list(values)), object)
    array[:] = values
    return array


def _in_order(labels: np.ndarray, labelled: np.ndarray | None, names: np.ndarray | None, nodes: int) -> np.ndarray:
    """`labels`, which belong to the names in `labelled`, in the order of the network's `names`."""
    if labels.shape != (nodes,):
        came = f"{len(labels)} labels" if labels.ndim == 1 else f"labels of shape {labels.shape}"
        raise BadInput(f"every node wants one module: the network has {nodes} nodes; got {came}")
    if labelled is names or (labelled is not None and names is not None and np.array_equal(labelled, names)):
        return labels
    given = list(range(nodes)) if labelled is None else labelled.tolist()
    wanted = list(range(nodes)) if names is None else names.tolist()
    if (order := places(wanted, given)) is not None:
        return labels[order]
    known = set(given)
    if missing := [name for name in wanted if name not in known]:
        some = ", ".join(repr(name) for name in given[:3])
        raise BadInput(f"every node wants one module: node {missing[0]!r} has none; modules are given for {some}, …")
    raise BadInput("modules are given by the names of nodes, which must differ")
