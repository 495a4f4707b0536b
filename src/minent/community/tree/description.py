"""What it costs to describe a walk on a network by nested modules: L = index codebook + module codebooks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from minent.community.tree.nesting import Nesting
from minent.community.walk.flow import Flow
from minent.entropy import sum_plogp


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
class Description(Nesting):
    """Nested modules with the rates of the walk and the codelengths in bits per step; NaN is what is not known."""

    module_visit: Float[np.ndarray, " modules"]
    enter: Float[np.ndarray, " modules"]
    exit: Float[np.ndarray, " modules"]
    index_codelength: float
    module_codelength: float
    one_level_codelength: float
    names: np.ndarray | None = None
    flow: Flow | None = None

    @property
    def codelength(self) -> float:
        """Bits per step: the index codebook and all others."""
        return self.index_codelength + self.module_codelength

    @property
    def effective_number_of_modules(self) -> float:
        """2 to the entropy of the leaf modules' flow: how many modules of equal flow would be as uncertain."""
        share = np.bincount(self.module, self.visit)
        return 2 ** -sum_plogp(share[share > 0] / share.sum()) if len(self.module) else 0.0

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
