"""New points go where a step from them most likely ends: to the module with the largest weight of their links; and
known ones where they are."""

from typing import Any

import numpy as np
from jaxtyping import Int
from scipy.sparse import csr_array, issparse

from minent.data.networks.neighbours import Neighbourhood
from minent.errors import BadInput


def assign(
    known: Neighbourhood, labels: Int[np.ndarray, " points"], new: Any, threads: int | None = None
) -> Int[np.ndarray, " new"]:
    """The module (new,) of each new point, by the `labels` (points,) of those that are known; -1 where it is like none.
    A point that is equal to known ones is where they are.

    Raises BadInput for new points of other dimensions, and where not each known point has a label.

    >>> known = Neighbourhood.of([[0, 0], [0, 1], [9, 9], [9, 8]], neighbours=1)
    >>> assign(known, np.array([0, 0, 1, 1]), [[0, 0.5], [8, 9], [99, 0]]).tolist()
    [0, 1, -1]
    """
    if len(labels) != known.points.shape[0]:
        raise BadInput(f"{known.points.shape[0]} points are known, and {len(labels)} labels")
    source, target, weight = known.links_of(new, threads)
    shape = new.shape[0] if issparse(new) else len(new), int(labels.max(initial=0)) + 1
    towards = csr_array((weight, (source, labels[target])), shape=shape)
    towards.sum_duplicates()
    linked = np.diff(towards.indptr) > 0
    found = np.full(shape[0], -1)
    best = np.maximum.reduceat(towards.data, towards.indptr[:-1][linked]) if linked.any() else np.zeros(0)
    row = np.repeat(np.arange(shape[0]), np.diff(towards.indptr))
    firm = np.flatnonzero(towards.data >= np.repeat(best, np.diff(towards.indptr)[linked]) * (1 - 1e-12))[::-1]
    found[row[firm]] = towards.indices[firm]  # of equals the most visited
    known_already = weight == 1  # where it stands itself: equal points are in one cluster
    found[source[known_already]] = labels[target[known_already]]
    return found
