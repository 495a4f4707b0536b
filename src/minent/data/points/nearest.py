"""The nearest of points to others: exactly, or among many dense ones along a small-world graph (HNSW: Malkov & Yashunin
2020).

|a − b|² = |a|² + |b|² − 2 a·b; of sparse points the products are made some rows at a time, and memory stays linear.
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array

from minent.errors import require

EXACT = 50_000  # dense points among which the nearest are looked for one by one
CHUNK = 1 << 22  # numbers that are multiplied at a time
Points = Float[np.ndarray, "_ _"] | csr_array  # a row for each


def nearest(points: Points, k: int, new: Points | None = None, threads: int | None = None) -> Int[np.ndarray, "_ _"]:
    """The k nearest points of each of `new`, in single precision; None: of each point but itself. -1 is none (HNSW)."""
    asked: Any = points if new is None else new
    rows = asked.shape[0]
    if k < 1:
        return np.zeros((rows, 0), np.int64)
    found = (_sparse if isinstance(points, csr_array) else _dense)(points, k + (new is None), new, threads)
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
    width = points.nnz // points.shape[0] if isinstance(points, csr_array) else points.shape[1]
    step = max(CHUNK // max(width, 1), 1)
    for i in range(0, len(source), step):
        apart = new[source[i : i + step]] - points[target[i : i + step]]
        square[i : i + step] = (apart**2).sum(axis=1)
    return square


def _dense(points: Any, k: int, new: Any, threads: int | None) -> np.ndarray:
    faiss: Any = require("faiss", "knn", "link points to their nearest")
    middle, usual = points.mean(axis=0), faiss.omp_get_max_threads()
    size = np.abs(points - middle).max() or 1  # nearer to 0, where single precision is finer
    points, queries = (
        None if x is None else np.ascontiguousarray((x - middle) / size, np.float32) for x in (points, new)
    )
    index = faiss.IndexFlatL2(points.shape[1])
    if len(points) > EXACT:
        index = faiss.IndexHNSWFlat(points.shape[1], 32)
        index.hnsw.efSearch = 4 * k
        faiss.omp_set_num_threads(1)  # threads would add points in another order each time
    try:
        index.add(points)
        faiss.omp_set_num_threads(threads or usual)
        return index.search(points if queries is None else queries, k)[1]
    finally:
        faiss.omp_set_num_threads(usual)


def _sparse(points: Any, k: int, new: Any, threads: int | None) -> np.ndarray:
    queries, length = points if new is None else new, np.asarray((points**2).sum(axis=1)) / 2
    found, across = np.empty((queries.shape[0], k), np.int64), csr_array(points.T)
    step = max(CHUNK // points.shape[0], 1)
    for i in range(0, len(found), step):
        apart = length - (queries[i : i + step] @ across).toarray()
        found[i : i + step] = np.argpartition(apart, k - 1, axis=1)[:, :k]
    return found
