"""What it costs to describe a walk on a network by nested modules: L = index codebook + module codebooks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from minent.community.tree.nesting import Nesting
from minent.community.walk.flow import Flow
from minent.entropy import sum_plogp


@dataclass(frozen=True)
class Module:
    """One module of a tree: its path ("1:2" is the second module of the first), the share of the walk inside it, the
    rates of entering and leaving it, how many leaves (nodes, or states of nodes) and leaf modules lie in it, its most
    visited nodes by name, and how many nodes it has."""

    path: str
    flow: float
    enter: float
    exit: float
    size: int
    modules: int
    top: tuple[Any, ...]
    nodes: int


@dataclass(frozen=True, eq=False, repr=False)
class Description(Nesting):
    """Nested modules with the rates of the walk and the codelengths in bits per step; NaN is what is not known.

    Where the leaves are states of nodes, `states` (nodes,) are their names in the network, `physical` (nodes,) the node
    of each by number, `layers` (nodes,) the layer of each, in a network of layers; `names` are those of the nodes.
    """

    module_visit: Float[np.ndarray, " modules"]
    enter: Float[np.ndarray, " modules"]
    exit: Float[np.ndarray, " modules"]
    index_codelength: float
    module_codelength: float
    one_level_codelength: float
    names: np.ndarray | None = None
    flow: Flow | None = None
    states: np.ndarray | None = None
    physical: Int[np.ndarray, " nodes"] | None = None
    layers: np.ndarray | None = None
    ids: Int[np.ndarray, " nodes"] | None = None  # of nodes in files, where they are neither names nor 1, 2, 3, …
    total: float = np.nan  # the codelength, where only that is known

    @property
    def codelength(self) -> float:
        """Bits per step: the index codebook and all others."""
        parts = self.index_codelength + self.module_codelength
        return self.total if np.isnan(parts) else parts

    @property
    def effective_number_of_modules(self) -> float:
        """2 to the entropy of the leaf modules' flow: how many modules of equal flow would be as uncertain."""
        share = np.bincount(self.module, self.visit)
        return 2 ** -sum_plogp(share[share > 0] / share.sum()) if len(self.module) else 0.0

    def modules(self, depth: int = 1, top: int = 5) -> list[Module]:
        """The modules at `depth` (as in `labels_at`, in the same order), each with its `top` most visited nodes.

        `pandas.DataFrame(tree.modules())` makes a table of it."""
        labels, cut = self.labels_at(depth), self._cut(depth)
        leaves = np.bincount(self.ancestors(depth)[np.unique(self.module)], minlength=len(self.parent))
        size, (label, node, visit) = np.bincount(labels, minlength=len(cut)), self._nodes_of(labels)
        order = np.lexsort((-visit, label))
        start = np.searchsorted(np.sort(label), np.arange(len(cut) + 1)).tolist()
        return [
            Module(
                path=self.path(m),
                flow=float(self.module_visit[m]),
                enter=float(self.enter[m]),
                exit=float(self.exit[m]),
                size=int(size[place]),
                modules=int(leaves[m]),
                top=tuple(self.names_of(node[order[begin : min(end, begin + top)]])),
                nodes=end - begin,
            )
            for place, (m, begin, end) in enumerate(zip(cut.tolist(), start, start[1:], strict=False))
        ]

    def _nodes_of(self, labels: Int[np.ndarray, " nodes"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Each label and node it has (its first leaf), states of a node in it together, and how often it is visited."""
        if self.physical is None:
            return labels, np.arange(len(labels)), self.visit
        _, first, physical = np.unique(self.physical, return_index=True, return_inverse=True)
        pair, place = np.unique(labels * np.int64(len(first)) + physical, return_inverse=True)
        label, node = np.divmod(pair, max(len(first), 1))
        return label, first[node], np.bincount(place, self.visit, minlength=len(pair))

    @property
    def node_names(self) -> list[Any]:
        """The name of each node, of its physical node where it is a state: its index where the network has no names."""
        return self.names_of(np.arange(len(self.module)))

    def names_of(self, nodes: Int[np.ndarray, " some"]) -> list[Any]:
        """The names of some nodes."""
        if self.names is not None:
            return self.names[nodes].tolist()
        return nodes.tolist() if self.physical is None else self.physical[nodes].tolist()

    @property
    def leaf_names(self) -> list[Any]:
        """The name of each node of the network that was described: of its state, where that is one of states."""
        return self.node_names if self.states is None else self.states.tolist()

    @property
    def called(self) -> list[str]:
        """What to call each leaf where they stand side by side: "ann", of a state "ann (work)" or "ann (state 3)"."""
        names = [str(name) for name in self.node_names]
        if self.layers is not None:
            return [f"{name} ({layer})" for name, layer in zip(names, self.layers.tolist(), strict=True)]
        if self.states is None:
            return names
        return [f"{name} (state {state})" for name, state in zip(names, self.states.tolist(), strict=True)]
