"""A random walker visits node i at rate p_i and moves along link ij at rate p_i T_ij, per step."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from minent.community.walk.codewords import Words
from minent.data.networks.graph import Graph

PIECE = 1 << 20  # entries looked at together


@dataclass(frozen=True, eq=False)
class Flow:
    """What a random walker does on a network; all rates are per step."""

    network: Graph
    visit: Float[np.ndarray, " nodes"]  # sums to 1 (to 0 where there is nothing to walk on)
    out: Float[np.ndarray, " nodes"]  # leaving the node over links to other nodes: no self-links, no teleportation
    into: Float[np.ndarray, " nodes"]  # entering the node over links from other nodes
    amount: Float[np.ndarray, " entries"] | float  # on each stored entry of `network`; one number where all are equal,
    pace: Float[np.ndarray, " nodes"] | float = 1.0  # times this, of the node it starts from or of all
    teleport_from: Float[np.ndarray, " nodes"] | None = None  # teleporting away from the node, where recorded
    teleport_to: Float[np.ndarray, " nodes"] | None = None  # the chance to land on the node, where recorded
    physical: Int[np.ndarray, " nodes"] | None = None  # what node each is a state of, where nodes are states
    words: Words | None = None  # what is described beside the plain walk, see `minent.community.walk.objective`

    @property
    def link(self) -> Float[np.ndarray, " entries"] | float:
        """What moves along each stored entry of `network`; one number where all are equal."""
        pace = np.repeat(self.pace, np.diff(self.network.indptr)) if isinstance(self.pace, np.ndarray) else self.pace
        return pace * self.amount

    @property
    def lone(self) -> Bool[np.ndarray, " nodes"]:
        """Which nodes have no link to or from another: there is nothing to gather them by."""
        lone, network = (self.out == 0) & (self.into == 0), self.network
        if lone.any():  # unvisited nodes may have links; entries may lie on disk
            parts = ((k, network.indices[k : k + PIECE]) for k in range(0, len(network.indices), PIECE))
            entry = np.concatenate([np.zeros(0, int), *(k + np.flatnonzero(lone[part]) for k, part in parts)])
            source, target = np.searchsorted(network.indptr, entry, "right") - 1, network.indices[entry]
            lone[target[source != target]] = False
            lone &= np.diff(network.indptr) == np.bincount(source[source == target], minlength=len(lone))
        return lone

    @property
    def reversible(self) -> bool:
        """Whether as much flows along every link as back."""
        return self.into is self.out


def along_links(network: Graph, matrix: Any, pace: np.ndarray) -> Flow:
    """The flow where pace[i] moves along each unit of weight of the links of node i, and entering it is visiting it."""
    visit, loops = matrix.T @ pace, matrix.diagonal()
    amount = 1.0 if network.weights is None else matrix.data
    out, into = pace * (matrix.sum(axis=1) - loops), np.maximum(visit - pace * loops, 0)
    return Flow(network, visit, out, into, amount, pace)
