"""Points become a network when each is linked to its nearest, by how similar they are.

cosine     s_ij = x_i·x_j / |x_i||x_j|
euclidean  s_ij = 2^(−|x_i − x_j|² / σ_i σ_j), σ_i the distance from i to the farthest of its neighbours, so that 1/2 is
           as near as that (local scaling: Zelnik-Manor & Perona 2004)
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from minent.data.networks.graph import Graph
from minent.data.points.vectors import checked
from minent.errors import BadInput, require

EXACT = 50_000  # points among which the nearest are looked for one by one; among more, along a small-world graph (HNSW)
CHUNK = 1 << 22  # numbers that are multiplied at a time


def neighbour_graph(
    points: Any,
    *,
    neighbours: int = 40,
    metric: str = "cosine",
    similarity: float = 0.5,
    undirected: bool = False,
    names: Iterable[Any] | None = None,
) -> Graph:
    """The network that links each point to its nearest ones.

    points      (points, dimensions) finite numbers
    neighbours  how many each is linked to, at most
    similarity  links of less are left out, and so are those that are not positive
    undirected  a link has no direction: found from both ends it counts twice

    Distances are compared in single precision, links weighed in double. A vector of zeros is like no other by cosine.
    Raises BadInput for points or options that cannot be used, MissingExtra without faiss.

    >>> neighbour_graph([[1, 0], [2, 0.1], [0, 3], [0.2, 4]], neighbours=2)
    Graph(4 nodes, 4 links, directed, weighted)
    """
    if neighbours < 1:
        raise BadInput(f"neighbours must be at least 1; got {neighbours}")
    if metric not in ("cosine", "euclidean"):
        raise BadInput(f"metric is 'cosine' or 'euclidean'; got {metric!r}")
    if not similarity <= 1:
        raise BadInput(f"similarity must be at most 1; got {similarity}")
    points = checked(points)
    names = range(len(points)) if names is None else names
    some = np.arange(len(points))
    if metric == "cosine":
        some = np.flatnonzero(points.any(axis=1))  # zeros are nobody's nearest
        points = points[some]
        points = points / np.abs(points).max(axis=1, keepdims=True)  # squares neither overflow nor vanish
        points /= np.linalg.norm(points, axis=1, keepdims=True)
    source, target, weight = _similar(points, _nearest(points, min(neighbours, len(points) - 1)), metric)
    keep = (weight >= similarity) & (weight > 0)
    source, target = some[source[keep]], some[target[keep]]
    return Graph.from_links(source, target, weight[keep], directed=not undirected, names=names)


def _nearest(points: Float[np.ndarray, "points dimensions"], k: int) -> Int[np.ndarray, "points near"]:
    """The k nearest of each point but itself."""
    faiss: Any = require("faiss", "knn", "link points to their nearest")
    if k < 1:
        return np.zeros((len(points), 0), np.int64)
    points = points - points.mean(axis=0)  # nearer to 0, where single precision is finer
    points = np.ascontiguousarray(points / (np.abs(points).max() or 1), np.float32)
    index, threads = faiss.IndexFlatL2(points.shape[1]), faiss.omp_get_max_threads()
    if len(points) > EXACT:
        index = faiss.IndexHNSWFlat(points.shape[1], 32)
        index.hnsw.efSearch = 4 * k
        faiss.omp_set_num_threads(1)  # threads would add points in another order each time
    try:
        index.add(points)
    finally:
        faiss.omp_set_num_threads(threads)
    found = index.search(points, k + 1)[1]
    own = found == np.arange(len(points))[:, None]
    own[~own.any(axis=1), -1] = True  # k + 1 others at the very same place
    return found[~own].reshape(len(points), k)


def _similar(points: np.ndarray, near: np.ndarray, metric: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each point, each of its neighbours, and how similar they are."""
    n, k = near.shape
    source, target, square = np.repeat(np.arange(n), k), near.ravel(), np.empty(n * k)
    step = max(CHUNK // points.shape[1], 1)
    for i in range(0, n * k, step):
        a, b = points[source[i : i + step]], points[target[i : i + step]]
        square[i : i + step] = (a * b).sum(axis=1) if metric == "cosine" else ((a - b) ** 2).sum(axis=1)
    found = target >= 0  # HNSW may find fewer
    source, target, square = source[found], target[found], square[found]
    if metric == "cosine":
        return source, target, np.minimum(square, 1.0)
    far = np.zeros(n)
    np.maximum.at(far, source, np.sqrt(square))
    scale = far[source] * far[target]
    return source, target, np.exp2(-np.divide(square, scale, out=np.where(square > 0, np.inf, 0.0), where=scale > 0))
