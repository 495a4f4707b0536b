"""The network as the search sees it: units (nodes, or modules of them) with symmetric flow between them. A self-link
never crosses a border, so there are none.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from minent.community.walk.codewords import Words
from minent.community.walk.flow import Flow
from minent.entropy import sum_plogp
from minent.kernels import read_only

NO_PORT = np.zeros(1)  # where teleportation is not recorded


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
    ports = (NO_PORT if port is None else port for port in (flow.teleport_from, flow.teleport_to))
    rates = flow.visit, flow.out, flow.into, *ports
    if flow.reversible and np.array_equal(flow.out, flow.visit):
        both_ways = 2 * np.atleast_1d(np.asarray(flow.link, float))
        return frozen(Units(network.indptr, network.indices, both_ways, *rates, words=flow.words))
    from scipy import sparse

    link = np.broadcast_to(flow.link, network.indices.shape)
    one_way = sparse.csr_array((link, network.indices, network.indptr), shape=(n, n))
    both = (one_way + one_way.T).tocsr()
    if both.diagonal().any():
        both.setdiag(0)
        both.eliminate_zeros()
    return frozen(Units(both.indptr, both.indices, both.data, *rates, words=flow.words))


def frozen(units: Units) -> Units:
    """All read-only, as the arrays of a network are: kernels see one type."""
    views = {id(array): read_only(array) for array in units[:8]}
    return Units(*(views[id(array)] for array in units[:8]), words=units.words)


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
