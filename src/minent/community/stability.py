"""A node is sure of its module where searches from other random orders put it among the same nodes.

Of node i, in module M of the tree and in T_t of trial t: sure_i = mean over t of |M ∩ T_t| / |M ∪ T_t| (Jaccard).
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from minent.community.in_files import in_files, lies_in_files
from minent.community.options import PLAIN, Options, seeded
from minent.community.tree.tree import Tree
from minent.community.trials import grown, searched, shortest
from minent.errors import BadInput
from minent.files import whole_file

if TYPE_CHECKING:
    import pandas as pd


SURE = 0.9


@dataclass(frozen=True, eq=False, repr=False)
class Stability:
    """What several searches agree on, frozen.

    tree    what `find` returns with as many trials
    labels  (nodes,) the modules of the tree that were compared
    sure    (nodes,) how far each node's module is the same in all trials: 1 where it always is
    trials  how many searches were compared
    """

    tree: Tree
    labels: Int[np.ndarray, " nodes"]
    sure: Float[np.ndarray, " nodes"]
    trials: int

    def to_frame(self) -> "pd.DataFrame":
        """A row for each node: name, module, sure, flow; of states, state and layer too."""
        import pandas as pd

        columns = {"name": self.tree.node_names, "module": self.labels, "sure": self.sure}
        beside = {"flow": self.tree.visit, "state": self.tree.states, "layer": self.tree.layers}
        return pd.DataFrame(columns | {name: list(column) for name, column in beside.items() if column is not None})

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the rows of `to_frame` as .csv or .parquet, whole or not at all."""
        frame, parquet = self.to_frame(), Path(path).suffix.lower() == ".parquet"
        with whole_file(path) as temporary:
            frame.to_parquet(temporary, index=False) if parquet else frame.to_csv(temporary, index=False)

    def __repr__(self) -> str:
        certain = np.count_nonzero(self.sure >= SURE)
        least = np.argsort(self.sure, kind="stable")[:3].tolist()
        names = self.tree.called
        doubt = ", ".join(f"{names[i]} {self.sure[i]:.2f}" for i in least if self.sure[i] < SURE)
        said = f"{certain:,} of {len(self.sure):,} nodes are sure of their module over {self.trials} trials"
        return f"{said} ({SURE} or more)" + (f"; least sure: {doubt}" if doubt else "")


def stability(network: Any, *, trials: int = 20, depth: int | None = None, **options: Any) -> Stability:
    """How sure each node is of its module, over searches from as many random orders.

    `depth` of the modules that are compared (1: the top modules; None: the leaf modules); other arguments are those of
    `find`, and the tree is the one it returns. Searches differ where several descriptions are about as short: what is
    unsure is the map, not the walk. Raises BadInput for fewer than 2 trials, and as `find` does.

    >>> found = stability(([0, 1, 2, 3, 4, 5, 2], [1, 2, 0, 4, 5, 3, 3]), trials=5)
    >>> found
    6 of 6 nodes are sure of their module over 5 trials (0.9 or more)
    """
    if trials < 2:
        raise BadInput(f"several searches are compared, so trials must be at least 2; got {trials}")
    if options.get("overlapping"):
        raise BadInput("how sure nodes are is told of modules that do not overlap")
    beside = {"directed": None, "objective": PLAIN, "metadata": None, "initial": None}
    beside = {name: options.pop(name, missing) for name, missing in beside.items()}
    if (time := options.pop("markov_time", None)) is not None:
        beside["objective"] = replace(beside["objective"], markov_time=time)
    if lies_in_files(network, options.get("memory"), options.get("ray")):
        left = {name: options.pop(name) for name in ("memory", "no_self_links", "weight_threshold") if name in options}
        asked: dict[str, Any] = {name: options.get(name) for name in ("flow_model", "ray", "threads")} | left
        asked["recorded"] = options.get("recorded", False)
        with in_files(network, beside.pop("directed"), beside["objective"], **asked) as graph:
            return stability(graph, trials=trials, depth=depth, **beside, **options)
    seed = seeded(options.pop("seed", 1))
    flow, start, searches = searched(network, Options(trials=trials, seed=seed, **options), **beside)
    found = list(searches)
    tree = grown(flow, shortest(found), start)

    def labels(one: Tree) -> Int[np.ndarray, " nodes"]:
        return one.labels if depth is None else one.labels_at(depth)

    others = (labels(grown(flow, one)) for one in found)
    return Stability(tree, labels(tree), sureness(labels(tree), others), trials)


def sureness(
    label: Int[np.ndarray, " nodes"], others: Iterable[Int[np.ndarray, " nodes"]]
) -> Float[np.ndarray, " nodes"]:
    """For each node, the mean over other partitions of the Jaccard similarity of its two modules.

    >>> sureness(np.array([0, 0, 1]), [np.array([0, 0, 1]), np.array([0, 1, 1])]).tolist()
    [0.75, 0.6666666666666666, 0.75]
    """
    total, trials, size = np.zeros(len(label)), 0, np.bincount(label)
    for other in others:
        _, place, both = np.unique(label * np.int64(len(label)) + other, return_inverse=True, return_counts=True)
        both = both[place]
        total += both / (size[label] + np.bincount(other)[other] - both)
        trials += 1
    return total / trials if trials else np.ones(len(label))
