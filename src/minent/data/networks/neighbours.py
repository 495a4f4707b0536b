"""Points become a network when each is linked to its nearest, by how similar they are.

s_ij = 2^(−|x_i − x_j|² / σ_i σ_j), σ_i the distance from i to the farthest of its neighbours, so that 1/2 is as near as
that (local scaling: Zelnik-Manor & Perona 2004); by cosine x are points brought to length 1, so |x_i − x_j|² is
2 − 2 cos, and those at a right angle or more are not linked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array, diags_array, issparse

from minent.data.networks.graph import Graph
from minent.data.points.nearest import nearest, places, squares
from minent.data.points.vectors import checked
from minent.errors import BadInput

MOST = 40  # neighbours, where nobody says how many
METRICS = "auto", "cosine", "euclidean"
ROUNDED = 1e-9
LARGEST = 1e150
RIGHT = 2 - ROUNDED  # the squared distance of points of length 1 at a right angle
SAME = {"cosine": 1e-28, "euclidean": 0.0}  # squared distances below are those of bringing points to length 1
Links = tuple[Int[np.ndarray, " links"], Int[np.ndarray, " links"], Float[np.ndarray, " links"]]


def neighbour_graph(
    points: Any, *, undirected: bool = False, names: Iterable[Any] | None = None, **options: Any
) -> Graph:
    """The network that links each point to its nearest ones.

    points      (points, dimensions) finite numbers, dense or scipy sparse
    undirected  a link has no direction: found from both ends it counts twice
    neighbours  how many each is linked to, at most; None: 40, and no more than a quarter of the points
    metric      'cosine', 'euclidean', or 'auto': cosine for sparse points and for those of length 1, else euclidean
    similarity  links of less are left out, and so are those that are not positive: 0.5
    threads     to look for neighbours with; as many as there are cores if not given

    By euclidean distance the largest number is of size 1e-150 to 1e150, so that squares neither overflow nor vanish.
    Neighbours are looked for in single precision, links weighed in double. By cosine zeros are like nothing.
    Raises BadInput for points or options that cannot be used, MissingExtra without faiss for over 50,000 dense points.

    >>> neighbour_graph([[1, 0], [2, 0.1], [0, 3], [0.2, 4]], neighbours=2)
    Graph(4 nodes, 6 links, directed, weighted)
    """
    return Neighbourhood.of(points, **options).graph(undirected, names)


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Points as they are compared, and what their own links to their nearest are; more points can be linked to them."""

    points: Any  # (points, dimensions), dense or a csr_array
    metric: str
    neighbours: int
    similarity: float
    reach: Float[np.ndarray, " points"]  # σ
    links: Links
    place: Int[np.ndarray, " points"]  # a number, the same for points that are equal

    @classmethod
    def of(
        cls,
        points: Any,
        *,
        neighbours: int | None = None,
        metric: str = "auto",
        similarity: float = 0.5,
        threads: int | None = None,
    ) -> "Neighbourhood":
        """See `neighbour_graph`."""
        whole = isinstance(neighbours, int | np.integer) and not isinstance(neighbours, bool)
        if neighbours is not None and not (whole and neighbours >= 1):
            raise BadInput(f"neighbours must be a whole number of at least 1; got {neighbours!r}")
        if metric not in METRICS:
            raise BadInput(f"metric is 'auto', 'cosine' or 'euclidean'; got {metric!r}")
        if not similarity <= 1:
            raise BadInput(f"similarity must be at most 1; got {similarity}")
        points = cast(Any, checked(points))
        metric = metric if metric != "auto" else "cosine" if _of_directions(points) else "euclidean"
        points = _compared(_squarable(points, metric), metric)
        some = _placed(points, metric)
        most = min(MOST, -(-len(some) // 4)) if neighbours is None else int(neighbours)
        source, target, square = _near(points, some, points, some, most, threads, own=True, least=SAME[metric])
        reach = np.zeros(points.shape[0])
        np.maximum.at(reach, source, np.sqrt(square))
        links = _alike(source, target, square, reach, reach, metric, similarity)
        return cls(
            points, metric, most, similarity, reach, links, places(points, source[square == 0], target[square == 0])
        )

    def graph(self, undirected: bool = False, names: Iterable[Any] | None = None) -> Graph:
        """The network of the points."""
        names = range(self.points.shape[0]) if names is None else names
        return Graph.from_links(*self.links, directed=not undirected, names=names)

    def links_of(self, new: Any, threads: int | None = None) -> Links:
        """The links of new points (points, dimensions), each to its nearest of those that are known."""
        new = cast(Any, checked(new))
        if new.shape[1] != self.points.shape[1]:
            raise BadInput(f"points of {self.points.shape[1]} dimensions are known; new ones have {new.shape[1]}")
        sparse = isinstance(self.points, csr_array)
        new = csr_array(new) if sparse else new.toarray() if isinstance(new, csr_array) else new
        new = _compared(_squarable(new, self.metric, 0.0), self.metric)
        where = _placed(new, self.metric), _placed(self.points, self.metric)
        source, target, square = _near(
            new, where[0], self.points, where[1], self.neighbours, threads, own=False, least=SAME[self.metric]
        )
        reach = np.zeros(new.shape[0])
        np.maximum.at(reach, source, np.sqrt(square))
        return _alike(source, target, square, reach, self.reach, self.metric, self.similarity)


def _of_directions(points: Any) -> bool:
    """Whether directions are what points tell: they are sparse, or their lengths are all the same."""
    if issparse(points):
        return True
    if points.shape[1] == 1 or np.abs(points).max() > 1.1:
        return False
    length = np.linalg.norm(points, axis=1)
    return bool(length.any() and (np.abs(length[length > 0] - 1) < 1e-4).all())


def _squarable(points: Any, metric: str, least: float = 1 / LARGEST) -> Any:
    """Raises BadInput where squares of distances would overflow, or vanish."""
    largest = float(abs(points).max()) if metric != "cosine" else 1.0
    if not least <= largest <= LARGEST and largest > 0:
        raise BadInput(f"distances are told from numbers of sizes {1 / LARGEST:g} to {LARGEST:g}; got {largest:g}")
    return points


def _compared(points: Any, metric: str) -> Any:
    if metric != "cosine":
        return points
    largest = np.asarray(abs(points).max(axis=1).toarray() if issparse(points) else np.abs(points).max(axis=1)).ravel()
    scale = 1 / np.where(largest > 0, largest, 1)  # squares neither overflow nor vanish
    points = csr_array(diags_array(scale) @ points) if issparse(points) else points * scale[:, None]
    length = np.sqrt(np.asarray((points**2).sum(axis=1)).ravel())
    scale = 1 / np.where(length > 0, length, 1)
    return csr_array(diags_array(scale) @ points) if issparse(points) else points * scale[:, None]


def _placed(points: Any, metric: str) -> Int[np.ndarray, " places"]:
    """The points that have a place: by cosine zeros have none, and are nobody's nearest."""
    if metric != "cosine":
        return np.arange(points.shape[0])
    return np.flatnonzero(np.diff(points.indptr) if isinstance(points, csr_array) else points.any(axis=1))


def _near(new, placed, points, some, neighbours, threads, *, own, least) -> Links:
    """Each new point that has a place, each of its nearest points, and their squared distance."""
    among, asked = points[some], new[placed]
    k = min(neighbours, len(some) - own)
    near = nearest(among, k, None if own else asked, threads) if len(placed) and k > 0 else np.zeros((0, 1), np.int64)
    source, target = np.repeat(np.arange(len(near)), near.shape[1]), near.ravel()
    found = target >= 0
    source, target = source[found], target[found]
    square = squares(among, asked, source, target)
    return placed[source], some[target], np.where(square < least, 0, square)


def _alike(source, target, square, reach, known, metric, similarity) -> Links:
    """The links that are firm enough."""
    scale = reach[source] * known[target]
    far = np.divide(square, scale, out=np.where(square > 0, np.inf, 0.0), where=scale > 0)
    weight = np.exp2(-far)
    keep = (weight >= similarity * (1 - ROUNDED)) & (weight > 0) & ((metric != "cosine") | (square < RIGHT))
    return source[keep], target[keep], weight[keep]
