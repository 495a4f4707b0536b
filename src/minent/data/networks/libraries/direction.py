"""A network made as directed as told, whatever else it knows."""

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from minent.data.networks.graph import Graph
from minent.data.networks.plan import without_weight

Network = TypeVar("Network", bound=Graph)
Noted = tuple[Graph, list[str]]  # a network, and what a user had better know of how it was made


def as_told(network: Network, directed: bool | None) -> Network:
    """The network, directed or not; None: as it is. Directions are summed, or every link goes both ways.

    >>> as_told(Graph.from_links([0, 1], [1, 0], directed=True), False).links()[2].tolist()
    [2.0]
    """
    if directed is None or directed == network.directed:
        return network
    if directed:  # every row already holds the links of its node
        return replace(network, directed=True)
    plain = Graph.from_links(*network.links(), names=range(network.number_of_nodes))
    return replace(network, indptr=plain.indptr, indices=plain.indices, weights=plain.weights, directed=False)


def graph_of_numbers(
    source: Any, target: Any, weight: Any, names: Any, links_directed: bool, directed: bool | None
) -> Noted:
    """The network of links between nodes by number, made as directed as told, and what was summed or left out."""
    network = Graph.from_links(source, target, weight, directed=links_directed, names=names)
    zeros = 0 if weight is None else int(np.count_nonzero(np.asarray(weight) == 0))
    parallel = len(source) - zeros - network.number_of_links
    notes = [f"parallel links are summed: {len(source) - zeros} make {network.number_of_links}"] * (parallel > 0)
    notes += without_weight(weight)
    if links_directed and directed is False:
        network = Graph.from_links(source, target, weight, names=names)
    return as_told(network, directed), notes
