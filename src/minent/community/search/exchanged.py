"""Units merge whose rows lie apart, on other machines: each of these tells of its entries by the module that they come
from, and each machine that gathers a range of modules sums their rows, which stay there. Entries of a module come in
the order of its units: so what comes of it is that of `merging.merged`, to the last bit.
"""

from typing import Any

import numpy as np
from jaxtyping import Int

from minent.community.search.engine import Engine, Far, Rows, shards
from minent.community.search.streaming import FINEST, WIDEST, gathered, leading_out, summed_rows
from minent.community.search.units import Units
from minent.kernels import compiled

GATHERING = 64  # machines, at most: each of as many tasks again has something for each
Ranges = list[tuple[int, int]]
Told = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def told_entries(
    label: Int[np.ndarray, " units"], pace: float, low: int, count: int, ranges: Ranges, rows: Rows
) -> list[Told]:
    """A task: for each range of buckets of modules, see `leading_out`, the entries of these rows."""
    (first, *links), units, none = rows, len(rows.indptr) - 1, np.zeros(0)
    starts, *entries = compiled(leading_out)(first, first + units, first, *links, pace, label, low, count, none)
    return [
        (starts[a : b + 1] - starts[a], *(one[starts[a] : starts[b]] if len(one) else one for one in entries))
        for a, b in ranges
    ]


def gathered_rows(low: int, every: float, count: int, buckets: tuple[int, int], *told: Told) -> Any:
    """A task: the rows of the modules in a range of buckets, and what flows inside these."""
    offsets = np.append(0, np.cumsum([len(one[1]) for one in told]))
    starts = [one[0] + offset for one, offset in zip(told, offsets[:-1], strict=True)]
    given = tuple(np.concatenate([one[k] for one in told]) for k in (1, 2, 3))
    ends, entries = gathered(starts, given)
    number, column, flow, inside = compiled(summed_rows)(ends, low, *entries, every, count)
    modules = min(count, buckets[1] << low) - (buckets[0] << low)
    indptr = np.append(0, np.cumsum(number[:modules]))
    return Rows(buckets[0] << low, indptr, column, flow), inside[:modules]


def merged_apart(units: Units, label: Int[np.ndarray, " units"], count: int, engine: Engine, far: Far) -> Any:
    """As `merging.merged_in_memory`; the merged rows lie apart too, and here."""
    low = min(WIDEST, max(0, (count - 1).bit_length() - FINEST))
    buckets = np.bincount(label >> low, np.diff(units.indptr), minlength=((count - 1) >> low) + 1)
    ranges = shards(np.append(0, np.cumsum(buckets)).astype(np.int64), GATHERING)
    every = float(units.flow[0] * units.pace) if len(units.flow) == 1 else 0.0
    told = engine.put(label), units.pace, low, count, ranges
    parts = engine.exchanged(told_entries, told, [(rows,) for _, _, rows in far], len(ranges))
    summing = [(one, *those) for one, those in zip(ranges, parts, strict=True)]
    found = engine.kept(gathered_rows, (low, every, count), summing)
    begin, inside, end = [np.zeros(1, np.int64)], [], 0
    column, flow, apart = engine.share(np.int32), engine.share(float), []
    for at, rows, within in found:
        column.add(rows.indices)
        flow.add(rows.flow)
        begin.append(rows.indptr[1:] + end)
        inside.append(within)
        end += len(rows.indices)
        apart.append((rows.first, rows.first + len(rows.indptr) - 1, at))
    indptr = np.concatenate(begin)
    merged = indptr if end >= 2**31 else indptr.astype(np.int32), column.whole(), flow.whole()
    engine.lie(merged[1:], apart)
    return *merged, np.concatenate(inside)
