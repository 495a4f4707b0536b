"""The map equation as scikit-learn's users expect it: an estimator that finds clusters and is not told how many."""

from typing import Any

import numpy as np

from minent.community.options import Points, seeded
from minent.community.points.cluster import clustered
from minent.data.networks.neighbours import neighbour_graph
from minent.data.networks.objects import as_graph
from minent.errors import BadInput, require

require("sklearn", "knn", "cluster points as scikit-learn does")

from sklearn.base import BaseEstimator, ClusterMixin  # noqa: E402
from sklearn.utils.validation import validate_data  # noqa: E402

DEFAULT = Points()


class Infomap(ClusterMixin, BaseEstimator):
    """Clusters of points, or of a network, by the map equation; parameters as in `minent.community.cluster`.

    metric="precomputed": `fit` takes a square matrix of link weights, dense or scipy sparse, such as a transformer of
    scikit-learn's makes in a Pipeline (weights are similarities, not distances).

    labels_         (samples,) the module of each sample, from 0, the most visited first
    codelength_     bits per step
    tree_           the `Tree`
    n_features_in_  columns that `fit` saw

    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> points = np.repeat([[9, 0, 0], [0, 9, 0], [0, 0, 9]], 20, axis=0) + random.normal(size=(60, 3))
    >>> Infomap(neighbours=10).fit_predict(points)[[0, 20, 40]].tolist()
    [0, 2, 1]
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
        seed: Any = DEFAULT.seed,
        threads: Any = DEFAULT.threads,
    ):
        self.neighbours = neighbours
        self.metric = metric
        self.similarity = similarity
        self.undirected = undirected
        self.markov_time = markov_time
        self.nested = nested
        self.effort = effort
        self.trials = trials
        self.seed = seed
        self.threads = threads

    def fit(self, X: Any, y: Any = None) -> "Infomap":
        """Find the clusters of X (samples, features); y is not looked at."""
        given = self.metric == "precomputed"
        metric = DEFAULT.metric if given else self.metric
        chosen: dict[str, Any] = {**self.get_params(), "metric": metric, "seed": seeded(self.seed)}
        options = Points(**chosen)
        X = validate_data(self, X, accept_sparse=("csr", "coo") if given else False)
        if given:
            from scipy.sparse import csr_array

            if X.shape[0] != X.shape[1]:
                raise BadInput(f"metric='precomputed' wants a square matrix of link weights; got {X.shape}")
            network = as_graph(csr_array(X), directed=False if self.undirected else None)
        else:
            network = neighbour_graph(X, **options.linked)
        self.tree_ = clustered(network, options)
        self.labels_ = self.tree_.labels.astype(np.int64)
        self.codelength_ = self.tree_.codelength
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.metric == "precomputed"
        tags.input_tags.sparse = self.metric == "precomputed"
        return tags
