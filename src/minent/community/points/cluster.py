"""Clusters of points without their number: link each point to its nearest, and find the modules of that network."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from minent.community.evaluate import evaluate
from minent.community.find import find
from minent.community.options import Effort, Objective, Points, seeded
from minent.community.tree.tree import Tree
from minent.data.networks.graph import Graph
from minent.data.networks.neighbours import neighbour_graph


def cluster(
    points: Any,
    *,
    neighbours: int = 40,
    metric: str = "cosine",
    similarity: float = 0.5,
    undirected: bool = False,
    markov_time: float = 1.5,
    nested: bool = False,
    effort: Effort = "balanced",
    trials: int = 1,
    seed: Any = 1,
    threads: int | None = None,
    names: Iterable[Any] | None = None,
) -> Tree:
    """The modules of points (points, dimensions), each linked to its nearest; see `neighbour_graph` and `find`.

    The more `neighbours` and the greater `markov_time`, the larger the modules; with a Markov time of 1, the plain map
    equation, clusters fall into more pieces. `nested`: modules may hold modules; without it there is one level, as in
    `find(…, two_level=True)`. Points that are like no others are modules of their own. Raises BadInput for points or
    options that cannot be used, MissingExtra without faiss.

    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> points = np.repeat([[9, 0, 0], [0, 9, 0], [0, 0, 9]], 20, axis=0) + random.normal(size=(60, 3))
    >>> cluster(points).number_of_modules
    3
    """
    linked = {"neighbours": neighbours, "metric": metric, "similarity": similarity, "undirected": undirected}
    network = neighbour_graph(points, **linked, names=names)
    searched = {"effort": effort, "trials": trials, "seed": seeded(seed), "threads": threads}
    return clustered(network, Points(markov_time=markov_time, nested=nested, **searched))


def clustered(network: Graph, options: Points) -> Tree:
    """The modules of a network of points; where `find` would have all in one, those without links still stand alone."""
    searched = {name: getattr(options, name) for name in ("effort", "trials", "seed", "threads")}
    objective = Objective(markov_time=options.markov_time)
    tree = find(network, two_level=not options.nested, objective=objective, **searched)
    alone = np.diff(network.indptr) + np.bincount(network.indices, minlength=network.number_of_nodes) == 0
    if tree.number_of_modules > 1 or not alone.any():
        return tree
    return evaluate(network, np.where(alone, np.arange(len(alone)), -1), objective=objective)
