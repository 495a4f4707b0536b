"""A tree as the parent of each module, in a regular order: leaves first, the root last, a parent after its children."""

import numpy as np
from jaxtyping import Int


def regular(parent: Int[np.ndarray, " modules"], leaves: int) -> Int[np.ndarray, " kept"]:
    """The parents in that order, -1 for the root. The first `leaves` modules are the leaves and stay in their order; of
    the others those of fewer than two children are left out, and those whose parent is -2 (nobody may be below).

    >>> regular(np.array([4, 4, 3, 5, 3, -1]), 3).tolist()  # 4 and 5 hold but one thing each, once 3 is at the top
    [3, 3, 4, 4, -1]
    """
    root, number = int(np.flatnonzero(parent == -1)[0]), np.arange(len(parent))
    while True:
        count = np.bincount(parent[parent >= 0], minlength=len(parent))
        gone = (count < 2) & (parent >= 0) & (number >= leaves)
        if count[root] == 1:
            gone |= (parent == root) & (number >= leaves)
        if not gone.any():
            break
        above = np.where(gone, parent, number)
        while gone[above].any():
            above = above[above]
        parent = np.where(parent >= 0, above[parent], parent)
        parent[gone] = -2
    kept = np.flatnonzero(parent > -2)
    depth = depths(parent, root)[kept]
    depth[:leaves] = len(parent)
    kept = kept[np.argsort(-depth, kind="stable")]
    place = np.full(len(parent) + 1, -1, np.int32)
    place[kept] = np.arange(len(kept))
    return place[parent[kept]]


def depths(parent: Int[np.ndarray, " modules"], root: int) -> Int[np.ndarray, " modules"]:
    """How far below the root each module stands."""
    above = np.where(parent < 0, root, parent)
    depth = (np.arange(len(parent)) != root).astype(int)
    while (above != root).any():  # twice as far up each time
        depth, above = depth + depth[above], above[above]
    return depth
