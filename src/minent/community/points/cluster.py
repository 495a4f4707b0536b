"""Clusters of points without their number: link each point to its nearest, and find the modules of that network."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from minent.community.evaluate import evaluate
from minent.community.find import find
from minent.community.options import Points, seeded
from minent.community.tree.tree import Tree
from minent.data.networks.graph import Graph
from minent.data.networks.neighbours import Neighbourhood


def cluster(points: Any, *, names: Iterable[Any] | None = None, **options: Any) -> Tree:
    """The modules of points (points, dimensions), dense or sparse, each linked to its nearest; other arguments are
    the fields of `Points`, as `neighbour_graph` and `find` have them.

    The more `neighbours` and the greater `markov_time`, the larger the modules; with a Markov time of 1, the plain map
    equation, clusters fall into more pieces. `nested`: modules may hold modules; without it there is one level, as in
    `find(…, two_level=True)`. Points that are like no others are modules of their own. Raises BadInput for points or
    options that cannot be used, MissingExtra without faiss for over 50,000 dense points.

    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> points = np.repeat([[9, 0, 0], [0, 9, 0], [0, 0, 9]], 20, axis=0) + random.normal(size=(60, 3))
    >>> cluster(points).number_of_modules
    3
    """
    chosen = Points(**{**options, "seed": seeded(options.get("seed", Points.seed))})
    return clustered(Neighbourhood.of(points, **chosen.linked).graph(chosen.undirected, names), chosen)


def clustered(network: Graph, options: Points) -> Tree:
    """The modules of a network of points; where `find` would have all in one, those without links still stand alone."""
    tree = find(network, **options.searched)
    alone = np.diff(network.indptr) + np.bincount(network.indices, minlength=network.number_of_nodes) == 0
    if tree.number_of_modules > 1 or not alone.any():
        return tree
    return evaluate(network, np.where(alone, np.arange(len(alone)), -1), objective=options.searched["objective"])
