"""A walk with a memory, or on several layers, walks among states, of which a physical node has as many as it needs."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from jaxtyping import Int

from minent.data.networks.graph import Graph
from minent.data.networks.naming.labels import Labels
from minent.data.networks.naming.names import name_array, sorted_names
from minent.data.networks.naming.placed import of_each, placed
from minent.data.networks.naming.places import places
from minent.errors import BadInput
from minent.kernels import read_only


@dataclass(frozen=True, eq=False, repr=False)
class States(Graph):
    """A network of states: its nodes are states, `physical` (nodes,) is the physical node of each, by number, and
    `physical_names` what those are called (None: by their numbers); `layers` (nodes,) the layer of each, in a network
    of layers, whose states are called (layer, node)."""

    physical: Int[np.ndarray, " nodes"] | None = None
    physical_names: np.ndarray | None = None
    layers: np.ndarray | None = None

    @classmethod
    def of(cls, network: Any, physical: Any, layers: Iterable[Any] | None = None) -> "States":
        """The states in `network`, anything that `as_graph` takes, which are states of the nodes called `physical`: one
        for each state in the order of `as_graph(network).nodes`, or a mapping or series by the names of states.
        `layers` are the layers of states that are called (layer, node), in the same order.

        Raises BadInput where they do not match.

        >>> States.of([("a1", "b1"), ("b1", "a2")], {"a1": "a", "b1": "b", "a2": "a"}).physical.tolist()
        [0, 0, 1]
        """
        from minent.data.networks.objects import ordinary  # which reads states

        network = ordinary(network, "states are nodes")
        called = name_array(of_each(network.nodes, physical, "physical node"))
        if None in (nodes := called.tolist()):
            raise BadInput(f"every state is one of a node; {network.nodes[nodes.index(None)]!r} is of none")
        layers = None if layers is None else name_array(layers)
        if layers is not None and network.nodes != list(zip(layers.tolist(), nodes, strict=False)):
            raise BadInput("states of layers are called (layer, node), and each has a layer")
        names, number, _ = sorted_names(called, called)
        rest = network.directed, network.names, network.node_weights
        made = number.astype(np.int32), names, layers
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

    def __repr__(self) -> str:
        physical = np.zeros(0) if self.physical is None else self.physical
        nodes = f"{self.number_of_nodes} states of {len(np.unique(physical))} nodes"
        return "States(" + super().__repr__().split("(", 1)[1].replace(f"{self.number_of_nodes} nodes", nodes, 1)


def located(
    network: Graph, labels: Labels, of: str = "module", partial: bool = False, physical: bool = False
) -> Int[np.ndarray, " nodes"]:
    """Where the label of each of a network's nodes stands, as in `placed`. Of states, labels may be those of their
    `physical` nodes (which they are where that is said): of all states or all nodes by name, or else of some.

    >>> states = States.of(Graph.from_links([0, 1], [1, 2]), ["a", "b", "a"])
    >>> from minent.data.networks.naming.labels import labels_of
    >>> located(states, labels_of({"b": 1, "a": 0})).tolist()
    [1, 0, 1]
    """
    if not isinstance(network, States) or labels.names is None:
        return placed(network.nodes, labels, of, partial)
    nodes = network.physical_nodes.tolist()
    if all(type(name) is int for name in labels.names) and not all(type(name) is int for name in nodes):
        nodes = network.node_ids.tolist()
    by_node = dict(zip(nodes, np.asarray(network.physical).tolist(), strict=True))
    once = sorted(by_node, key=lambda name: by_node[name])

    def of_nodes(partial: bool, order: np.ndarray | None = None) -> np.ndarray | None:
        if order is None and (order := places(once, labels.names or [], partial, numbers=False)) is None:
            return None
        at = dict(zip(once, order.tolist(), strict=True))
        return np.array([at[name] for name in nodes], np.int64)

    states = None if physical else places(network.nodes, labels.names)
    if states is None:
        states = of_nodes(partial=False)
    if states is None and partial:
        of_some = None if physical else places(network.nodes, labels.names, True, numbers=False)
        if of_some is not None and of_nodes(True) is not None:
            raise BadInput(
                f"{labels.names[0]!r} is both a state and a node; {of}s of all states or all nodes tell which"
            )
        states = of_nodes(True) if of_some is None else of_some
    if states is not None:
        return states
    some = len(set(labels.names) & set(nodes)) > len(set(labels.names) & set(network.nodes))
    if physical or some:
        return cast(np.ndarray, of_nodes(partial, placed(once, labels, of, partial)))
    return placed(network.nodes, labels, of, partial)
