"""Where a walk on layers goes from a state, a node in a layer: along its layer's links, or the node's in another layer.

With w_ij^β the weight of link ij in layer β and s_i^β = Σ_j w_ij^β, from i in α to j in β, in proportion,

strength         (1 − r) δ_αβ w_ij^β / s_i^β + r w_ij^β / Σ_γ s_i^γ                  (De Domenico et al. 2015)
jensen-shannon   δ_αβ w_ij^β + (1 − δ_αβ) r / (1 − r) · s_i^α D_αβ w_ij^β / Σ_γ D_αγ  (after Aslak et al. 2018)

where D_αβ = 1 − (H(P) − Σ_γ π_γ H(P_γ)), γ over α and β, tells how alike the node's links are: P_γ is where they lead
in layer γ, π_γ = s_i^γ / (s_i^α + s_i^β), P = Σ_γ π_γ P_γ, H in bits; D_αβ = 0 where they lead nowhere in common.
Links between layers take the place of relaxing where they are given: one of weight w from i in α to layer β goes on to
the j of that layer as w · w_ij^β / s_i^β.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from minent.data.networks.graph import Graph

Links = tuple[np.ndarray, np.ndarray, np.ndarray]


class Relaxation(NamedTuple):
    """How a walk relaxes; see `multilayer`."""

    rate: float = 0.15
    limit: int | None = None
    by: str = "strength"


class LinksInLayers:
    """The links inside layers, by state, a pair (layer, node)."""

    def __init__(self, inside: Graph, states: list[tuple[Any, Any]]):
        self.states, self.indptr, self.indices = states, inside.indptr, inside.indices
        self.weights = np.ones(len(inside.indices)) if inside.weights is None else inside.weights
        self.place = {state: i for i, state in enumerate(states)}
        self.of: dict[Any, list[int]] = {}
        for i, (_, node) in enumerate(states):
            self.of.setdefault(node, []).append(i)
        number = {node: i for i, node in enumerate(self.of)}
        self.node = np.array([number[node] for _, node in states])

    def row(self, state: int) -> tuple[Int[np.ndarray, " targets"], Float[np.ndarray, " targets"]]:
        here = slice(int(self.indptr[state]), int(self.indptr[state + 1]))
        return self.indices[here], self.weights[here]

    def near(self, state: int, limit: int | None) -> list[int]:
        """The states of the same node, of layers within the limit."""
        layer, node = self.states[state]
        return [j for j in self.of[node] if limit is None or abs(self.states[j][0] - layer) <= limit]

    def relaxed(self, rate: float, limit: int | None) -> Links:
        """Links that follow those of the state's own layer, or of any."""
        parts = []
        for i in range(len(self.states)):
            others = self.near(i, limit)
            total = sum(self.row(j)[1].sum() for j in others)
            own, weights = self.row(i)
            if len(own):
                parts.append((i, own, (1 - rate) * weights / weights.sum()))
            parts += [(i, self.row(j)[0], rate * self.row(j)[1] / total) for j in others if total]
        return _joined(parts)

    def relaxed_alike(self, rate: float, limit: int | None) -> Links:
        """Links that follow those of the state's own layer, or of those where its links are like them."""
        parts = [(i, *self.row(i)) for i in range(len(self.states))]
        for i in range(len(self.states)):
            alike = {j: self.similarity(i, j) for j in self.near(i, limit)}
            going = rate / (1 - rate) * self.row(i)[1].sum()
            for j, similarity in alike.items():
                if j != i and going and similarity:
                    targets, weights = self.row(j)
                    parts.append((i, targets, going * similarity / sum(alike.values()) * weights))
        return _joined(parts)

    def similarity(self, state: int, other: int) -> float:
        """How alike the links of two states are, 0 to 1."""
        (targets, weights), (others, other_weights) = self.row(state), self.row(other)
        _, a, b = np.intersect1d(self.node[targets], self.node[others], assume_unique=True, return_indices=True)
        one, two = weights.sum(), other_weights.sum()
        if not len(a) or not one or not two:
            return 0.0
        shared = _sum_plogp(weights[a] + other_weights[b]) - _sum_plogp(weights[a]) - _sum_plogp(other_weights[b])
        return 1 - (_sum_plogp(one + two) - _sum_plogp(one) - _sum_plogp(two) - shared) / (one + two)

    def crossed(self, layer: list[Any], node: list[Any], other: list[Any], weight: list[float], both: bool) -> Links:
        """Links of layers as they are, and links between layers that go on from there."""
        parts = [(i, *self.row(i)) for i in range(len(self.states))]
        for at, called, to, w in zip(layer, node, other, weight, strict=True):
            ways = [(at, to), (to, at)] if both else [(at, to)]
            for one, two in ways:
                targets, weights = self.row(self.place[two, called])
                if len(targets):
                    parts.append((self.place[one, called], targets, w * weights / weights.sum()))
        return _joined(parts)


def _joined(parts: list[tuple[int, np.ndarray, np.ndarray]]) -> Links:
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    source = np.repeat([i for i, _, _ in parts], [len(targets) for _, targets, _ in parts])
    return source, np.concatenate([part[1] for part in parts]), np.concatenate([part[2] for part in parts])


def _sum_plogp(amounts: np.ndarray | float) -> float:
    from scipy.special import xlogy

    return float(xlogy(amounts, amounts).sum()) / np.log(2)
