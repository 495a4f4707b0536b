"""The network as the search sees it: units (nodes, or modules of them) with symmetric flow between them, and how units
merge into larger ones. A self-link never crosses a border, so there are none.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from minent.community.search.sweep import NO_PORT
from minent.community.walk.codewords import Words
from minent.community.walk.flow import Flow
from minent.kernels import kernel, read_only


class Units(NamedTuple):
    """Rates of every unit, and the flow between two units in both directions together, as compressed sparse rows."""

    indptr: Int[np.ndarray, " _"]
    indices: Int[np.ndarray, " _"]
    flow: Float[np.ndarray, " _"]  # or of length 1: the same on every entry
    visit: Float[np.ndarray, " _"]
    out: Float[np.ndarray, " _"]
    into: Float[np.ndarray, " _"]
    port_from: Float[np.ndarray, " _"]  # recorded teleportation away from, and
    port_to: Float[np.ndarray, " _"]  # to the unit; of length 1 where none is recorded
    words: Words | None = None  # what is named beside the units themselves, where units share words

    @property
    def number(self) -> int:
        return len(self.visit)


def units_of(flow: Flow) -> Units:
    """The nodes of a network as units."""
    network = flow.network
    n = len(flow.visit)
    rates = (
        flow.visit,
        flow.out,
        flow.into,
        NO_PORT if flow.teleport_from is None else flow.teleport_from,
        NO_PORT if flow.teleport_to is None else flow.teleport_to,
    )
    if flow.reversible and np.array_equal(flow.out, flow.visit):
        units = frozen(network.indptr, network.indices, 2 * np.atleast_1d(np.asarray(flow.link, float)), *rates)
        return units._replace(words=flow.words)
    from scipy import sparse

    link = np.broadcast_to(flow.link, network.indices.shape)
    one_way = sparse.csr_array((link, network.indices, network.indptr), shape=(n, n))
    both = (one_way + one_way.T).tocsr()
    if both.diagonal().any():
        both.setdiag(0)
        both.eliminate_zeros()
    return frozen(both.indptr, both.indices, both.data, *rates)._replace(words=flow.words)


def merge(units: Units, label: Int[np.ndarray, " units"], count: int, run: Callable) -> Units:
    """One unit of all that carry the same label (0..count-1)."""
    indptr, indices, flow, inside = run(merged)(units.indptr, units.indices, units.flow, label, count)
    visit, out, into, port_from, port_to = (
        np.bincount(label, rate, minlength=count) if len(rate) == len(label) else rate
        for rate in units[3:8]  # not its words
    )
    out = np.maximum(0, out - inside / 2)
    into = out if units.into is units.out else np.maximum(0, into - inside / 2)
    words = None if units.words is None else units.words.merged(label, count)
    return frozen(indptr, indices, flow, visit, out, into, port_from, port_to)._replace(words=words)


def frozen(*arrays: np.ndarray) -> Units:
    """All read-only, as the arrays of a network are: kernels see one type."""
    views = {id(array): read_only(array) for array in arrays}
    indptr, indices, flow, visit, out, into, port_from, port_to = (views[id(array)] for array in arrays)
    return Units(indptr, indices, flow, visit, out, into, port_from, port_to)


def crossings(units: Units) -> tuple[Float[np.ndarray, " units"], Float[np.ndarray, " units"]]:
    """Exit and enter rate of every unit, recorded teleportation included."""
    if len(units.port_from) == 1:
        return units.out, units.into
    away = units.port_from
    return units.out + away * (1 - units.port_to), units.into + (away.sum() - away) * units.port_to


def sum_plogp(rates: Float[np.ndarray, " _"]) -> float:
    """Σ x log₂ x."""
    rates = rates[rates > 0]
    return float((rates * np.log2(rates)).sum())


def codebooks(modules: Units) -> float:
    """What the codebooks of modules and the index cost; less the entropy of nodes it is the two-level codelength."""
    exit, enter = crossings(modules)
    index = sum_plogp(enter.sum(keepdims=True)) - sum_plogp(enter)
    return index + sum_plogp(exit + modules.visit) - sum_plogp(exit) + beside(modules)


def beside(modules: Units) -> float:
    """What modules cost beside the codebooks of the plain map equation."""
    if modules.words is None:
        return 0.0
    words, number = modules.words, modules.number
    wrong = abs(number - words.preferred) if words.preferred >= 0 else 0
    return float(words.costs().sum()) + words.price * number + wrong


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
def members(label, count):
    """Where each label's units start, and the units in the order of their labels, by counting."""
    n = label.shape[0]
    start = np.zeros(count + 1, np.int32)
    for i in range(n):
        start[label[i] + 1] += 1
    for a in range(count):
        start[a + 1] += start[a]
    place = start[:-1].copy()
    member = np.empty(n, np.int32)
    for i in range(n):
        member[place[label[i]]] = i
        place[label[i]] += 1
    return start, member


@kernel
def merged(indptr, indices, flow, label, count):
    """Rows of the merged units, flow between different labels summed; and the flow inside each, both ways twice."""
    start, member = members(label, count)
    uniform = flow.shape[0] == 1
    every = flow[0] if flow.shape[0] > 0 else 0.0
    rows = np.zeros(count + 1, indptr.dtype)
    columns = np.empty(indices.shape[0], np.int32)  # more than needed: pages never touched cost nothing
    sums = np.empty(indices.shape[0])
    where = np.full(count, -1, np.int64)
    inside = np.zeros(count)
    end = 0
    for a in range(count):
        begin = end
        for t in range(start[a], start[a + 1]):
            i = member[t]
            for k in range(indptr[i], indptr[i + 1]):
                b = np.uintp(label[np.uintp(indices[k])])
                s = every if uniform else flow[k]
                z = where[b]
                if z >= begin:
                    sums[z] += s
                elif b == a:
                    inside[a] += s
                else:
                    where[b] = end
                    columns[end] = b
                    sums[end] = s
                    end += 1
        rows[a + 1] = end
    return rows, columns[:end], sums[:end], inside


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
    start, member = members(one, n)
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
