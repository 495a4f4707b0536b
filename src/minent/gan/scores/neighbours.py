"""Whether what was drawn lies where real samples lie, and whether it lies everywhere there.

With B(x) the ball around x that reaches its k-th nearest neighbour in x's own sample, real x_i and drawn y_j,

    precision   share of y_j in some B(x_i)             recall     share of x_i in some B(y_j)
    density     mean over j of #{i: y_j in B(x_i)}/k    coverage   share of B(x_i) with some y_j in it
Kynkäänniemi et al. 2019; Naeem et al. 2020. Precision alone is highest for a generator that draws one good sample.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from minent.errors import BadInput
from minent.gan.scores.distances import BLOCK

Vectors = Float[np.ndarray, "_ dimension"]


def neighbour_scores(real: Vectors, drawn: Vectors, k: int = 5) -> dict[str, float]:
    """Precision, recall, density and coverage; best taken of as many drawn as real. Time grows as real × drawn.

    Raises BadInput for samples of not more than k.

    >>> x = np.random.default_rng(0).standard_normal((100, 2))
    >>> neighbour_scores(x, x + 100)["recall"], neighbour_scores(x, x)["coverage"]
    (0.0, 1.0)
    """
    if min(len(real), len(drawn)) <= k or k < 1:
        raise BadInput(f"balls that hold {k} neighbours want more samples; got {len(real)} and {len(drawn)}")
    real, drawn = real.astype(float), drawn.astype(float)
    radius, other = (
        np.concatenate([np.partition(part, k, axis=1)[:, k] for _, part in _squares(sample, sample)])  # 0: itself
        for sample in (real, drawn)
    )
    hits, covered, recalled = np.zeros(len(drawn)), 0, 0
    for rows, apart in _squares(real, drawn):
        inside = apart <= radius[rows, None]
        hits += inside.sum(0)
        covered += int(inside.any(1).sum())
        recalled += int((apart <= other[None]).any(1).sum())
    return {
        "precision": float((hits > 0).mean()),
        "recall": recalled / len(real),
        "density": float(hits.mean() / k),
        "coverage": covered / len(real),
    }


def _squares(one: Vectors, other: Vectors) -> Iterator[tuple[slice, np.ndarray]]:
    """Squared distances, some rows at a time; those of a vector to itself come out as 0 up to rounding."""
    squares = (other**2).sum(1)[None]
    for i in range(0, len(one), BLOCK):
        part = one[i : i + BLOCK]
        yield slice(i, i + BLOCK), np.maximum((part**2).sum(1)[:, None] - 2 * part @ other.T + squares, 0)
