"""Units merge into larger ones: what is renumbered, summed and looked up when labels become units."""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Int

from minent.community.search.engine import ALONE, Engine, large, shards
from minent.community.search.exchanged import merged_apart
from minent.community.search.streaming import merged_on_disk
from minent.community.search.units import Units, frozen
from minent.kernels import kernel


def merge(units: Units, label: Int[np.ndarray, " units"], count: int, run: Callable, engine: Engine = ALONE) -> Units:
    """One unit of all that carry the same label (0..count-1)."""
    if (far := engine.far(units)) is not None:
        indptr, indices, flow, inside = merged_apart(units, label, count, engine, far)
    elif units.indices.nbytes + units.flow.nbytes > engine.room and large(len(units.indices)):
        indptr, indices, flow, inside = merged_on_disk(units, label, count, run, engine)
    else:
        indptr, indices, flow, inside = merged_in_memory(units, label, count, run, engine)
    visit, out, into, port_from, port_to = (
        np.bincount(label, rate, minlength=count) if len(rate) == len(label) else rate
        for rate in units[3:8]  # not its words
    )
    out = np.maximum(0, out - inside / 2)
    into = out if units.into is units.out else np.maximum(0, into - inside / 2)
    words = None if units.words is None else units.words.merged(label, count)
    return frozen(Units(indptr, indices, flow, visit, out, into, port_from, port_to, words=words))


def merged_in_memory(
    units: Units, label: Int[np.ndarray, " units"], count: int, run: Callable, engine: Engine = ALONE
) -> tuple[np.ndarray, ...]:
    """The rows of the merged units, and the flow inside each."""
    start, member = np.zeros(count + 2, np.int32), np.empty(units.number, np.int32)
    run(members)(label, start, member)
    rest, ranges = (*units[:3], units.pace, label, start, member), [(0, count)]
    if large(len(units.indices)):
        entries = np.bincount(label, np.diff(units.indptr), minlength=count)
        ranges = shards(np.append(0, np.cumsum(entries).astype(np.int64)))
    parts = engine.map(lambda first, last: run(merged)(first, last, *rest), ranges)
    return next(parts) if len(ranges) == 1 else joined(parts, engine)


def joined(parts: Iterator[tuple[np.ndarray, ...]], engine: Engine) -> tuple[np.ndarray, ...]:
    """Rows of merged units one after the other."""
    rows, columns, sums, inside, end = [np.zeros(1, np.int64)], engine.share(np.int32), engine.share(float), [], 0
    for row, column, flow, within in parts:
        columns.add(column)
        sums.add(flow)
        rows.append(row[1:].astype(np.int64) + end)
        inside.append(within)
        end += len(column)
    indptr = np.concatenate(rows)
    indptr = indptr if end >= 2**31 else indptr.astype(np.int32)
    return indptr, columns.whole(), sums.whole(), np.concatenate(inside)


def lifted(
    value: Int[np.ndarray, " units"], label: Int[np.ndarray, " units"], count: int
) -> Int[np.ndarray, " labels"]:
    """For each label (0..count-1), the value that all its units have."""
    lifted = np.zeros(count, np.int32)
    lifted[label] = value
    return lifted


@kernel
def renumber(label):
    """Number the modules 0, 1, 2 … in order of first appearance, in place; returns how many there are. Labels below the
    number of units only."""
    number = np.full(label.shape[0], -1, np.int32)
    count = 0
    for i in range(label.shape[0]):
        a = label[i]
        if number[a] < 0:
            number[a] = count
            count += 1
        label[i] = number[a]
    return count


@kernel
def members(label, start, member):
    """Where each label's units start, and the units in the order of their labels, by counting; `start` (labels + 2,) is
    zero at first, and its last number of no use."""
    for i in range(label.shape[0]):
        start[label[i] + 2] += 1
    for a in range(2, start.shape[0]):
        start[a] += start[a - 1]
    for i in range(label.shape[0]):
        member[start[label[i] + 1]] = i
        start[label[i] + 1] += 1


@kernel
def merged(first, last, indptr, indices, flow, pace, label, start, member):
    """Rows of the merged units first … last - 1, whose units are `members`, flow between different labels summed; and
    the flow inside each, both ways twice."""
    uniform = flow.shape[0] == 1
    every = flow[0] * pace if flow.shape[0] > 0 else 0.0
    most = 0
    for t in range(start[first], start[last]):
        most += indptr[member[t] + 1] - indptr[member[t]]
    rows = np.zeros(last - first + 1, indptr.dtype)
    columns, sums = np.empty(most, np.int32), np.empty(most)  # more than needed
    where = np.full(start.shape[0] - 2, -1, np.int64)
    inside = np.zeros(last - first)
    end = 0
    for a in range(first, last):
        begin = end
        for t in range(start[a], start[a + 1]):
            i = member[t]
            for k in range(indptr[i], indptr[i + 1]):
                b = np.uintp(label[np.uintp(indices[k])])
                s = every if uniform else flow[k] * pace
                z = where[b]
                if z >= begin:
                    sums[z] += s
                elif b == a:
                    inside[a - first] += s
                else:
                    where[b] = end
                    columns[end] = b
                    sums[end] = s
                    end += 1
        rows[a - first + 1] = end
    return rows, columns[:end].copy(), sums[:end].copy(), inside


@kernel
def inside(indptr, indices, flow, label):
    """The flow between every unit and others of its label, both ways together."""
    n = label.shape[0]
    uniform = flow.shape[0] == 1
    sums = np.zeros(n)
    for i in range(n):
        a = label[i]
        for k in range(indptr[i], indptr[i + 1]):
            if label[np.uintp(indices[k])] == a:
                sums[i] += flow[0] if uniform else flow[k]
    return sums


@kernel
def meet(one, other):
    """The parts that both partitions agree on, numbered 0, 1, …: the part of each unit, and how many there are."""
    n = one.shape[0]
    start, member = np.zeros(n + 2, np.int32), np.empty(n, np.int32)
    members(one, start, member)
    part = np.empty(n, np.int32)
    number = np.full(n, -1, np.int32)  # of the part for each label of `other`, if not below `first`
    count = 0
    for a in range(n):
        first = count
        for t in range(start[a], start[a + 1]):
            i = member[t]
            if number[other[i]] < first:
                number[other[i]] = count
                count += 1
            part[i] = number[other[i]]
    return part, count
