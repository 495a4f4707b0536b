"""Whether what was drawn lies where real samples lie, and whether it lies everywhere there.

With B(x) the ball around x that reaches its k-th nearest neighbour in x's own sample, real x_i and drawn y_j,

    precision   share of y_j in some B(x_i)             recall     share of x_i in some B(y_j)
    density     mean over j of #{i: y_j in B(x_i)}/k    coverage   share of B(x_i) with some y_j in it
Kynkäänniemi et al. 2019; Naeem et al. 2020. Precision alone is highest for a generator that draws one good sample.
"""

import numpy as np
from jaxtyping import Float

from minent.errors import BadInput

Vectors = Float[np.ndarray, "_ dimension"]


def neighbour_scores(real: Vectors, drawn: Vectors, k: int = 5) -> dict[str, float]:
    """Precision, recall, density and coverage; best taken of as many drawn as real. Memory grows as real × drawn.

    Raises BadInput for samples of not more than k.

    >>> x = np.random.default_rng(0).standard_normal((100, 2))
    >>> neighbour_scores(x, x + 100)["recall"], neighbour_scores(x, x)["coverage"]
    (0.0, 1.0)
    """
    if min(len(real), len(drawn)) <= k or k < 1:
        raise BadInput(f"balls that hold {k} neighbours want more samples; got {len(real)} and {len(drawn)}")
    radius, other = (np.partition(_squares(sample, sample), k, axis=1)[:, k] for sample in (real, drawn))  # 0: itself
    apart = _squares(real, drawn)
    inside = apart <= radius[:, None]
    return {
        "precision": float(inside.any(0).mean()),
        "recall": float((apart <= other[None]).any(1).mean()),
        "density": float(inside.sum(0).mean() / k),
        "coverage": float(inside.any(1).mean()),
    }


def _squares(one: Vectors, other: Vectors) -> np.ndarray:
    """Squared distances; those of a vector to itself come out as 0 up to rounding."""
    one, other = one.astype(float), other.astype(float)
    return np.maximum((one**2).sum(1)[:, None] - 2 * one @ other.T + (other**2).sum(1)[None], 0)
