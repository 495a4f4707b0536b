"""How far two samples of vectors are apart, by all of them.

    sliced W₂²   mean over directions θ of ∫ (F⁻¹(q) - G⁻¹(q))² dq of the projections on θ     Rabin et al. 2011
    Fréchet      ‖μ - ν‖² + tr(Σ + T - 2 (Σ½ T Σ½)½)     Dowson & Landau 1982; of features, FID: Heusel et al. 2017
    KID          mean of k(x, x′) and of k(y, y′) over all pairs, less twice that of k(x, y); k(x, y) = (x·y/d + 1)³
                 Bińkowski et al. 2018; all samples at once in the place of theirs, a mean over parts
The first two are above 0 for two samples of one distribution: read them beside that floor. KID is 0 on average there.
"""

import numpy as np
from jaxtyping import Float

from minent.errors import BadInput

DIRECTIONS = 256
BLOCK = 1024  # rows of a matrix of pairs that are held at once
Vectors = Float[np.ndarray, "_ dimension"]


def sliced_wasserstein(one: Vectors, other: Vectors, seed: int = 0, directions: int = DIRECTIONS) -> float:
    """Sliced W₂, in the units of the vectors; the smaller sample's quantiles are compared.

    >>> round(sliced_wasserstein(np.zeros((5, 2)), np.ones((5, 2))), 1)  # √(2 · ½)
    1.0
    """
    theta = np.random.default_rng(seed).standard_normal((directions, one.shape[1]))
    theta /= np.linalg.norm(theta, axis=1, keepdims=True)
    count = min(len(one), len(other))
    at = (np.arange(count) + 0.5) / count
    total = 0.0
    for part in np.array_split(theta, max(1, directions // 32)):
        quantiles = []
        for sample in (one, other):
            ordered = np.sort(sample @ part.T, axis=0)
            quantiles.append(ordered if len(sample) == count else ordered[(at * len(sample)).astype(int)])
        total += float(((quantiles[0] - quantiles[1]) ** 2).mean(0).sum())
    return float(np.sqrt(total / directions))


def frechet(one: Vectors, other: Vectors) -> float:
    """The squared Fréchet distance of the two normal distributions with the samples' means and covariances.

    >>> x = np.random.default_rng(0).standard_normal((50, 3))
    >>> round(abs(frechet(x, x)), 6), round(frechet(x, x + 2), 6)
    (0.0, 12.0)
    """
    for sample in (one, other):
        if len(sample) < 2:
            raise BadInput(f"a covariance wants at least 2 samples; got {len(sample)}")
    gap = one.mean(0, dtype=float) - other.mean(0, dtype=float)
    first, second = (np.atleast_2d(np.cov(sample.astype(float), rowvar=False)) for sample in (one, other))
    value, vector = np.linalg.eigh(first)
    root = (vector * np.sqrt(value.clip(0))) @ vector.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(0)).sum()
    return max(0.0, float(gap @ gap + np.trace(first) + np.trace(second) - 2 * cross))  # by rounding below


def kernel_distance(one: Vectors, other: Vectors) -> float:
    """The squared distance of the samples' means in the space of all polynomials of degree 3, without bias: below 0 at
    times.

    >>> x = np.random.default_rng(0).standard_normal((50, 3))
    >>> kernel_distance(x, x[::-1]) < 0 < kernel_distance(x, x + 2)
    True
    """
    for sample in (one, other):
        if len(sample) < 2:
            raise BadInput(f"pairs want at least 2 samples; got {len(sample)}")
    own = sum(_kernel_sum(sample, sample, True) / (len(sample) * (len(sample) - 1)) for sample in (one, other))
    return float(own - 2 * _kernel_sum(one, other) / (len(one) * len(other)))


def _kernel_sum(one: Vectors, other: Vectors, but_itself: bool = False) -> float:
    one, other = one.astype(float), other.astype(float)
    total, dimension = 0.0, one.shape[1]
    for i in range(0, len(one), BLOCK):
        total += float(((one[i : i + BLOCK] @ other.T / dimension + 1) ** 3).sum())
    return total - (float((((one**2).sum(1) / dimension + 1) ** 3).sum()) if but_itself else 0.0)
