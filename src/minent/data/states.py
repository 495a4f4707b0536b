"""A walk with a memory, or on several layers, walks among states, of which a physical node has as many as it needs.

On layers the walker at node i of layer α follows a link of that layer, or with probability r one of i in any layer:
    P(iα → jβ) = (1 − r) δ_αβ w_ij^β / s_i^β + r w_ij^β / Σ_γ s_i^γ
Links between layers take the place of r where they are given: one of weight w from iα to layer β goes on to the j of
that layer as w · w_ij^β / s_i^β (Rosvall et al. 2014; De Domenico et al. 2015).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from minent.data.graph import Graph
from minent.data.names import name_array, sorted_names
from minent.data.rows import read_only
from minent.errors import BadInput


@dataclass(frozen=True, eq=False, repr=False)
class States(Graph):
    """A network of states: its nodes are states, `physical` (nodes,) is the physical node of each, by number, and
    `physical_names` what those are called (None: by their numbers)."""

    physical: Int[np.ndarray, " nodes"] | None = None
    physical_names: np.ndarray | None = None

    @classmethod
    def of(cls, network: Graph, physical: Iterable[Any]) -> "States":
        """The states in `network`, which are states of the physical nodes called `physical`, one for each.

        Raises BadInput where they do not match.

        >>> States.of(Graph.from_links([0, 1], [1, 2]), ["a", "b", "a"])
        States(3 states of 2 nodes, 2 links, undirected)
        """
        called = name_array(physical)
        if len(called) != network.number_of_nodes:
            raise BadInput(f"every state is one of a node; got {len(called)} for {network.number_of_nodes} states")
        names, number, _ = sorted_names(called, called)
        rest = network.directed, network.names, network.node_weights
        return cls(network.indptr, network.indices, network.weights, *rest, read_only(number.astype(np.int32)), names)

    @property
    def physical_nodes(self) -> np.ndarray:
        """The name of each state's physical node."""
        numbers = np.zeros(0, np.int32) if self.physical is None else self.physical
        return numbers if self.physical_names is None else self.physical_names[numbers]

    def __reduce__(self) -> tuple[Any, ...]:
        fields = "indptr", "indices", "weights", "directed", "names", "node_weights", "physical", "physical_names"
        return States, tuple(getattr(self, name) for name in fields)

    def __repr__(self) -> str:
        physical = np.zeros(0) if self.physical is None else self.physical
        nodes = f"{self.number_of_nodes} states of {len(np.unique(physical))} nodes"
        return "States(" + super().__repr__().split("(", 1)[1].replace(f"{self.number_of_nodes} nodes", nodes, 1)


def multilayer(
    layer: Iterable[Any],
    source: Iterable[Any],
    target: Iterable[Any],
    weight: Iterable[Any] | None = None,
    *,
    between: tuple[Iterable[Any], Iterable[Any], Iterable[Any], Iterable[Any]] | None = None,
    relax_rate: float = 0.15,
    relax_limit: int | None = None,
    directed: bool = False,
) -> States:
    """The states of a walk on layers: link k joins source[k] and target[k] in layer[k]; states are (layer, node).

    between      (layer, node, other layer, weight) of links between layers, in place of relaxing
    relax_rate   the probability to follow a link of the node's in any layer
    relax_limit  …whose number differs by no more than this; None: in any

    Raises BadInput.

    >>> network = multilayer([1, 1, 2, 2], ["a", "b", "a", "b"], ["b", "c", "b", "d"])
    >>> network, network.physical.tolist(), network.names.tolist()[0]
    (States(6 states of 4 nodes, 14 links, directed, weighted), [0, 1, 2, 0, 1, 3], (1, 'a'))
    """
    if not 0 <= relax_rate <= 1:
        raise BadInput(f"relax_rate is a probability, from 0 to 1; got {relax_rate}")
    layers, ends = list(layer), (list(source), list(target))
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
    if between is None:
        links = rows.relaxed(relax_rate, relax_limit)
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

    def row(self, state: int) -> tuple[Int[np.ndarray, " targets"], Float[np.ndarray, " targets"]]:
        here = slice(int(self.indptr[state]), int(self.indptr[state + 1]))
        return self.indices[here], self.weights[here]

    def relaxed(self, rate: float, limit: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Links that follow those of the state's own layer, or of any."""
        parts = []
        for i, (layer, node) in enumerate(self.states):
            others = [j for j in self.of[node] if limit is None or abs(self.states[j][0] - layer) <= limit]
            total = sum(self.row(j)[1].sum() for j in others)
            own, weights = self.row(i)
            if len(own):
                parts.append((i, own, (1 - rate) * weights / weights.sum()))
            parts += [(i, self.row(j)[0], rate * self.row(j)[1] / total) for j in others if total]
        return _joined(parts)

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
