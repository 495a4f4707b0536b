"""A bipartite network joins nodes of two kinds, such as authors and papers: primary nodes, and features they share."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool

from minent.data.networks.graph import Graph
from minent.errors import BadInput


@dataclass(frozen=True, eq=False, repr=False)
class Bipartite(Graph):
    """A network whose `features` (nodes,) are True where a node is a feature."""

    features: Bool[np.ndarray, " nodes"] | None = None

    @classmethod
    def of(cls, network: Graph, features: Iterable[Any]) -> "Bipartite":
        """The network with `features` saying of each node whether it is one.

        Raises BadInput where a link joins two of a kind.

        >>> Bipartite.of(Graph.from_links([0, 1], [2, 2]), [False, False, True])
        Graph(3 nodes, 2 links, undirected)
        """
        marks = np.array(list(features), bool)
        if len(marks) != network.number_of_nodes:
            came = f"{len(marks)} marks of {network.number_of_nodes} nodes"
            raise BadInput(f"a bipartite network has a mark for each node; got {came}")
        source, target, _ = network.links()
        if (alike := np.flatnonzero(marks[source] == marks[target])).size:
            names = np.arange(len(marks)) if network.names is None else network.names
            pair = f"{names[source[alike[0]]]} and {names[target[alike[0]]]}"
            raise BadInput(f"links join a primary node and a feature; {pair} are of one kind")
        rest = network.weights, network.directed, network.names, network.node_weights
        return cls(network.indptr, network.indices, *rest, marks, plan=network.plan)
