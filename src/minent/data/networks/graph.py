"""A network as compressed sparse rows: the neighbours of node i are indices[indptr[i] : indptr[i + 1]]."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property, partial
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from minent.data.networks.arrays import array_of
from minent.data.networks.naming.names import numbered
from minent.data.networks.naming.placed import of_each
from minent.data.networks.plan import Plan
from minent.data.networks.sorted_rows import self_links, sorted_rows
from minent.errors import BadInput
from minent.kernels import read_only, runner


@dataclass(frozen=True, eq=False, repr=False)
class Graph:
    """An immutable network; its arrays are read-only.

    indptr        (nodes + 1,) where each row starts: int32 where the number of entries fits, else int64
    indices       (entries,) int32 neighbours, sorted within each row, none twice
    weights       (entries,) float64, finite and above zero; None: every entry weighs 1
    directed      False: every link stands in the rows of both its ends, a self-link once in its row
    names         (nodes,) int64 or objects; None: the nodes are called 0 … nodes - 1
    node_weights  (nodes,) float64, finite and not negative; None: not given
    plan          what was understood of the file or table it was read from; None: it was not

    >>> network = Graph.from_links([0, 1, 2], [1, 2, 0])
    >>> network
    Graph(3 nodes, 3 links, undirected)
    >>> network.indices.tolist()
    [1, 2, 0, 2, 0, 1]
    """

    indptr: Int[np.ndarray, " rows"]
    indices: Int[np.ndarray, " entries"]
    weights: Float[np.ndarray, " entries"] | None
    directed: bool
    names: np.ndarray | None = None
    node_weights: Float[np.ndarray, " nodes"] | None = None
    plan: Plan | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for name in (one.name for one in fields(self)):
            if isinstance(array := getattr(self, name), np.ndarray):
                object.__setattr__(self, name, read_only(array))

    def __reduce__(self) -> tuple[Any, ...]:  # so that a copy in another process is read-only too
        return partial(type(self), **{one.name: getattr(self, one.name) for one in fields(self)}), ()

    @property
    def number_of_nodes(self) -> int:
        return len(self.indptr) - 1

    @property
    def nodes(self) -> list[Any]:
        """What the nodes are called, in their order, in which labels and marks come: `names`, or 0 … nodes - 1.

        >>> Graph.from_links(["b", "c"], ["a", "a"]).nodes
        ['a', 'b', 'c']
        """
        return list(range(self.number_of_nodes)) if self.names is None else self.names.tolist()

    @cached_property
    def number_of_links(self) -> int:
        """How many links there are; an undirected link counts once."""
        if self.directed:
            return len(self.indices)
        return (len(self.indices) + int(np.count_nonzero(self.self_links >= 0))) // 2

    @property
    def self_links(self) -> Int[np.ndarray, " nodes"]:
        """Which entry is the link of each node to itself; -1 where it has none."""
        entry = np.full(self.number_of_nodes, -1)
        runner(self.number_of_nodes // 4)(self_links)(self.indptr, self.indices, entry)
        return entry

    def links(
        self,
    ) -> tuple[Int[np.ndarray, " links"], Int[np.ndarray, " links"], Float[np.ndarray, " links"] | None]:
        """Source, target and weight (None where every link weighs 1) of each link, each link once.

        >>> [ends.tolist() for ends in Graph.from_links([2, 0], [1, 2]).links()[:2]]
        [[0, 1], [2, 2]]
        """
        rows = self._rows()
        if self.directed:
            return rows, self.indices, self.weights
        once = rows <= self.indices
        return rows[once], self.indices[once], None if self.weights is None else self.weights[once]

    def _rows(self) -> Int[np.ndarray, " entries"]:
        return np.repeat(np.arange(self.number_of_nodes, dtype=np.int32), np.diff(self.indptr))

    def __repr__(self) -> str:
        words = ["directed" if self.directed else "undirected"] + ["weighted"] * (self.weights is not None)
        return f"Graph({self.number_of_nodes} nodes, {self.number_of_links} links, {', '.join(words)})"

    @classmethod
    def from_links(
        cls,
        source: Iterable[Any],
        target: Iterable[Any],
        weight: Iterable[Any] | None = None,
        *,
        directed: bool = False,
        names: Iterable[Any] | None = None,
        node_weights: Iterable[Any] | None = None,
    ) -> "Graph":
        """The network of these links: link k goes from source[k] to target[k] and weighs weight[k], or 1.

        source, target  (links,) integers are node numbers from 0, or places in `names`; anything else are names,
                        numbered in sorted order (in order of first appearance where they cannot be compared)
        weight          (links,) links of weight 0 are dropped, their nodes kept
        names           (nodes,) may name nodes without links; 0, 1, 2, … only count them
        node_weights    (nodes,), or by name as a mapping or a series of pandas

        Repeated links are summed (undirected: a–b and b–a are the same link), self-links kept.
        Raises BadInput for lengths that differ, numbers below zero or beyond the names, and weights that are negative,
        infinite or not a number.

        >>> network = Graph.from_links(["北", "南", "北"], ["南", "北", "北"], directed=True)
        >>> network.names.tolist(), network.indptr.tolist(), network.indices.tolist()
        (['北', '南'], [0, 2, 3], [0, 1, 0])
        >>> Graph.from_links([0, 1], [1, 0]).weights.tolist()
        [2.0, 2.0]
        >>> Graph.from_links([0], [1], [-0.5])
        Traceback (most recent call last):
        minent.errors.BadInput: link weight must not be negative; got -0.5 for link 0
        """
        given = names
        names, source, target = numbered(source, target, names)
        weight = None if weight is None else checked(weight, "link", len(source))
        nodes = 1 + max(int(source.max(initial=-1)), int(target.max(initial=-1)))
        if names is not None:
            nodes = len(names)
            if names.dtype == np.int64 and np.array_equal(names, np.arange(nodes)):
                names = None
        if node_weights is not None:
            if isinstance(node_weights, Mapping) or hasattr(node_weights, "iloc"):  # by name
                node_weights = of_each(range(nodes) if names is None else names.tolist(), node_weights, "weight")
            node_weights = array_of(node_weights)
            nodes = max(nodes, len(node_weights)) if given is None else nodes
            node_weights = checked(node_weights, "node", nodes).copy()
        if weight is not None and not weight.all():
            keep = weight > 0
            source, target, weight = source[keep], target[keep], weight[keep]
        with np.errstate(over="ignore"):
            indptr, indices, weights = sorted_rows(source, target, weight, directed, nodes)
            total = 0.0 if weights is None else weights.sum()
        if not total < np.inf:
            raise BadInput("link weights must have a sum that a number can hold; these are beyond 1e308: divide them")
        return cls(indptr, indices, weights, directed, names, node_weights)


def checked(weight: Iterable[Any], of: str, wanted: int) -> Float[np.ndarray, " weights"]:
    """Weights of so many links or nodes, as `of` says. Raises BadInput for what is none."""
    array = array_of(weight if hasattr(weight, "__len__") else list(weight))
    if array.shape != (wanted,):
        raise BadInput(f"{of} weights must be one for each of the {wanted} {of}s; got an array of shape {array.shape}")
    if array.dtype.kind not in "fiub":
        raise BadInput(f"{of} weights must be numbers; got {array.dtype}")
    with np.errstate(over="ignore"):  # of long doubles
        array = np.require(array, np.float64, ["C", "A"])
    low, high = array.min(initial=0.0), array.max(initial=0.0)
    if not (low >= 0 and high < np.inf):
        bad = int(np.flatnonzero(~((array >= 0) & (array < np.inf)))[0])
        wanted_word = "not be negative" if array[bad] < 0 else "be a finite number"
        raise BadInput(f"{of} weight must {wanted_word}; got {array[bad]:g} for {of} {bad}")
    return array
