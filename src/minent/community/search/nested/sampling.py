"""Whether leaf modules hold modules is told by some of them, drawn at random: each is searched as a network of its own
with its exits kept, which saves there just what it would save in the whole tree.
"""

import numpy as np

from minent.community.search.merging import merge
from minent.community.search.nested.fusing import fused
from minent.community.search.nested.nest import Nest
from minent.community.search.nested.regrowing import regrown
from minent.community.search.search import Labels, Search
from minent.community.search.units import NO_PORT, Units, frozen
from minent.kernels import read_only

SHARE, LARGE = 0.1, 0.2  # of all entries: in the sample at least, and in a module that is left out of it


def saved_inside(nest: Nest, search: Search) -> float:
    """Bits that modules inside the leaf modules would save about."""
    entries = np.bincount(nest.label, np.diff(nest.nodes.indptr), minlength=nest.leaves.number)
    order = search.random.permutation(np.flatnonzero(entries <= LARGE * entries.sum()))
    drawn = order[: np.searchsorted(np.cumsum(entries[order]), SHARE * entries.sum()) + 1]
    if not (held := entries[drawn].sum()):
        return 0.0
    part, label = within(nest, drawn)
    whole = Nest.flat(part, label, merge(part, label, int(label.max()) + 1, search.run), search.run)
    return (whole.cost() - fused(whole, regrown(whole, label, search)).cost()) * float(entries[order].sum() / held)


def within(nest: Nest, drawn: Labels) -> tuple[Units, Labels]:
    """The nodes of these leaf modules, and which of these each is in."""
    units, place = nest.nodes, np.full(nest.leaves.number, -1, np.int32)
    place[drawn] = np.arange(len(drawn))
    node = np.flatnonzero(place[nest.label] >= 0)
    label, number = place[nest.label[node]], np.full(units.number, -1, np.int32)
    number[node] = np.arange(len(node))
    entry, indptr = rows(units.indptr, node)
    target = number[units.indices[entry]]
    kept = target >= 0
    indptr = np.append(0, np.cumsum(kept))[indptr].astype(np.int32)
    flow = units.flow if len(units.flow) == 1 else units.flow[entry][kept]
    visit, out, into, words = units.visit[node], units.out[node], units.into[node], units.words
    if words is not None:
        entry, start = rows(words.indptr, node)
        key, amount = read_only(words.key[entry]), read_only(words.amount[entry])
        words = words._replace(indptr=read_only(start), key=key, amount=amount, preferred=-1)
    ports = NO_PORT, NO_PORT
    if len(units.port_from) > 1:  # what all others teleport is that of one more unit, which stays alone
        ports = np.append(units.port_from[node], 0), np.append(units.port_to[node], 0)
        ports[0][-1] = units.port_from.sum() - ports[0].sum()
        visit, out, into = np.append(visit, 0), np.append(out, 0), np.append(into, 0)
        indptr, label = np.append(indptr, indptr[-1:]), np.append(label, len(drawn)).astype(np.int32)
        words = None if words is None else words._replace(indptr=read_only(np.append(words.indptr, words.indptr[-1:])))
    return frozen(
        Units(
            indptr, target[kept], flow, visit, out, out if units.into is units.out else into, *ports, units.pace, words
        )
    ), label


def rows(indptr: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which entries these rows have, and where each row begins among them."""
    count = indptr[row + 1] - indptr[row]
    start = np.append(0, np.cumsum(count)).astype(np.int32)
    return np.repeat(indptr[row] - start[:-1], count) + np.arange(start[-1]), start
