"""A bipartite network joins nodes of two kinds, such as authors and papers: primary nodes, and features they share."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool

from minent.data.networks.graph import Graph
from minent.data.networks.labels import labels_of
from minent.data.networks.placed import placed
from minent.errors import BadInput


@dataclass(frozen=True, eq=False, repr=False)
class Bipartite(Graph):
    """A network whose `features` (nodes,) are True where a node is a feature."""

    features: Bool[np.ndarray, " nodes"] | None = None

    @classmethod
    def of(cls, network: Any, features: Any) -> "Bipartite":
        """The network, anything that `as_graph` takes, with `features` saying of each node whether it is one: a mark
        (True, False, 1 or 0) for each in the order of `as_graph(network).nodes`, or a mapping or series by name, as
        `networkx.get_node_attributes(graph, "bipartite")` is.

        Raises BadInput for what is no mark, and where a link joins two of a kind.

        >>> Bipartite.of([("ann", "paper"), ("bob", "paper")], {"paper": True, "ann": False, "bob": False})
        Graph(3 nodes, 2 links, undirected)
        """
        from minent.data.networks.objects import as_graph  # which reads bipartite networks

        network = as_graph(network)
        if type(network) is not Graph:
            raise BadInput(f"features are nodes of an ordinary network; got {network!r}")
        given = labels_of(features, "mark")
        if given.names is None and len(given.values) != network.number_of_nodes:
            came = f"{len(given.values)} marks of {network.number_of_nodes} nodes"
            raise BadInput(f"a bipartite network has a mark for each node; got {came}")
        said = [given.values[i] for i in placed(network.nodes, given, "mark").tolist()]
        if strange := [mark for mark in said if not isinstance(mark, int) or mark not in (0, 1)]:
            raise BadInput(f"a node is marked True, a feature, or False; got {strange[0]!r}")
        marks = np.array(said, bool)
        source, target, _ = network.links()
        if (alike := np.flatnonzero(marks[source] == marks[target])).size:
            pair = f"{network.nodes[source[alike[0]]]} and {network.nodes[target[alike[0]]]}"
            raise BadInput(f"links join a primary node and a feature; {pair} are of one kind")
        rest = network.weights, network.directed, network.names, network.node_weights
        return cls(network.indptr, network.indices, *rest, marks, plan=network.plan)
