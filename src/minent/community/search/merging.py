"""Units merge into larger ones: what is renumbered, summed and looked up when labels become units."""

from collections.abc import Callable, Iterator
from typing import Any

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
    kind = units.indptr.dtype

    def rows_of(first: int, last: int, entries: int) -> tuple[np.ndarray, ...]:
        row, inside, where = np.zeros(last - first + 1, kind), np.zeros(last - first), unset(count, np.int64)
        column, flow = np.empty(entries, np.int32), np.empty(entries)  # more than needed
        links, into = (*units[:3], units.pace, label, start, member), (where, row, column, flow, inside)
        end = run(merged)(first, last, *links, *into)
        return row, column[:end].copy(), flow[:end].copy(), inside

    if not large(len(units.indices)):
        return rows_of(0, count, len(units.indices))
    bounds = np.append(0, np.cumsum(np.bincount(label, np.diff(units.indptr), minlength=count)).astype(np.int64))
    ranges = [(first, last, int(bounds[last] - bounds[first])) for first, last in shards(bounds)]
    return joined(engine.map(rows_of, ranges), engine)


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


def unset(count: int, kind: Any) -> Int[np.ndarray, " count"]:
    """So many -1 (numpy's `full` takes several times as long for few)."""
    array = np.empty(count, kind)
    array.fill(-1)
    return array


def renumbered(run: Callable, label: Int[np.ndarray, " units"]) -> int:
    """Number the modules 0, 1, 2 … in order of first appearance, in place; returns how many there are. Labels below the
    number of units only."""
    return run(renumber)(label, unset(len(label), np.int32))


@kernel
def renumber(label, number):
    """As `renumbered`; `number` is that of each label, -1 at first."""
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
def merged(first, last, indptr, indices, flow, pace, label, start, member, where, rows, columns, sums, inside):
    """Rows of the merged units first … last - 1, whose units are `members`, flow between different labels summed; and
    the flow inside each, both ways twice. How many entries there are. `where` (-1) is room."""
    uniform = flow.shape[0] == 1
    every = flow[0] * pace if flow.shape[0] > 0 else 0.0
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
    return end


@kernel
def inside(indptr, indices, flow, label, sums):
    """Adds to `sums` the flow between every unit and others of its label, both ways together."""
    uniform = flow.shape[0] == 1
    for i in range(label.shape[0]):
        a = label[i]
        for k in range(indptr[i], indptr[i + 1]):
            if label[np.uintp(indices[k])] == a:
                sums[i] += flow[0] if uniform else flow[k]


def met(
    run: Callable, one: Int[np.ndarray, " units"], other: Int[np.ndarray, " units"]
) -> tuple[Int[np.ndarray, " units"], int]:
    """The parts that both partitions agree on, numbered 0, 1, …: the part of each unit, and how many there are."""
    n = len(one)
    start, member = np.zeros(n + 2, np.int32), np.empty(n, np.int32)
    run(members)(one, start, member)
    part, number = np.empty(n, np.int32), unset(n, np.int32)
    return part, run(meet)(start, member, other, part, number)


@kernel
def meet(start, member, other, part, number):
    """As `met`, of `members`; `number` is that of the part for each label of `other`, if not below `first`."""
    count = 0
    for a in range(other.shape[0]):
        first = count
        for t in range(start[a], start[a + 1]):
            i = member[t]
            if number[other[i]] < first:
                number[other[i]] = count
                count += 1
            part[i] = number[other[i]]
    return count
