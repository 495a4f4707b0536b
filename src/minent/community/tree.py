"""Nested modules of a network, and what it costs to describe a walk with them: L = index codebook + module codebooks.

Two arrays hold the tree: the parent of each module (-1: the root, module 0) and the leaf module of each node.
"""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from minent.community.canonical import canonical, depths
from minent.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd

    from minent.community.flow import Flow


@dataclass(frozen=True)
class Module:
    """One module of a tree: its path ("1:2" is the second module of the first), the share of the walk inside it, the
    rates of entering and leaving it, the number of its nodes, and the names of its most visited nodes."""

    path: str
    flow: float
    enter: float
    exit: float
    size: int
    top: tuple[Any, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Tree:
    """Nested modules of a network, frozen. Siblings stand in order of decreasing flow, modules breadth-first.

    `parent` (modules,) and `module` (nodes,) are the tree itself: module 0 is the root, parent[0] is -1, parent[m] < m,
    and module[i] is the leaf module of node i. Rates are per step of the walk, codelengths are bits per step.
    What a file does not tell is NaN (`community.codelength(network, tree)` computes it again).
    """

    parent: Int[np.ndarray, " modules"]
    module: Int[np.ndarray, " nodes"]
    visit: Float[np.ndarray, " nodes"]
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

    @cached_property
    def depth(self) -> int:
        """Levels of modules: 1 where no module holds modules."""
        return int(self._depths.max())

    @property
    def number_of_modules(self) -> int:
        """How many leaf modules there are."""
        return int(np.count_nonzero(np.bincount(self.module)))

    @property
    def number_of_top_modules(self) -> int:
        """How many modules stand right below the root."""
        return int(np.count_nonzero(self.parent == 0))

    @property
    def effective_number_of_modules(self) -> float:
        """2 to the entropy of the leaf modules' flow: how many modules of equal flow would be as uncertain."""
        share = np.bincount(self.module, self.visit)
        share = share[share > 0] / share.sum()
        return float(2 ** -(share * np.log2(share)).sum()) if len(self.module) else 0.0

    @cached_property
    def labels(self) -> Int[np.ndarray, " nodes"]:
        """The leaf module of each node, numbered from 0 in the order of the paths."""
        return self.labels_at(max(self.depth, 1))

    def labels_at(self, depth: int) -> Int[np.ndarray, " nodes"]:
        """The module of each node at `depth` (1: the top modules); a node in a shallower leaf keeps its leaf."""
        return np.searchsorted(self._position[self._cut(depth)], self._position[self.ancestors(depth)[self.module]])

    def modules(self, depth: int = 1, top: int = 5) -> list[Module]:
        """The modules at `depth` (as in `labels_at`, in the same order), each with its `top` most visited nodes.

        `pandas.DataFrame(tree.modules())` makes a table of it."""
        labels, cut, names = self.labels_at(depth), self._cut(depth), self.node_names
        order = np.lexsort((-self.visit, labels)).tolist()
        start = np.searchsorted(np.sort(labels), np.arange(len(cut) + 1)).tolist()
        return [
            Module(
                path=self.paths[m],
                flow=float(self.module_visit[m]),
                enter=float(self.enter[m]),
                exit=float(self.exit[m]),
                size=end - begin,
                top=tuple(names[i] for i in order[begin : min(end, begin + top)]),
            )
            for m, begin, end in zip(cut.tolist(), start, start[1:], strict=False)
        ]

    @property
    def node_names(self) -> list[Any]:
        """The name of each node: its index where the network has no names."""
        return list(range(len(self.module))) if self.names is None else self.names.tolist()

    @cached_property
    def paths(self) -> list[str]:
        """The path of each module: "" is the root, "1" its first module, "1:2" the second module of that."""
        paths = [""]
        for above, rank in zip(self.parent[1:].tolist(), self.rank[1:].tolist(), strict=True):
            paths.append(f"{paths[above]}:{rank}" if above else str(rank))
        return paths

    @cached_property
    def rank(self) -> Int[np.ndarray, " modules"]:
        """Where each module stands among its siblings, from 1."""
        return np.arange(len(self.parent)) - np.searchsorted(self.parent, self.parent) + 1

    @cached_property
    def node_rank(self) -> Int[np.ndarray, " nodes"]:
        """Where each node stands in its leaf module, from 1."""
        order = np.lexsort((-np.round(self.visit, 12), self.module))
        rank = np.empty(len(order), int)
        rank[order] = np.arange(len(order)) - np.searchsorted(self.module[order], self.module[order]) + 1
        return rank

    def to_frame(self) -> "pd.DataFrame":
        """A row for each node: node (index), name, path ("1:2:3": the third node of module 1:2), module, flow."""
        import pandas as pd

        columns = {"node": np.arange(len(self.module)), "name": self.node_names, "path": self.node_paths}
        return pd.DataFrame({**columns, "module": self.labels, "flow": self.visit})

    @property
    def node_paths(self) -> list[str]:
        """The path of each node: that of its leaf module, and its rank there."""
        return [f"{self.paths[m]}:{r}" for m, r in zip(self.module.tolist(), self.node_rank.tolist(), strict=True)]

    def node_attributes(self) -> dict[Any, dict[str, Any]]:
        """Module, path and flow of each node by its name, as `networkx.set_node_attributes(graph, …)` takes them."""
        rows = zip(self.node_names, self.labels.tolist(), self.node_paths, self.visit.tolist(), strict=True)
        return {name: {"module": module, "path": path, "flow": flow} for name, module, path, flow in rows}

    def write(self, path: str | os.PathLike[str], *, depth: int = 1) -> None:
        """Write by suffix: .tree, .ftree, .clu (the modules at `depth`), .json, .csv, .parquet or .nwk, whole or not at
        all. Raises BadInput for another suffix, and for .ftree where the tree was read from a file (no link flows)."""
        from minent.community.formats import write

        write(self, path, depth)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "Tree":
        """Read what `write` or the reference Infomap wrote: .tree, .ftree, .clu, .json, .csv or .parquet.

        Nodes are sorted by their id. Raises BadInput for another suffix, BadLine for what cannot be read."""
        from minent.community.reading import read

        return read(path)

    def plot(self) -> Any:
        """An interactive map of the network, one self-contained HTML page (see `minent.plot.network_map`)."""
        from minent import plot

        if self.flow is None:
            raise BadInput(
                "a map needs the links; this tree was read from a file: minent.plot.network_map(graph, tree)"
            )
        return plot.network_map(self.flow.network, self)

    def __repr__(self) -> str:
        bits = "unknown" if np.isnan(self.codelength) else f"{self.codelength:.4f} bits"
        shape = f"{len(self.module)} nodes, {self.number_of_modules} modules, depth {self.depth}"
        return f"Tree({shape}, codelength {bits} of {self.one_level_codelength:.4f})"

    def _repr_html_(self) -> str:
        from minent.community.formats import html_table

        return html_table(self)

    @cached_property
    def _depths(self) -> Int[np.ndarray, " modules"]:
        return depths(self.parent)

    def ancestors(self, depth: int) -> Int[np.ndarray, " modules"]:
        """Each module's ancestor at `depth`, or the module itself where it stands higher."""
        lifted = np.arange(len(self.parent))
        while (deeper := self._depths[lifted] > depth).any():
            lifted = np.where(deeper, self.parent[lifted], lifted)
        return lifted

    @cached_property
    def depth_first(self) -> Int[np.ndarray, " modules"]:
        """The modules in the order of their paths, the root first."""
        return np.lexsort([self.ancestors(depth) for depth in range(self.depth, -1, -1)])

    @cached_property
    def _position(self) -> Int[np.ndarray, " modules"]:
        return np.argsort(self.depth_first)

    def _cut(self, depth: int) -> Int[np.ndarray, " cut"]:
        """The modules at `depth` and the shallower leaves, depth-first."""
        if depth < 1:
            raise BadInput(f"depth must be at least 1 (the top modules); got {depth}")
        cut = np.unique(self.ancestors(depth)[self.module])
        return cut[np.argsort(self._position[cut])]


def grow(flow: "Flow", parent: Int[np.ndarray, " modules"], module: Int[np.ndarray, " nodes"]) -> Tree:
    """The canonical tree of a partition given as two arrays (see `canonical`), with its flows and codelengths.

    >>> from minent.community.flow import flow_of
    >>> from minent.data.graph import Graph
    >>> two_triangles = Graph.from_links([0, 1, 2, 3, 4, 5, 2], [1, 2, 0, 4, 5, 3, 3])
    >>> tree = grow(flow_of(two_triangles), np.array([-1, 0, 0]), np.array([2, 2, 2, 1, 1, 1]))
    >>> tree
    Tree(6 nodes, 2 modules, depth 1, codelength 2.3207 bits of 2.5567)
    >>> tree.labels.tolist(), tree.paths
    ([0, 0, 0, 1, 1, 1], ['', '1', '2'])
    >>> [(module.path, module.size, module.top) for module in tree.modules(top=1)]
    [('1', 3, (2,)), ('2', 3, (3,))]
    """
    from minent.community.codelength import codelength_parts, module_flow, one_level_codelength

    parent, module = canonical(parent, module, flow.visit)
    inside, enter, leave = module_flow(flow, parent, module) if len(module) else np.zeros((3, 1))
    index, modules = codelength_parts(flow, parent, module) if len(module) else (0.0, 0.0)
    one_level = one_level_codelength(flow) if len(module) else 0.0
    return Tree(parent, module, flow.visit, inside, enter, leave, index, modules, one_level, flow.network.names, flow)
