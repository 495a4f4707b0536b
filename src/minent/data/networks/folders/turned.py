"""Directed links the other way round: rows on disk of the links that lead to each node, in the order of their sources,
which `rows` makes of those that lead away."""

import numpy as np

from minent.data.networks.folders.parts import Each, in_turn
from minent.data.networks.folders.progress import Progress
from minent.data.networks.folders.rows import Rows, pieces, read_rows, sorted_buckets, spread
from minent.data.networks.folders.scratch import Scratch
from minent.data.networks.folders.sorting import Thin

WAY = "back-"  # before the names of its files


def turned(scratch: Scratch, rows: Rows, each: Each = in_turn) -> Rows:
    """indptr, indices and weights of the links to each node, of rows of those from each."""
    indptr, indices, weights = rows
    if not scratch.has(f"{WAY}rows-done"):
        ranges, nodes = pieces(indptr), len(indptr) - 1
        progress = Progress("turning links", len(ranges))
        for number, (first, last) in enumerate(ranges):
            called = f"{WAY}spread-{number:06d}"
            done = scratch.has(f"{called}-ends")  # which is written last
            if not done:
                away = np.repeat(np.arange(first, last, dtype=np.int32), np.diff(indptr[first : last + 1]))
                entries = slice(int(indptr[first]), int(indptr[last]))
                weight = None if weights is None else weights[entries]
                for kind, array in spread(indices[entries], away, weight, True, nodes).items():
                    scratch.write(f"{called}-{kind}", array)
            progress.add(1, done)
        sorted_buckets(scratch, nodes, True, Thin(False, 0.0), each, WAY)
    return read_rows(scratch, WAY)
