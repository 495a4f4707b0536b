"""The nearest of points to others: exactly, or among many dense ones along a small-world graph (HNSW: Malkov & Yashunin
2020).

|a − b|² = |a|² + |b|² − 2 a·b: products of some rows at a time, so that memory stays linear.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from minent.errors import require

EXACT = 50_000  # dense points among which the nearest are looked for one by one
CHUNK = 1 << 22  # products that are made at a time
PAIRS = 1 << 16  # numbers of pairs that are compared at a time: they stay in the cache
Points = Float[np.ndarray, "_ _"] | csr_array  # a row for each


def nearest(points: Points, k: int, new: Points | None = None, threads: int | None = None) -> Int[np.ndarray, "_ _"]:
    """The k nearest points of each of `new`, in single precision; None: of each point but itself. -1 is none (HNSW).

    Raises MissingExtra without faiss, where more than `EXACT` dense points are looked at."""
    asked: Any = points if new is None else new
    rows = asked.shape[0]
    if k < 1:
        return np.zeros((rows, 0), np.int64)
    sparse = isinstance(points, csr_array)
    among, asked = (points, asked) if sparse else _narrow(points, asked)
    search = _exact if sparse or len(points) <= EXACT else _small_world
    found = search(among, k + (new is None), asked, threads)
    if new is not None:
        return found
    own = found == np.arange(rows)[:, None]
    own[~own.any(axis=1), -1] = True  # k + 1 others at the very same place
    return found[~own].reshape(rows, k)


def squares(
    points: Any, new: Any, source: Int[np.ndarray, " pairs"], target: Int[np.ndarray, " pairs"]
) -> Float[np.ndarray, " pairs"]:
    """The squared distance (pairs,) from `source` of `new` to `target` of `points`, in double precision."""
    square = np.empty(len(source))
    rows, columns = points.shape
    width = points.nnz // rows if isinstance(points, csr_array) else columns
    step = max((CHUNK if isinstance(points, csr_array) else PAIRS) // max(width, 1), 1)
    for i in range(0, len(source), step):
        apart = new[source[i : i + step]] - points[target[i : i + step]]
        square[i : i + step] = (apart**2).sum(axis=1)
    return square


def places(
    points: Points, source: Int[np.ndarray, " pairs"], target: Int[np.ndarray, " pairs"]
) -> Int[np.ndarray, " points"]:
    """A number for each point, the same for those that are equal; of each of those the
    pairs hold one at least.

    >>> places(np.array([[1.0], [2.0], [0.0], [-0.0], [1.0]]), np.array([0, 2, 3, 4]), np.array([4, 3, 2, 0])).tolist()
    [0, 1, 2, 2, 0]
    """
    first = dict[bytes, int]()
    ends = list[int]()
    alike = np.unique(source)
    for i in alike.tolist():  # where there are more equals than neighbours, pairs may leave them in groups
        if isinstance(points, csr_array):
            inside = slice(points.indptr[i], points.indptr[i + 1])
            row = points.indices[inside].tobytes() + points.data[inside].tobytes()
        else:
            row = (points[i] + 0.0).tobytes()  # -0 is 0
        ends.append(first.setdefault(row, i))
    source, target = np.append(source, alike), np.append(target, ends).astype(int)
    rows = len(points) if isinstance(points, np.ndarray) else points.indptr.size - 1
    pairs = csr_array((np.ones(len(source)), (source, target)), shape=(rows, rows))
    return connected_components(pairs, directed=False)[1]


def _narrow(points: Any, new: Any) -> tuple[np.ndarray, np.ndarray]:
    """In single precision, which is finer near 0."""
    middle = points.mean(axis=0)
    size = np.abs(points - middle).max() or 1
    among = np.ascontiguousarray((points - middle) / size, np.float32)
    beyond = 1e9  # squares of what is farther would overflow, and it is near to none
    return among, among if new is points else np.clip((new - middle) / size, -beyond, beyond).astype(np.float32)


def _exact(points: Any, k: int, new: Any, threads: int | None) -> np.ndarray:
    found, rows = np.empty((new.shape[0], k), np.int64), points.shape[0]
    half, across = np.asarray((points**2).sum(axis=1)) / 2, points.T
    across = csr_array(across) if isinstance(points, csr_array) else across
    step = max(CHUNK // rows, 1)

    def some(i: int) -> None:
        product = new[i : i + step] @ across
        product = product.toarray() if isinstance(product, csr_array) else product
        apart = np.subtract(half, product, out=product)
        found[i : i + step] = np.argpartition(apart, k - 1, axis=1)[:, :k]

    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        list(pool.map(some, range(0, len(found), step)))
    return found


def _small_world(points: Any, k: int, new: Any, threads: int | None) -> np.ndarray:
    faiss: Any = require("faiss", "knn", "link many points to their nearest")
    index, usual = faiss.IndexHNSWFlat(points.shape[1], 32), faiss.omp_get_max_threads()
    index.hnsw.efSearch = 4 * k
    try:
        faiss.omp_set_num_threads(1)  # threads would add points in another order each time
        index.add(points)
        faiss.omp_set_num_threads(threads or usual)
        return index.search(new, k)[1]
    finally:
        faiss.omp_set_num_threads(usual)
