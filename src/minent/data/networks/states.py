"""A walk with a memory, or on several layers, walks among states, of which a physical node has as many as it needs."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Int

from minent.data.networks.graph import Graph
from minent.data.networks.names import name_array, sorted_names
from minent.errors import BadInput
from minent.kernels import read_only


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

    def among(self, nodes: Iterable[Any]) -> "States":
        """The same states of these physical nodes, in this order; some of them may have no state. Their places from 1
        are the ids by which files know them, unless they are called by whole numbers.

        >>> States.of(Graph.from_links([0], [1]), ["b", "d"]).among("abcd").node_ids.tolist()
        [2, 4]
        """
        names = name_array(nodes)
        place = {name: i for i, name in enumerate(names.tolist())}
        if strange := [name for name in self.physical_nodes.tolist() if name not in place]:
            raise BadInput(f"states are those of nodes that are named; {strange[0]!r} is not")
        number = np.array([place[name] for name in self.physical_nodes.tolist()], np.int32)
        return replace(self, physical=read_only(number), physical_names=names)

    @property
    def state_names(self) -> np.ndarray:
        """The name of each state."""
        return np.arange(self.number_of_nodes) if self.names is None else self.names

    @property
    def node_ids(self) -> Int[np.ndarray, " nodes"]:
        """The number by which files know each state's physical node: its name, or else its place from 1."""
        numbers = np.zeros(0, np.int32) if self.physical is None else self.physical
        names = self.physical_names
        if names is None or (names.dtype.kind == "i" and (names >= 0).all()):
            return np.asarray(numbers if names is None else names[numbers], np.int64)
        return numbers.astype(np.int64) + 1

    @cached_property
    def layers(self) -> np.ndarray | None:
        """The layer of each state, where states are called (layer, node) as those of `multilayer` are; else None."""
        names = self.state_names.tolist()
        if not all(type(name) is tuple and len(name) == 2 for name in names) or not names:
            return None
        if [node for _, node in names] != self.physical_nodes.tolist():
            return None
        return name_array([layer for layer, _ in names])

    def __repr__(self) -> str:
        physical = np.zeros(0) if self.physical is None else self.physical
        nodes = f"{self.number_of_nodes} states of {len(np.unique(physical))} nodes"
        return "States(" + super().__repr__().split("(", 1)[1].replace(f"{self.number_of_nodes} nodes", nodes, 1)
