"""Two partitions that differ only in how their modules are numbered are the same partition: one numbering is canonical.

Siblings stand in order of decreasing flow (ties: the lowest node index first), modules are numbered breadth-first from
the root 0, no module is empty, and no module but the root has a single child.
"""

import numpy as np
from jaxtyping import Float, Int

from minent.errors import BadInput


def canonical(
    parent: Int[np.ndarray, " modules"], module: Int[np.ndarray, " nodes"], visit: Float[np.ndarray, " nodes"]
) -> tuple[Int[np.ndarray, " kept"], Int[np.ndarray, " nodes"]]:
    """The same nested modules, numbered canonically; `parent[0]` is -1 and `parent[m] < m` in what is returned.

    `parent` (modules,) holds each module's parent (-1: the root, which is module 0), `module` (nodes,) the leaf module
    of each node, `visit` (nodes,) the visit rates. Raises BadInput where nodes stand beside modules in one module.

    >>> parent, module = canonical(np.array([-1, 0, 0, 0]), np.array([3, 1, 1]), np.array([0.2, 0.4, 0.4]))
    >>> parent.tolist(), module.tolist()
    ([-1, 0, 0], [2, 1, 1])
    """
    module, modules = np.asarray(module), len(parent)
    if len(module) == 0:
        return np.array([-1], np.int32), np.zeros(0, np.int32)
    depth = depths(parent)
    size = np.bincount(module, minlength=modules)
    flow = np.bincount(module, visit, minlength=modules)
    first = np.full(modules, len(module))
    np.minimum.at(first, module, np.arange(len(module)))
    holds_nodes = size > 0
    for level in levels(depth)[:0:-1]:
        np.add.at(size, parent[level], size[level])
        np.add.at(flow, parent[level], flow[level])
        np.minimum.at(first, parent[level], first[level])

    children = np.bincount(parent[1:][size[1:] > 0], minlength=modules)
    if bad := np.flatnonzero(holds_nodes & (children > 0)).tolist():
        raise BadInput(f"nodes must hang on leaf modules; module {bad[0]} holds both nodes and modules")
    if holds_nodes[0]:
        raise BadInput("nodes must hang on leaf modules; some hang on the root (one module is parent [-1, 0])")

    stands_for = np.arange(modules)  # an only child is collapsed into its parent
    for level in levels(depth)[1:]:
        above = stands_for[parent[level]]
        only = (children[parent[level]] == 1) & ~((above == 0) & holds_nodes[level])
        stands_for[level[only]] = above[only]

    number = np.zeros(modules, np.int32)
    new_parent, count = [np.array([-1], np.int32)], 1
    kept = (stands_for == np.arange(modules)) & (size > 0)
    grown_parent = np.where(kept, stands_for[parent], -1)
    grown_depth = np.zeros(modules, int)
    for level in levels(depth)[1:]:
        grown_depth[level] = grown_depth[stands_for[parent[level]]] + kept[level]
    for level in levels(np.where(kept, grown_depth, 0))[1:]:
        above = number[grown_parent[level]]
        order = np.lexsort((first[level], -np.round(flow[level], 12), above))
        number[level[order]] = np.arange(count, count + len(level))
        new_parent.append(above[order])
        count += len(level)
    return np.concatenate(new_parent).astype(np.int32), number[stands_for[module]]


def depths(parent: Int[np.ndarray, " modules"]) -> Int[np.ndarray, " modules"]:
    """How far below the root each module stands: 0 for the root itself."""
    depth, above = (np.asarray(parent) >= 0).astype(int), np.maximum(parent, 0)
    while above.any():  # twice as far up each time
        depth, above = depth + depth[above], above[above]
    return depth


def levels(depth: Int[np.ndarray, " modules"]) -> list[Int[np.ndarray, " _"]]:
    """The modules at depth 0, 1, 2, …"""
    return np.split(np.argsort(depth, kind="stable"), np.cumsum(np.bincount(depth))[:-1])
