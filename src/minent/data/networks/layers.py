"""A walk on layers, whose states are nodes in layers: it keeps to its layer, or relaxes to the node's links in another.

With w_ij^β the weight of link ij in layer β and s_i^β = Σ_j w_ij^β, from i in α to j in β, in proportion,

strength         (1 − r) δ_αβ w_ij^β / s_i^β + r w_ij^β / Σ_γ s_i^γ                  (De Domenico et al. 2015)
jensen-shannon   δ_αβ w_ij^β + (1 − δ_αβ) r / (1 − r) · s_i^α D_αβ w_ij^β / Σ_γ D_αγ  (after Aslak et al. 2018)

where D_αβ = 1 − (H(P) − Σ_γ π_γ H(P_γ)), γ over α and β, tells how alike the node's links are: P_γ is where they lead
in layer γ, π_γ = s_i^γ / (s_i^α + s_i^β), P = Σ_γ π_γ P_γ, H in bits; D_αβ = 0 where they lead nowhere in common.
Links between layers take the place of relaxing where they are given: one of weight w from i in α to layer β goes on to
the j of that layer as w · w_ij^β / s_i^β.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from minent.data.networks.graph import Graph
from minent.data.networks.states import States
from minent.errors import BadInput


def multilayer(
    layer: Iterable[Any],
    source: Iterable[Any],
    target: Iterable[Any],
    weight: Iterable[Any] | None = None,
    *,
    between: tuple[Iterable[Any], Iterable[Any], Iterable[Any], Iterable[Any]] | None = None,
    relax_rate: float = 0.15,
    relax_limit: int | None = None,
    relax_by: str = "strength",
    directed: bool = False,
) -> States:
    """The states of a walk on layers: link k joins source[k] and target[k] in layer[k]; states are (layer, node).

    between      (layer, node, other layer, weight) of links between layers, in place of relaxing
    relax_rate   the probability to follow a link of the node's in any layer
    relax_limit  …whose number differs by no more than this; None: in any
    relax_by     "strength": layers in proportion to the node's strength there; "jensen-shannon": to layers where its
                 links lead to the same nodes. Of these the weights count as they stand, as in the reference: twice
                 the weights relax twice as often, so the links of a node in a layer had better sum to about 1.

    Raises BadInput.

    >>> network = multilayer([1, 1, 2, 2], ["a", "b", "a", "b"], ["b", "c", "b", "d"])
    >>> network, network.physical.tolist(), network.names.tolist()[0]
    (States(6 states of 4 nodes, 14 links, directed, weighted), [0, 1, 2, 0, 1, 3], (1, 'a'))
    """
    if not 0 <= relax_rate <= 1:
        raise BadInput(f"relax_rate is a probability, from 0 to 1; got {relax_rate}")
    if relax_by not in ("strength", "jensen-shannon"):
        raise BadInput(f"relax_by is 'strength' or 'jensen-shannon'; got {relax_by!r}")
    if relax_by == "jensen-shannon" and relax_rate == 1:
        raise BadInput("relax_rate must be below 1 to relax by Jensen-Shannon similarity")
    layers, ends = list(layer), (list(source), list(target))
    if relax_limit is not None and (called := [name for name in layers if not isinstance(name, int | np.integer)]):
        raise BadInput(f"layers are integers where relax_limit is given; got {called[0]!r}")
    weights = np.ones(len(layers)) if weight is None else np.array(list(weight), float)
    if not len(layers) == len(ends[0]) == len(ends[1]) == len(weights):
        raise BadInput("layers, sources, targets and weights are one for each link; their numbers differ")
    place: dict[Any, int] = {}
    for at, *nodes in zip(layers, *ends, strict=True):
        for node in nodes:
            place.setdefault((at, node), len(place))
    if between is not None:
        for at, node, other in zip(*between[:3], strict=True):
            place.setdefault((at, node), len(place))
            place.setdefault((other, node), len(place))
    place = {state: i for i, state in enumerate(sorted(place))}
    a = np.array([place[at, node] for at, node in zip(layers, ends[0], strict=True)], np.int64)
    b = np.array([place[at, node] for at, node in zip(layers, ends[1], strict=True)], np.int64)
    inside = Graph.from_links(a, b, weights, directed=directed, names=range(len(place)))
    rows = Rows(inside, list(place))
    if between is None and relax_by == "strength":
        links = rows.relaxed(relax_rate, relax_limit)
    elif between is None:
        links = rows.relaxed_alike(relax_rate, relax_limit)
    else:
        links = rows.crossed(*map(list, between), both=not directed)  # type: ignore[arg-type]
    names = np.empty(len(place), object)
    names[:] = list(place)
    return States.of(Graph.from_links(*links, directed=True, names=names), [node for _, node in place])


class Rows:
    """The links inside layers, by state."""

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

    def relaxed(self, rate: float, limit: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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

    def relaxed_alike(self, rate: float, limit: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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
        shared = _plogp(weights[a] + other_weights[b]) - _plogp(weights[a]) - _plogp(other_weights[b])
        return 1 - (_plogp(one + two) - _plogp(one) - _plogp(two) - shared) / (one + two)

    def crossed(
        self, layer: list[Any], node: list[Any], other: list[Any], weight: list[float], both: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Links of layers as they are, and links between layers that go on from there."""
        parts = [(i, *self.row(i)) for i in range(len(self.states))]
        for at, called, to, w in zip(layer, node, other, weight, strict=True):
            ways = [(at, to), (to, at)] if both else [(at, to)]
            for one, two in ways:
                targets, weights = self.row(self.place[two, called])
                if len(targets):
                    parts.append((self.place[one, called], targets, w * weights / weights.sum()))
        return _joined(parts)


def _joined(parts: list[tuple[int, np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    source = np.repeat([i for i, _, _ in parts], [len(targets) for _, targets, _ in parts])
    return source, np.concatenate([part[1] for part in parts]), np.concatenate([part[2] for part in parts])


def _plogp(amounts: np.ndarray | float) -> float:
    """The sum of x log₂ x."""
    from scipy.special import xlogy

    return float(xlogy(amounts, amounts).sum()) / np.log(2)
