"""Clusters of points without their number: link each point to its nearest, and find the modules of that network."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from minent.community.codelength import evaluate
from minent.community.find import find
from minent.community.options import Effort, Points
from minent.community.tree import Tree
from minent.data.graph import Graph
from minent.data.neighbours import neighbour_graph


def cluster(
    points: Any,
    *,
    neighbours: int = 40,
    metric: str = "cosine",
    similarity: float = 0.5,
    undirected: bool = False,
    nested: bool = False,
    effort: Effort = "balanced",
    trials: int = 1,
    seed: int = 1,
    threads: int | None = None,
    names: Iterable[Any] | None = None,
) -> Tree:
    """The modules of points (points, dimensions), each linked to its nearest; see `neighbour_graph` and `find`.

    `nested`: modules may hold modules; without it there is one level, as in `find(…, two_level=True)`. The more
    `neighbours`, the larger the modules. Points that are like no others are modules of their own. Raises BadInput for
    points or options that cannot be used, MissingExtra without faiss.

    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> points = np.repeat([[9, 0, 0], [0, 9, 0], [0, 0, 9]], 20, axis=0) + random.normal(size=(60, 3))
    >>> cluster(points).number_of_modules
    3
    """
    linked = {"neighbours": neighbours, "metric": metric, "similarity": similarity, "undirected": undirected}
    network = neighbour_graph(points, **linked, names=names)
    return clustered(network, Points(nested=nested, effort=effort, trials=trials, seed=seed, threads=threads))


def clustered(network: Graph, options: Points) -> Tree:
    """The modules of a network of points; where `find` would have all in one, those without links still stand alone."""
    searched = {name: getattr(options, name) for name in ("effort", "trials", "seed", "threads")}
    tree = find(network, two_level=not options.nested, **searched)
    alone = np.diff(network.indptr) + np.bincount(network.indices, minlength=network.number_of_nodes) == 0
    if tree.number_of_modules > 1 or not alone.any():
        return tree
    return evaluate(network, np.where(alone, np.arange(len(alone)), -1))
