"""The map equation as scikit-learn's users expect it: an estimator that finds clusters and is not told how many."""

import os
import warnings
from typing import Any

import numpy as np

from minent.community.options import Points, seeded
from minent.community.points.assign import assign
from minent.community.points.cluster import clustered
from minent.data.networks.neighbours import Neighbourhood
from minent.data.networks.objects import as_graph
from minent.errors import BadInput, require

require("sklearn", "knn", "cluster points as scikit-learn does")

from sklearn.base import BaseEstimator, ClusterMixin  # noqa: E402
from sklearn.utils.validation import check_is_fitted, validate_data  # noqa: E402

DEFAULT = Points()


class Infomap(ClusterMixin, BaseEstimator):
    """Clusters of points, dense or sparse, or of a network, by the map equation; parameters as in
    `minent.community.cluster`, and two by the names that scikit-learn has for them:

    random_state    a whole number, a numpy Generator or RandomState; None: drawn anew each time
    n_jobs          threads; -1 or None: as many as there are cores, -2 one fewer

    metric="precomputed": `fit` takes a square matrix of link weights, dense or scipy sparse, such as a transformer of
    scikit-learn's makes in a Pipeline (weights are similarities, not distances).

    labels_         (samples,) the module of each sample, from 0, the most visited first
    codelength_     bits per step
    tree_           the `Tree`
    n_features_in_  columns that `fit` saw

    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> points = np.repeat([[9, 0, 0], [0, 9, 0], [0, 0, 9]], 20, axis=0) + random.normal(size=(60, 3))
    >>> found = Infomap(neighbours=10).fit(points)
    >>> found.labels_[[0, 20, 40]].tolist(), found.predict([[9, 0, 1], [0, 0, 8], [9, 9, 900]]).tolist()
    ([0, 1, 2], [0, 2, -1])
    """

    def __init__(  # as scikit-learn asks, any value is taken here and looked at in `fit`
        self,
        neighbours: Any = DEFAULT.neighbours,
        metric: Any = DEFAULT.metric,
        similarity: Any = DEFAULT.similarity,
        undirected: Any = DEFAULT.undirected,
        markov_time: Any = DEFAULT.markov_time,
        nested: Any = DEFAULT.nested,
        effort: Any = DEFAULT.effort,
        trials: Any = DEFAULT.trials,
        random_state: Any = DEFAULT.seed,
        n_jobs: Any = DEFAULT.threads,
    ):
        self.neighbours = neighbours
        self.metric = metric
        self.similarity = similarity
        self.undirected = undirected
        self.markov_time = markov_time
        self.nested = nested
        self.effort = effort
        self.trials = trials
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> "Infomap":
        """Find the clusters of X (samples, features); y is not looked at."""
        given = self.metric == "precomputed"
        chosen: dict[str, Any] = {**self.get_params(), "metric": DEFAULT.metric if given else self.metric}
        seed, threads = _seed(chosen.pop("random_state")), _threads(chosen.pop("n_jobs"))
        options = Points(**chosen, seed=seed, threads=threads)
        X = validate_data(self, X, accept_sparse=("csr", "coo"))
        if given:
            from scipy.sparse import csr_array

            if X.shape[0] != X.shape[1]:
                raise BadInput(f"metric='precomputed' wants a square matrix of link weights; got {X.shape}")
            if _as_distances(X):
                warnings.warn(
                    "these look like distances: nothing of a sample to itself, and no two samples further apart than "
                    "by way of a third; metric='precomputed' takes link weights, the larger the closer",
                    stacklevel=2,
                )
            network, self._known = as_graph(csr_array(X), directed=False if self.undirected else None), None
            place = None
        else:
            self._known = Neighbourhood.of(X, **options.linked)
            network, place = self._known.graph(self.undirected), self._known.place
        self.tree_ = clustered(network, options, place)
        self.labels_ = self.tree_.labels.astype(np.int64)
        self.codelength_ = self.tree_.codelength
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The cluster (samples,) of each row of X (samples, features): the one with the largest weight of its links to
        its nearest among the points that `fit` saw; -1 where it is like none of them."""
        check_is_fitted(self)
        if self._known is None:
            raise BadInput("new points are told by the nearest known ones; metric='precomputed' knows no points")
        X = validate_data(self, X, accept_sparse=("csr", "coo"), reset=False)
        return assign(self._known, self.labels_, X, _threads(self.n_jobs))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.metric == "precomputed"
        tags.input_tags.sparse = True
        return tags


def _seed(random_state: Any) -> int:
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    return seeded(random_state)


def _threads(jobs: Any) -> int | None:
    """Threads as scikit-learn counts them: -1 is all, -2 all but one."""
    if jobs is None:
        return None
    if isinstance(jobs, bool) or not isinstance(jobs, int | np.integer) or jobs == 0:
        raise BadInput(f"n_jobs must be None or a whole number other than 0; got {jobs!r}")
    return int(jobs) if jobs > 0 else max(1, (os.cpu_count() or 1) + 1 + int(jobs))


def _as_distances(X: Any) -> bool:
    """Whether square weights are as distances are, as far as can be seen: those of all pairs, where no way by a third
    is shorter (of so many drawn ones); or, sparse, rows that begin with their own 0 and go up, as scikit-learn's do."""
    n = X.shape[0]
    if hasattr(X, "indptr"):
        first, last = X.indptr[:-1], X.indptr[1:]
        if n < 3 or (last - first < 2).any() or (X.indices[first] != np.arange(n)).any() or X.data[first].any():
            return False
        up = np.diff(X.data) >= 0
        up[first[1:] - 1] = True  # from one row to the next
        return bool(up.all())
    if n < 3 or np.count_nonzero(X) != n * (n - 1) or np.diag(X).any():
        return False
    a, b, c = np.random.default_rng(0).integers(0, n, (3, 20_000))
    return bool((X[a, b] <= (X[a, c] + X[c, b]) * (1 + 1e-9)).all())
