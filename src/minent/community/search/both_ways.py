"""Rows of what flows between two nodes in both directions together, of rows on disk of the links from and to each."""

import numpy as np
from jaxtyping import Float, Int

from minent.community.search.engine import Engine
from minent.community.walk.weights import weight_matrix
from minent.data.networks.folders.folder import Stored
from minent.data.networks.folders.rows import pieces
from minent.kernels import kernel, read_only, runner

NAMED = "units-indices", "units-flow"  # files of entries of units, where these are not those of the network


def both_ways_on_disk(
    network: Stored, pace: Float[np.ndarray, " nodes"] | float, engine: Engine
) -> tuple[Int[np.ndarray, " rows"], Int[np.ndarray, " entries"], Float[np.ndarray, " entries"]]:
    """As `units.both_ways`, to the last bit, read from the first row to the last."""
    matrix, number = weight_matrix(network), [np.zeros(1, np.int64)]
    away, back = ((read_only(indptr), read_only(indices), read_only(np.ones(1) if weights is None else weights))
            for indptr, indices, weights in (matrix.rows, matrix.back))  # fmt: skip
    paces = read_only(np.ascontiguousarray(np.broadcast_to(pace, network.number_of_nodes)))
    columns, sums = engine.share(np.int32, NAMED[0]), engine.share(float, NAMED[1])
    run, begin = runner(len(network.indices) // 8), matrix.indptr.astype(np.int64) + matrix.T.indptr
    for first, last in pieces(begin):
        row, column, flow = run(met_rows)(first, last, int(begin[last] - begin[first]), away, back, paces)
        number.append(row)
        columns.add(column)
        sums.add(flow)
    indptr = np.cumsum(np.concatenate(number))
    return indptr if indptr[-1] >= 2**31 else indptr.astype(np.int32), columns.whole(), sums.whole()


@kernel
def met_rows(first, last, most, away, back, pace):
    """Rows first … last - 1 of what flows to other nodes and from them, both of which are sorted: how many entries each
    has, and they, at most so many."""
    (indptr, indices, amount), (starts, sources, amount_back) = away, back
    n, uniform, end = indptr.shape[0] - 1, amount.shape[0] == 1, 0
    number, column, sums = np.zeros(last - first, np.int64), np.empty(most, np.int32), np.empty(most)
    for i in range(first, last):
        a, b = indptr[i], starts[i]
        while a < indptr[i + 1] or b < starts[i + 1]:
            to = indices[a] if a < indptr[i + 1] else n
            of = sources[b] if b < starts[i + 1] else n
            j, flow = min(to, of), 0.0
            if of == j:
                flow += (amount_back[0] if uniform else amount_back[b]) * pace[j]
                b += 1
            if to == j:
                flow += (amount[0] if uniform else amount[a]) * pace[i]
                a += 1
            if j != i:
                column[end], sums[end] = j, flow
                end += 1
                number[i - first] += 1
    return number, column[:end].copy(), sums[:end].copy()
