"""What plots ask of nested modules; `minent.community.Tree` is one that answers."""

from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int


@runtime_checkable
class Modules(Protocol):
    """Nested modules of the nodes of a network, and what it costs to describe a walk with them.

    `parent` (modules,): module 0 is the root, parent[0] is -1, parent[m] < m. `module` (nodes,): leaf modules of nodes.
    Rates are per step of the walk, codelengths are bits per step; what is not known is NaN.
    """

    @property
    def parent(self) -> Int[np.ndarray, " modules"]: ...
    @property
    def module(self) -> Int[np.ndarray, " nodes"]: ...
    @property
    def visit(self) -> Float[np.ndarray, " nodes"]: ...
    @property
    def module_visit(self) -> Float[np.ndarray, " modules"]: ...
    @property
    def enter(self) -> Float[np.ndarray, " modules"]: ...
    @property
    def exit(self) -> Float[np.ndarray, " modules"]: ...
    @property
    def codelength(self) -> float: ...
    @property
    def one_level_codelength(self) -> float: ...
    @property
    def names(self) -> np.ndarray | None: ...
    @property
    def node_names(self) -> list[Any]: ...
    def labels_at(self, depth: int) -> Int[np.ndarray, " nodes"]: ...
