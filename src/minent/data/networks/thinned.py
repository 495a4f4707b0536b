"""A network without some of its links: self-links, and those that weigh too little."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from minent.data.networks.graph import Graph
from minent.errors import BadInput


class LeftOut(NamedTuple):
    """How many links were left out."""

    self_links: int
    light: int

    def __str__(self) -> str:
        words = [f"{self.self_links:,} self-links"] * (self.self_links > 0)
        words += [f"{self.light:,} links below the threshold"] * (self.light > 0)
        return f"left out: {', '.join(words)}" if words else ""


def thinned(network: Graph, no_self_links: bool = False, weight_threshold: float = 0.0) -> tuple[Graph, LeftOut]:
    """The network without self-links, and without links that weigh less than the threshold; and how many those were.

    All nodes stay. Weights are those of the network, in which repeated links are summed (the reference Infomap holds
    each line of a file against its threshold). Raises BadInput for a threshold that is negative or no number.

    >>> links = Graph.from_links([0, 0, 1], [0, 1, 2], [1.0, 0.5, 2.0])
    >>> thinned(links, no_self_links=True, weight_threshold=1.0)
    (Graph(3 nodes, 1 links, undirected, weighted), LeftOut(self_links=1, light=1))
    """
    if not 0 <= weight_threshold < np.inf:
        raise BadInput(f"weight_threshold must be at least 0 and finite; got {weight_threshold}")
    if not no_self_links and not weight_threshold:
        return network, LeftOut(0, 0)
    row = np.repeat(np.arange(network.number_of_nodes, dtype=np.int32), np.diff(network.indptr))
    itself = row == network.indices
    weights = np.ones(len(row)) if network.weights is None else network.weights
    light = weights < weight_threshold
    loops = itself & no_self_links
    light &= ~loops
    keep = ~(loops | light)
    twice = 1 if network.directed else 2  # entries of a link
    few = int(np.count_nonzero(light & itself)) + int(np.count_nonzero(light & ~itself)) // twice
    left = LeftOut(int(np.count_nonzero(loops)), few)
    if keep.all():
        return network, left
    indptr = np.append(0, np.cumsum(keep))[network.indptr].astype(network.indptr.dtype)
    heavy = None if network.weights is None else network.weights[keep]
    return replace(network, indptr=indptr, indices=network.indices[keep], weights=heavy), left
