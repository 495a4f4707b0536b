"""Entries in buckets of neighbouring rows become sorted rows, repeated links summed, some left out."""

from typing import NamedTuple

import numpy as np

from minent.data.networks.sorted_rows import DIGIT, sort_buckets, summed
from minent.kernels import compiled


class Thin(NamedTuple):
    """What is left out once repeated links are summed."""

    self_links: bool
    below: float


def sorted_group(
    bits: int,
    low: int,
    directed: bool,
    self_links: bool,
    below: float,
    first: int,
    rows: int,
    ends: np.ndarray,
    keys: np.ndarray,
    indices: np.ndarray,
    weights: np.ndarray | None,
) -> dict[str, np.ndarray]:
    """So many rows of some buckets, the first of which is that of node `first`; what was left out."""
    weighted = weights is not None
    indices, weights = (
        np.require(indices, None, "W"),
        np.require(np.empty(0) if weights is None else weights, None, "W"),
    )
    largest, passes = int(np.diff(ends, prepend=0).max(initial=0)), -(-(bits + low) // DIGIT)
    indptr = np.zeros((len(ends) << low) + 1, np.int64)
    words, carried = np.empty((2, largest), np.int64), np.empty((2, largest if weighted else 0))
    compiled(sort_buckets)(ends, low, bits, passes, words, carried, keys, indices, weights, indptr)
    indptr = np.cumsum(indptr)[: rows + 1]
    with np.errstate(over="ignore"):
        indptr, indices, heavy = summed(indptr, indices, weights if weighted else None)
    indptr, indices, heavy, left = _thin(indptr, indices, heavy, first, directed, Thin(self_links, below))
    found = {"degrees": np.diff(indptr), "indices": indices} | ({} if heavy is None else {"weights": heavy})
    return found | {"left": np.array(left, np.int64)}


def _thin(
    indptr: np.ndarray, indices: np.ndarray, weights: np.ndarray | None, first: int, directed: bool, thin: Thin
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, list[int]]:
    """These rows, the first of which is that of node `first`, without what is left out; how many self-links, and how
    many entries of light links and light self-links, that is."""
    if not thin.self_links and not thin.below:
        return indptr, indices, weights, [0, 0, 0]
    itself = np.repeat(np.arange(first, first + len(indptr) - 1), np.diff(indptr)) == indices
    light = (np.ones(len(indices)) if weights is None else weights) < thin.below
    loops = itself & thin.self_links
    light &= ~loops
    keep = ~(loops | light)
    left = [int(np.count_nonzero(one)) for one in (loops, light & ~itself, light & itself)]
    return np.append(0, np.cumsum(keep))[indptr], indices[keep], None if weights is None else weights[keep], left
