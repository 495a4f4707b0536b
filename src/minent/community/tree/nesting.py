"""Modules within modules, as two arrays: the parent of each module and the leaf module of each node.

A path says where a module or a node stands: "1:2" is the second child of the first module below the root.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from minent.community.tree.canonical import depths, levels
from minent.errors import BadInput


@dataclass(frozen=True, eq=False, repr=False)
class Nesting:
    """Nested modules in canonical order (see `canonical`), with the visit rate of each node.

    `parent` (modules,): module 0 is the root, parent[0] is -1, parent[m] < m. `module` (nodes,): leaf modules of nodes.
    """

    parent: Int[np.ndarray, " modules"]
    module: Int[np.ndarray, " nodes"]
    visit: Float[np.ndarray, " nodes"]

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

    @cached_property
    def labels(self) -> Int[np.ndarray, " nodes"]:
        """The leaf module of each node, numbered from 0 in the order of the paths."""
        return self.labels_at(max(self.depth, 1))

    def labels_at(self, depth: int) -> Int[np.ndarray, " nodes"]:
        """The module of each node at `depth` (1: the top modules); a node in a shallower leaf keeps its leaf."""
        return np.searchsorted(self._position[self._cut(depth)], self._position[self.ancestors(depth)[self.module]])

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

    @property
    def node_paths(self) -> list[str]:
        """The path of each node: that of its leaf module, and its rank there."""
        above = {m: self.path(m) for m in np.unique(self.module).tolist()}
        return [f"{above[m]}:{r}" for m, r in zip(self.module.tolist(), self.node_rank.tolist(), strict=True)]

    def path(self, module: int) -> str:
        """The path of one module."""
        ranks = []
        while module > 0:
            ranks.append(str(self.rank[module]))
            module = int(self.parent[module])
        return ":".join(reversed(ranks))

    @cached_property
    def _depths(self) -> Int[np.ndarray, " modules"]:
        return depths(self.parent)

    @cached_property
    def _levels(self) -> list[Int[np.ndarray, " _"]]:
        return levels(self._depths)

    def ancestors(self, depth: int) -> Int[np.ndarray, " modules"]:
        """Each module's ancestor at `depth`, or the module itself where it stands higher."""
        lifted = np.arange(len(self.parent))
        for level in self._levels[depth + 1 :]:
            lifted[level] = lifted[self.parent[level]]
        return lifted

    @cached_property
    def depth_first(self) -> Int[np.ndarray, " modules"]:
        """The modules in the order of their paths, the root first."""
        return np.argsort(self._position)

    @cached_property
    def _position(self) -> Int[np.ndarray, " modules"]:
        """Where each module stands in that order: after its parent and all that is below its earlier siblings."""
        size, position = np.ones(len(self.parent), int), np.zeros(len(self.parent), int)
        for level in self._levels[:0:-1]:
            np.add.at(size, self.parent[level], size[level])
        for level in self._levels[1:]:
            above, before = self.parent[level], np.cumsum(size[level]) - size[level]
            position[level] = position[above] + 1 + before - before[np.searchsorted(above, above)]
        return position

    def _cut(self, depth: int) -> Int[np.ndarray, " cut"]:
        """The modules at `depth` and the shallower leaves, depth-first."""
        if depth < 1:
            raise BadInput(f"depth must be at least 1 (the top modules); got {depth}")
        cut = np.unique(self.ancestors(depth)[self.module])
        return cut[np.argsort(self._position[cut])]
