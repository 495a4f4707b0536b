"""Nested modules of a network, and what it costs to describe a walk with them: L = index codebook + module codebooks.

Two arrays hold the tree: the parent of each module (-1: the root, module 0) and the leaf module of each node.
"""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from minent.community.tree.canonical import canonical
from minent.community.tree.nesting import Nesting
from minent.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd

    from minent.community.walk.flow import Flow
    from minent.plot.page import Page


@dataclass(frozen=True)
class Module:
    """One module of a tree: its path ("1:2" is the second module of the first), the share of the walk inside it, the
    rates of entering and leaving it, how many nodes and leaf modules lie in it, and its most visited nodes by name."""

    path: str
    flow: float
    enter: float
    exit: float
    size: int
    modules: int
    top: tuple[Any, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Tree(Nesting):
    """Nested modules of a network, frozen. Siblings stand in order of decreasing flow, modules breadth-first.

    `parent` (modules,) and `module` (nodes,) are the tree itself: module 0 is the root, parent[0] is -1, parent[m] < m,
    and module[i] is the leaf module of node i. Rates are per step of the walk, codelengths are bits per step.
    What a file does not tell is NaN (`community.codelength(network, tree)` computes it again).
    """

    module_visit: Float[np.ndarray, " modules"]
    enter: Float[np.ndarray, " modules"]
    exit: Float[np.ndarray, " modules"]
    index_codelength: float
    module_codelength: float
    one_level_codelength: float
    names: np.ndarray | None = None
    flow: "Flow | None" = None

    @property
    def codelength(self) -> float:
        """Bits per step: the index codebook and all others."""
        return self.index_codelength + self.module_codelength

    @property
    def effective_number_of_modules(self) -> float:
        """2 to the entropy of the leaf modules' flow: how many modules of equal flow would be as uncertain."""
        share = np.bincount(self.module, self.visit)
        share = share[share > 0] / share.sum()
        return float(2 ** -(share * np.log2(share)).sum()) if len(self.module) else 0.0

    def modules(self, depth: int = 1, top: int = 5) -> list[Module]:
        """The modules at `depth` (as in `labels_at`, in the same order), each with its `top` most visited nodes.

        `pandas.DataFrame(tree.modules())` makes a table of it."""
        labels, cut, names = self.labels_at(depth), self._cut(depth), self.node_names
        leaves = np.bincount(self.ancestors(depth)[np.unique(self.module)], minlength=len(self.parent))
        order = np.lexsort((-self.visit, labels)).tolist()
        start = np.searchsorted(np.sort(labels), np.arange(len(cut) + 1)).tolist()
        return [
            Module(
                path=self.paths[m],
                flow=float(self.module_visit[m]),
                enter=float(self.enter[m]),
                exit=float(self.exit[m]),
                size=end - begin,
                modules=int(leaves[m]),
                top=tuple(names[i] for i in order[begin : min(end, begin + top)]),
            )
            for m, begin, end in zip(cut.tolist(), start, start[1:], strict=False)
        ]

    @property
    def node_names(self) -> list[Any]:
        """The name of each node: its index where the network has no names."""
        return list(range(len(self.module))) if self.names is None else self.names.tolist()

    def to_frame(self) -> "pd.DataFrame":
        """A row for each node: node (index), name, path ("1:2:3": the third node of module 1:2), module, flow."""
        import pandas as pd

        columns = {"node": np.arange(len(self.module)), "name": self.node_names, "path": self.node_paths}
        return pd.DataFrame({**columns, "module": self.labels, "flow": self.visit})

    def node_attributes(self) -> dict[Any, dict[str, Any]]:
        """Module, path and flow of each node by its name, as `networkx.set_node_attributes(graph, …)` takes them."""
        rows = list(zip(self.node_names, self.labels.tolist(), self.node_paths, self.visit.tolist(), strict=True))
        if self.flow is not None and self.flow.physical is not None:  # of a node in several modules, the main one
            rows.sort(key=lambda row: row[3])
        return {name: {"module": module, "path": path, "flow": flow} for name, module, path, flow in rows}

    def memberships(self, depth: int | None = None) -> "pd.DataFrame":
        """The modules of each physical node: a row for each node and module, with the share of the node's visits there.

        node (its name), module (as in `labels_at(depth)`; None: leaf modules), share (they sum to 1), flow. A node
        without states has one row; so has every node of a tree that was read from a file.
        """
        import pandas as pd

        physical, names = np.arange(len(self.module)), self.node_names
        if self.flow is not None and self.flow.physical is not None:
            physical, called = self.flow.physical, getattr(self.flow.network, "physical_names", None)
            names = list(range(int(physical.max(initial=-1)) + 1)) if called is None else called.tolist()
        modules = self.labels if depth is None else self.labels_at(depth)
        count = int(modules.max(initial=0)) + 1
        pairs, place = np.unique(physical * np.int64(count) + modules, return_inverse=True)
        node, module = np.divmod(pairs, count)
        flow = np.bincount(place, self.visit, minlength=len(pairs))
        total, parts = np.bincount(node, flow)[node], np.bincount(node)[node]
        share = np.divide(flow, total, out=1.0 / parts, where=total > 0)
        return pd.DataFrame({"node": [names[i] for i in node], "module": module, "share": share, "flow": flow})

    def write(self, path: str | os.PathLike[str], *, depth: int = 1) -> None:
        """Write by suffix: .tree, .ftree, .clu (the modules at `depth`), .json, .csv, .parquet or .nwk, whole or not at
        all. Raises BadInput for another suffix, and for .ftree where the tree was read from a file (no link flows)."""
        from minent.community.tree.formats import write

        write(self, path, depth)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "Tree":
        """Read what `write` or the reference Infomap wrote: .tree, .ftree, .clu, .json, .csv or .parquet.

        Nodes are sorted by their id. Raises BadInput for another suffix, BadLine for what cannot be read."""
        from minent.community.tree.reading import read

        return read(path)

    def plot(self) -> "Page":
        """An interactive map (see `minent.plot.network_map`): notebooks show it, `.write("map.html")` keeps it.

        Raises BadInput where the tree was read from a file, which tells no links."""
        from minent.plot import network_map
        from minent.plot.page import Page

        if self.flow is None:
            raise BadInput("a map needs links; a tree that was read has none: minent.plot.network_map(network, tree)")
        return Page(network_map(self.flow.network, self))

    def __repr__(self) -> str:
        bits = "unknown" if np.isnan(self.codelength) else f"{self.codelength:.4f} bits"
        shape = f"{len(self.module)} nodes, {self.number_of_modules} modules, depth {self.depth}"
        return f"Tree({shape}, codelength {bits} of {self.one_level_codelength:.4f})"

    def _repr_html_(self) -> str:
        from minent.community.tree.formats import html_table

        return html_table(self)


def grow(flow: "Flow", parent: Int[np.ndarray, " modules"], module: Int[np.ndarray, " nodes"]) -> Tree:
    """The canonical tree of a partition given as two arrays (see `canonical`), with its flows and codelengths.

    >>> from minent.community.walk.flow import flow_of
    >>> from minent.data.networks.graph import Graph
    >>> two_triangles = Graph.from_links([0, 1, 2, 3, 4, 5, 2], [1, 2, 0, 4, 5, 3, 3])
    >>> tree = grow(flow_of(two_triangles), np.array([-1, 0, 0]), np.array([2, 2, 2, 1, 1, 1]))
    >>> tree
    Tree(6 nodes, 2 modules, depth 1, codelength 2.3207 bits of 2.5567)
    >>> tree.labels.tolist(), tree.paths
    ([0, 0, 0, 1, 1, 1], ['', '1', '2'])
    >>> [(module.path, module.size, module.top) for module in tree.modules(top=1)]
    [('1', 3, (2,)), ('2', 3, (3,))]
    """
    from minent.community.tree.codelength import codelength_parts, module_flow, one_level_codelength

    parent, module = canonical(parent, module, flow.visit)
    if len(module):
        inside, enter, leave = rates = module_flow(flow, parent, module)
        index, modules = codelength_parts(flow, parent, module, rates)
    else:
        inside, enter, leave = np.zeros((3, 1))
        index = modules = 0.0
    one_level = one_level_codelength(flow) if len(module) else 0.0
    return Tree(parent, module, flow.visit, inside, enter, leave, index, modules, one_level, flow.network.names, flow)
