"""Where a walk on layers goes from a state, a node in a layer: along its layer's links, or the node's in another layer.

With w_ij^β the weight of link ij in layer β and s_i^β = Σ_j w_ij^β, from i in α to j in β, in proportion,

strength         (1 − r) δ_αβ w_ij^β / s_i^β + r w_ij^β / Σ_γ s_i^γ                  (De Domenico et al. 2015)
jensen-shannon   δ_αβ w_ij^β + (1 − δ_αβ) r / (1 − r) · s_i^α D_αβ w_ij^β / Σ_γ D_αγ  (after Aslak et al. 2018)

where D_αβ = 1 − (H(P) − Σ_γ π_γ H(P_γ)), γ over α and β, tells how alike the node's links are: P_γ is where they lead
in layer γ, π_γ = s_i^γ / (s_i^α + s_i^β), P = Σ_γ π_γ P_γ, H in bits; D_αβ = 0 where they lead nowhere in common.
All together are scaled to weigh 1 from each state with links on average, as those by strength do: the walk is the same,
and what counts uses by weights (entropy correction) does not depend on their scale. Links between layers take the place
of relaxing where they are given: one of weight w from i in α to layer β goes on to the j of that layer as
w · w_ij^β / s_i^β.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from minent.entropy import plogp
from minent.kernels import kernel, read_only, runner


class Relaxation(NamedTuple):
    """How a walk relaxes; see `multilayer`."""

    rate: float = 0.15
    limit: int | None = None
    by: str = "strength"
    limit_up: int | None = None
    limit_down: int | None = None

    def keywords(self) -> dict[str, Any]:
        return {f"relax_{name}": value for name, value in self._asdict().items()}


class LayerStates(NamedTuple):
    """States in the order of their layers, and in these of their nodes: the links inside layers, layers and nodes."""

    links: Any  # scipy sparse matrix (states, states)
    layer: Int[np.ndarray, " states"]
    node: Int[np.ndarray, " states"]

    @property
    def strength(self) -> Float[np.ndarray, " states"]:
        return np.asarray(self.links.sum(axis=1)).ravel()

    def near(self, up: int | None, down: int | None) -> Any:
        """Ones at pairs of states of one node, the layer of the second no more than `up` above and `down` below that of
        the first: in each row a run of the states sorted by node and layer."""
        from scipy.sparse import csr_array

        n, order = len(self.layer), np.lexsort((self.layer, self.node))
        layers, layer = np.unique(self.layer[order], return_inverse=True)
        row_of_node = self.node[order] * (len(layers) + 1)
        lowest = 0 if down is None else np.searchsorted(layers, layers - down)[layer]
        highest = len(layers) if up is None else np.searchsorted(layers, layers + up, "right")[layer]
        first, last = (np.searchsorted(row_of_node + layer, row_of_node + end) for end in (lowest, highest))
        row = np.repeat(np.arange(n), last - first)
        begin = np.cumsum(last - first) - (last - first)
        column = np.arange(len(row)) - begin[row] + first[row]
        return csr_array((np.ones(len(row)), (order[row], order[column])), shape=(n, n))


def relaxed(states: LayerStates, rate: float, up: int | None, down: int | None) -> Any:
    """Links that follow those of the state's own layer, or of any."""
    from scipy.sparse import diags_array

    near, strength = states.near(up, down), states.strength
    own, any_of = _inverse(strength), _inverse(near @ strength)
    return diags_array((1 - rate) * own) @ states.links + diags_array(rate * any_of) @ near @ states.links


def relaxed_alike(states: LayerStates, rate: float, up: int | None, down: int | None) -> Any:
    """Links that follow those of the state's own layer, or of those where its links are like them."""
    from scipy.sparse import csr_array, diags_array

    near, links, strength = states.near(up, down), states.links, states.strength
    alike = np.zeros(len(near.indices))
    rows = read_only(near.indptr), read_only(near.indices), read_only(links.indptr), read_only(links.indices)
    told = read_only(links.data), read_only(strength), read_only(states.node)
    runner(len(alike))(fill_similarities)(*rows, *told, alike)
    total = csr_array((alike, near.indices, near.indptr), shape=near.shape).sum(axis=1)
    row = np.repeat(np.arange(len(strength)), np.diff(near.indptr))
    others = csr_array((np.where(row == near.indices, 0.0, alike), near.indices, near.indptr), shape=near.shape)
    others.eliminate_zeros()
    step = links + diags_array(rate / (1 - rate) * strength * _inverse(np.asarray(total).ravel())) @ others @ links
    return step * (np.count_nonzero(strength) / (step.sum() or 1.0))


def crossed(states: LayerStates, source: np.ndarray, target: np.ndarray, weight: np.ndarray, both: bool) -> Any:
    """Links of layers as they are, and links from states to the same node's in other layers, that go on from there."""
    from scipy.sparse import coo_array, diags_array

    between = coo_array((weight, (source, target)), shape=states.links.shape).tocsr()
    between = between + between.T if both else between
    return states.links + between @ diags_array(_inverse(states.strength)) @ states.links


def _inverse(amounts: Float[np.ndarray, " _"]) -> Float[np.ndarray, " _"]:
    return np.divide(1.0, amounts, out=np.zeros(len(amounts)), where=amounts > 0)


@kernel
def fill_similarities(indptr, indices, link_indptr, link_indices, weights, strength, node, alike):
    """How alike the links of each pair of states are, 0 to 1: two rows sorted by node are merged."""
    for i in range(len(indptr) - 1):
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            a, b, a_end, b_end = link_indptr[i], link_indptr[j], link_indptr[i + 1], link_indptr[j + 1]
            shared, common = 0.0, False
            while a < a_end and b < b_end:
                one, two = node[link_indices[a]], node[link_indices[b]]
                if one == two:
                    shared += plogp(weights[a] + weights[b]) - plogp(weights[a]) - plogp(weights[b])
                    common = True
                if one <= two:
                    a += 1
                if two <= one:
                    b += 1
            if common:
                s, t = strength[i], strength[j]
                alike[k] = 1 - (plogp(s + t) - plogp(s) - plogp(t) - shared) / (s + t)
