"""A walk with a memory, or on several layers, walks among states, of which a physical node has as many as it needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int

from minent.data.networks.graph import Graph
from minent.data.networks.names import name_array, sorted_names
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
        made = number.astype(np.int32), names
        return cls(network.indptr, network.indices, network.weights, *rest, *made, plan=network.plan)

    @property
    def physical_nodes(self) -> np.ndarray:
        """The name of each state's physical node."""
        numbers = np.zeros(0, np.int32) if self.physical is None else self.physical
        return numbers if self.physical_names is None else self.physical_names[numbers]

    def __repr__(self) -> str:
        physical = np.zeros(0) if self.physical is None else self.physical
        nodes = f"{self.number_of_nodes} states of {len(np.unique(physical))} nodes"
        return "States(" + super().__repr__().split("(", 1)[1].replace(f"{self.number_of_nodes} nodes", nodes, 1)
