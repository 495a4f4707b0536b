"""What scores of labels say of an example's own label."""

import numpy as np
from jaxtyping import Float64, Int64


def of_labels(scores: Float64[np.ndarray, "*rows outputs"]) -> Float64[np.ndarray, "*rows labels"]:
    """A copy, as scores of labels: where a model has one output z, a logit, those of 0 and 1 are 0 and z.

    >>> of_labels(np.array([[3.0], [-1.0]])).argmax(1)
    array([1, 0])
    """
    return scores.copy() if scores.shape[-1] > 1 else np.concatenate([np.zeros_like(scores), scores], -1)


def contradicted(
    scores: Float64[np.ndarray, "examples labels"], labels: Int64[np.ndarray, " examples"]
) -> Float64[np.ndarray, " examples"]:
    """How far another label is above an example's own.

    >>> contradicted(np.array([[1.0, 3.0], [1.0, 3.0]]), np.array([0, 1]))
    array([ 2., -2.])
    """
    rows, scores = np.arange(len(labels)), scores.copy()
    own = scores[rows, labels]
    scores[rows, labels] = -np.inf
    return scores.max(1) - own
