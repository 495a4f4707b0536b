"""The network as the search sees it: units (nodes, or modules of them) with symmetric flow between them. A self-link
never crosses a border, so there are none.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from minent.community.search.both_ways import NAMED, both_ways_on_disk
from minent.community.search.engine import ALONE, Engine, shards
from minent.community.walk.codewords import Words
from minent.community.walk.flow import Flow
from minent.data.networks.folders.folder import Stored
from minent.entropy import sum_plogp
from minent.kernels import kernel, read_only, runner

NO_PORT = read_only(np.zeros(1))  # where teleportation is not recorded


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
    pace: float = 1.0  # of `flow`: so much of it is the rate
    words: Words | None = None  # what is named beside the units themselves, where units share words

    @property
    def number(self) -> int:
        return len(self.visit)


def units_of(flow: Flow, engine: Engine = ALONE) -> Units:
    """The nodes of a network as units."""
    network = flow.network
    n = len(flow.visit)
    ports = (NO_PORT if port is None else port for port in (flow.teleport_from, flow.teleport_to))
    rates = flow.visit, flow.out, flow.into, *ports
    amount = read_only(np.atleast_1d(np.asarray(flow.amount, float)))
    links, pace = (read_only(network.indptr), read_only(network.indices), amount), flow.pace
    even = np.ndim(flow.amount) == 0 or flow.amount is network.weights or np.array_equal(flow.out, flow.visit)
    if flow.reversible and np.ndim(pace) == 0 and even:  # each entry has its mirror image
        if (network.self_links >= 0).any():
            links = without_self_links(*links, engine)
        return frozen(Units(*links, *rates, pace=2 * float(pace), words=flow.words))
    if isinstance(network, Stored):
        return frozen(Units(*both_ways_on_disk(network, pace, engine), *rates, pace=1.0, words=flow.words))
    indptr = np.zeros(n + 1, network.indptr.dtype if 2 * len(network.indices) < 2**31 else np.int64)
    degree = np.diff(network.indptr) - 2 * (network.self_links >= 0)
    degree += np.bincount(network.indices, minlength=n).astype(degree.dtype)
    np.cumsum(degree, out=indptr[1:])
    most, widest, kind = int(indptr[-1]), int(degree.max(initial=0)), indptr.dtype
    columns, sums = np.empty(most, np.int32), np.empty(most)
    each, places = read_only(np.atleast_1d(np.asarray(pace, float))), (indptr[:-1].copy(), np.empty(n, kind))
    told = (*places, np.empty(n, kind), np.empty(widest, np.int32), np.empty(widest))
    end = runner(len(network.indices) // 8)(both_ways)(*links, each, indptr, columns, sums, *told)
    if end < 0.8 * most:
        columns, sums = columns[:end].copy(), sums[:end].copy()
    return frozen(Units(indptr, columns[:end], sums[:end], *rates, pace=1.0, words=flow.words))


def without_self_links(
    indptr: np.ndarray, indices: np.ndarray, amount: np.ndarray, engine: Engine
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same rows without links of nodes to themselves."""
    run, rows = runner(len(indices) // 16), [np.zeros(1, np.int64)]
    columns, amounts = engine.share(np.int32, NAMED[0]), engine.share(float, NAMED[1])
    for first, last in shards(indptr):
        number, column, flow = run(other_entries)(first, last, indptr, indices, amount)
        rows.append(number)
        columns.add(column)
        amounts.add(flow)
    begin = np.cumsum(np.concatenate(rows)).astype(indptr.dtype)
    return begin, columns.whole(), amounts.whole() if len(amount) > 1 else amount


@kernel
def other_entries(first, last, indptr, indices, amount):
    """The entries of rows first … last - 1 but self-links: how many each has, and they."""
    size = indptr[last] - indptr[first]
    number, column = np.zeros(last - first, np.int64), np.empty(size, np.int32)
    flow, end = np.empty(size if amount.shape[0] > 1 else 0), 0
    for i in range(first, last):
        for k in range(indptr[i], indptr[i + 1]):
            if indices[k] != i:
                column[end] = indices[k]
                if amount.shape[0] > 1:
                    flow[end] = amount[k]
                end += 1
                number[i - first] += 1
    return number, column[:end].copy(), flow[: end if amount.shape[0] > 1 else 0].copy()


@kernel
def both_ways(indptr, indices, amount, pace, begin, columns, sums, place, own, after, column, summed):
    """Sorted rows of what flows between two nodes in both directions together, in place of their room; how many entries
    there are. Each node is told of those with smaller numbers that lead to it before its own row is, which is sorted,
    and of larger ones after it: so both parts are sorted, and one pass merges them."""
    n, uniform, even = begin.shape[0] - 1, amount.shape[0] == 1, pace.shape[0] == 1
    for i in range(n):
        own[i] = place[i]
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            if j != i:
                flow = (amount[0] if uniform else amount[k]) * (pace[0] if even else pace[i])
                columns[place[i]], sums[place[i]] = j, flow
                columns[place[j]], sums[place[j]] = i, flow
                place[i] += 1
                place[j] += 1
        after[i] = place[i]
    end, first = begin[0], begin[0]
    for i in range(n):
        last = begin[i + 1]
        other, mine, count = first, own[i], 0
        if other == mine:
            other = after[i]
        while other < last or mine < after[i]:
            if mine >= after[i] or (other < last and columns[other] <= columns[mine]):
                at = other
                other = after[i] if other + 1 == own[i] else other + 1
            else:
                at = mine
                mine += 1
            if count > 0 and column[count - 1] == columns[at]:
                summed[count - 1] += sums[at]
            else:
                column[count], summed[count] = columns[at], sums[at]
                count += 1
        for t in range(count):
            columns[end + t], sums[end + t] = column[t], summed[t]
        end += count
        first = last
        begin[i + 1] = end
    return end


def frozen(units: Units) -> Units:
    """All read-only, as the arrays of a network are: kernels see one type."""
    views = {id(array): read_only(array) for array in units[:8]}
    return Units(*(views[id(array)] for array in units[:8]), pace=units.pace, words=units.words)


def crossings(units: Units) -> tuple[Float[np.ndarray, " units"], Float[np.ndarray, " units"]]:
    """Exit and enter rate of every unit, recorded teleportation included."""
    if len(units.port_from) == 1:
        return units.out, units.into
    away = units.port_from
    return units.out + away * (1 - units.port_to), units.into + (away.sum() - away) * units.port_to


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
