"""Units merge whose rows are more than memory holds: they are read once from the first to the last, what leads out of
modules goes by modules into buckets on disk, and the rows of some modules at a time are summed. Entries of a module
come in the order in which `merging.merged` takes them, so what comes of it is the same to the last bit.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

from minent.community.search.engine import Engine, shards
from minent.community.search.units import Units
from minent.data.networks.folders.rows import groups
from minent.kernels import kernel, read_only

FINEST, WIDEST = 12, 15  # bits of a module that tell its bucket, at least; those that are left, at most

Rows = tuple[np.ndarray, np.ndarray, np.ndarray, Float[np.ndarray, " modules"]]


def merged_on_disk(units: Units, label: Int[np.ndarray, " units"], count: int, run: Callable, engine: Engine) -> Rows:
    """As `merging.joined` of what `merging.merged` makes."""
    low = min(WIDEST, max(0, (count - 1).bit_length() - FINEST))
    inside, starts = np.zeros(count), []
    keys, columns, sums = (engine.share(kind) for kind in (np.uint16, np.int32, np.float64))
    for first, last in shards(units.indptr):
        told = units.indptr, units.indices, units.flow, units.pace, label
        ends, *entries = run(leading_out)(first, last, 0, *told, low, count, inside)
        for whole, part in zip((keys, columns, sums), entries, strict=True):
            whole.add(part)
        starts.append(ends + (starts[-1][-1] if starts else 0))
    given = read_only(keys.whole()), read_only(columns.whole()), read_only(sums.whole())
    every = units.flow[0] * units.pace if len(units.flow) == 1 else 0.0
    rows, column, flow, end = [np.zeros(1, np.int64)], engine.share(np.int32), engine.share(float), 0
    for first, last in groups(np.sum([np.diff(one) for one in starts], axis=0)):
        ends, entries = gathered([one[first : last + 1] for one in starts], given)
        number, summed, amount, _ = run(summed_rows)(ends, low, *entries, every, count)
        rows.append(number[: min(count, last << low) - (first << low)])
        column.add(summed)
        flow.add(amount)
        end += len(summed)
    indptr = np.cumsum(np.concatenate(rows))
    return indptr if end >= 2**31 else indptr.astype(np.int32), column.whole(), flow.whole(), inside


def gathered(starts: list[np.ndarray], given: tuple[np.ndarray, ...]) -> tuple[np.ndarray, list[np.ndarray]]:
    """The entries of some buckets, bucket after bucket, in each part after part of the input; and where buckets end.
    `starts` are where the buckets of each part begin among what is `given`."""
    sizes = [np.diff(one) for one in starts]
    ends = np.cumsum(np.sum(sizes, axis=0))
    found = [np.empty(int(ends[-1]) if len(one) else 0, one.dtype) for one in given]
    at = np.append(0, ends[:-1])
    for start, size in zip(starts, sizes, strict=True):
        first, last = start[[0, -1]].tolist()
        place = np.repeat(at + first - start[:-1], size) + np.arange(last - first)
        for whole, one in zip(found, given, strict=True):
            if len(one):
                whole[place] = one[first:last]
        at = at + size
    return ends, found


@kernel
def leading_out(first, last, shift, indptr, indices, flow, pace, label, low, count, inside):
    """Entries of units first … last - 1 to other modules, by buckets of modules: where buckets begin and end, the rest
    of the module, the other one, and what flows where that differs. Adds the others up in `inside`; or, where that is
    of length 0, tells of them too, with less than 0 for the other module: so many at once where all flow is alike.
    Rows begin with that of unit `shift`."""
    uniform, every, told = flow.shape[0] == 1, flow[0] * pace if flow.shape[0] else 0.0, inside.shape[0] == 0
    starts = np.zeros(((count - 1) >> low) + 2, np.int64)
    for i in range(first, last):
        within = out = 0
        for k in range(indptr[i - shift], indptr[i - shift + 1]):
            out += int(label[indices[k]] != label[i])
        if told:
            within = indptr[i - shift + 1] - indptr[i - shift] - out
            if uniform:
                within = min(within, 1)
        starts[(label[i] >> low) + 1] += out + within
    for bucket in range(1, starts.shape[0]):
        starts[bucket] += starts[bucket - 1]
    size, at = starts[-1], starts.copy()
    keys, columns, sums = np.empty(size, np.uint16), np.empty(size, np.int32), np.empty(0 if uniform else size)
    for i in range(first, last):
        a, alike = label[i], 0
        for k in range(indptr[i - shift], indptr[i - shift + 1]):
            b = np.int64(label[indices[k]])
            if b == a and not told:
                inside[a] += every if uniform else flow[k] * pace
                continue
            if b == a:
                alike, b = alike + 1, np.int64(-1)
                if uniform:
                    continue
            z = at[a >> low]
            at[a >> low] = z + 1
            keys[z], columns[z] = a & ((1 << low) - 1), b
            if not uniform:
                sums[z] = flow[k] * pace
        if told and uniform and alike > 0:
            z = at[a >> low]
            at[a >> low] = z + 1
            keys[z], columns[z] = a & ((1 << low) - 1), -alike
    return starts, keys, columns, sums


@kernel
def summed_rows(ends, low, keys, columns, sums, every, count):
    """Rows of the modules in some buckets: how many entries each has, those, flow to the same module summed, and what
    flows inside each as far as it is told."""
    uniform, size, first = sums.shape[0] == 0, keys.shape[0], 0
    start, order = np.zeros((ends.shape[0] << low) + 2, np.int64), np.empty(size, np.int64)
    for bucket in range(ends.shape[0]):
        for k in range(first, ends[bucket]):
            start[(bucket << low) + keys[k] + 2] += 1
        first = ends[bucket]
    for row in range(2, start.shape[0]):
        start[row] += start[row - 1]
    first = 0
    for bucket in range(ends.shape[0]):
        for k in range(first, ends[bucket]):
            row = (bucket << low) + keys[k] + 1
            order[start[row]] = k
            start[row] += 1
        first = ends[bucket]
    where, end = np.full(count, -1, np.int64), 0
    number, column, amount = np.zeros(start.shape[0] - 2, np.int64), np.empty(size, np.int32), np.empty(size)
    inside = np.zeros(number.shape[0])
    for row in range(number.shape[0]):
        begin = end
        for t in range(start[row], start[row + 1]):
            k = order[t]
            b, s = columns[k], every if uniform else sums[k]
            if b < 0:
                for _ in range(-b):
                    inside[row] += s
            elif where[b] >= begin:
                amount[where[b]] += s
            else:
                where[b], column[end], amount[end] = end, b, s
                end += 1
        number[row] = end - begin
    return number, column[:end].copy(), amount[:end].copy(), inside
