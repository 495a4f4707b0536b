"""A bipartite network joins nodes of two kinds, such as authors and papers: primary nodes, and features they share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool

from minent.data.networks.graph import Graph
from minent.data.networks.naming.placed import of_each
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
        from minent.data.networks.objects import ordinary  # which reads bipartite networks

        network = ordinary(network, "features are nodes")
        said = of_each(network.nodes, features, "mark")
        if strange := [mark for mark in said if not isinstance(mark, int) or mark not in (0, 1)]:
            raise BadInput(f"a node is marked True, a feature, or False; got {strange[0]!r}")
        marks = np.array(said, bool)
        source, target, _ = network.links()
        if (alike := np.flatnonzero(marks[source] == marks[target])).size:
            pair = f"{network.nodes[source[alike[0]]]} and {network.nodes[target[alike[0]]]}"
            raise BadInput(f"links join a primary node and a feature; {pair} are of one kind")
        rest = network.weights, network.directed, network.names, network.node_weights
        return cls(network.indptr, network.indices, *rest, marks, plan=network.plan)


def two_kinds(
    source: Sequence[Any],
    target: Sequence[Any],
    weight: Iterable[Any] | None,
    nodes: tuple[Sequence[Any], Sequence[Any]] | None = None,
    directed: bool = False,
    called: tuple[str, str] = ("left", "right"),
) -> Bipartite:
    """The network of links from nodes to features, whatever both are called: where a name is of both kinds, all of them
    are told apart by what the kinds are `called`, as "left 1" and "right 1". `nodes` may name such as have no links,
    primary ones and features.

    >>> network = two_kinds([1, 2], [1, 1], None)
    >>> network.names.tolist(), network.features.tolist()
    (['left 1', 'left 2', 'right 1'], [False, False, True])
    """
    kinds = [sorted({*ends, *more}) for ends, more in zip((source, target), nodes or ((), ()), strict=True)]
    ends = [list(source), list(target)]
    if set(kinds[0]) & set(kinds[1]):
        for i, side in enumerate(called):
            kinds[i], ends[i] = ([f"{side} {name}" for name in names] for names in (kinds[i], ends[i]))
    names = kinds[0] + kinds[1]
    place = {name: i for i, name in enumerate(names)}
    primary, feature = (np.array([place[name] for name in end], np.int64) for end in ends)
    network = Graph.from_links(primary, feature, weight, directed=directed, names=names)
    return Bipartite.of(network, np.arange(len(names)) >= len(kinds[0]))
