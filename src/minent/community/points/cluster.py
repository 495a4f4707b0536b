"""Clusters of points without their number: link each point to its nearest, and find the modules of that network."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Int

from minent.community.find import find
from minent.community.options import Points, seeded
from minent.community.tree.grow import grow
from minent.community.tree.tree import Tree
from minent.community.walk.objective import walk_of
from minent.data.networks.graph import Graph


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
    from minent.data.networks.neighbours import Neighbourhood  # it takes scipy

    chosen = Points(**{**options, "seed": seeded(options.get("seed", Points.seed))})
    known = Neighbourhood.of(points, **chosen.linked)
    return clustered(known.graph(chosen.undirected, names), chosen, known.place)


def clustered(network: Graph, options: Points, place: Int[np.ndarray, " points"] | None = None) -> Tree:
    """The modules of a network of points.

    `place` (points,) is the same number for points that are equal. These are searched as one node, for which of many
    equals are whose nearest is chance, and one that is nobody's would stand alone.
    """
    at = np.arange(0) if place is None else np.unique(place, return_inverse=True)[1]
    if len(at) == 0 or at.max() + 1 == len(at):
        return find(network, **options.searched)
    source, target, weight = network.links()
    merged = Graph.from_links(at[source], at[target], weight, directed=network.directed, names=range(at.max() + 1))
    found = find(merged, **options.searched)
    return grow(walk_of(network, None, options.searched["objective"], None), found.parent, found.module[at])
