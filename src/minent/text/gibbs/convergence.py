"""Whether chains have come to say the same, and how many independent draws their draws are worth.

    R̂ = √( ((n−1)/n W + B/n) / W )      of chains split in halves: W variance within, B between
    ESS = m n / (1 + 2 Σ_t ρ_t)          ρ_t = 1 − (W − mean autocovariance_t) / var⁺
(Gelman et al. 2013, Bayesian Data Analysis, 11.4 and 11.5). R̂ is of normal scores of ranks, Φ⁻¹((r − 3/8)/(mn + 1/4)),
the greater one of those of the draws and of their distances from the median, so that neither a wild draw nor chains
that differ in spread alone are missed (Vehtari et al. 2021, arXiv:1903.08008). The sum of ESS is cut where neighbouring
ρ_t add up to less than 0, and made to fall (Geyer 1992); both are as ArviZ has them (rank R̂, ESS of the mean). They are
of one number a state, such as its energy: they tell nothing of what that number does not see.
"""

import numpy as np
from jaxtyping import Float
from scipy.stats import norm, rankdata

from minent.errors import BadInput


def r_hat(draws: Float[np.ndarray, "chains n"]) -> float:
    """Rank-normalised split R̂: 1 where halves of chains cannot be told apart. Raises BadInput for fewer than four
    draws a chain.

    >>> normal = np.random.default_rng(0).normal(size=(4, 1000))
    >>> round(r_hat(normal), 2), round(r_hat(normal + np.arange(4)[:, None]), 1)
    (1.0, 1.6)
    """
    halves = _halves(draws)
    return max(_ratio(_scores(one)) for one in (halves, np.abs(halves - np.median(halves))))


def _ratio(halves: np.ndarray) -> float:
    within, total = _variances(halves)
    return float(np.sqrt(total / within)) if within > 0 else (1.0 if total == 0 else float("inf"))


def _scores(draws: np.ndarray) -> np.ndarray:
    """Normal scores of the ranks among all draws, ties sharing theirs."""
    ranks = rankdata(draws.ravel()).reshape(draws.shape)
    return norm.ppf((ranks - 0.375) / (draws.size + 0.25))


def effective_sample_size(draws: Float[np.ndarray, "chains n"]) -> float:
    """How many independent draws would give as exact a mean. Raises BadInput for fewer than four draws a chain.

    >>> normal = np.random.default_rng(0).normal(size=(4, 1000))
    >>> 3500 < effective_sample_size(normal) < 4500
    True
    """
    halves = _halves(draws)
    m, n = halves.shape
    within, total = _variances(halves)
    if total == 0:
        return float(m * n)
    centred = halves - halves.mean(1, keepdims=True)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(centred, size, axis=1)) ** 2
    covariance = np.fft.irfft(spectrum, size, axis=1)[:, :n].mean(0) / n
    correlation = 1 - (within - covariance) / total
    correlation[0] = 1.0
    pairs = correlation[: n // 2 * 2].reshape(-1, 2).sum(1)
    negative = np.flatnonzero(pairs <= 0)
    count = max(min(int(negative[0]) if len(negative) else n, (n - 3) // 2), 0)
    last = correlation[2 * count]  # one more of the pair that is left out; none where it and its pair are below 0
    last = last if last > 0 or pairs[count] >= 0 else 0.0
    time = max(2 * np.minimum.accumulate(pairs[:count]).sum() - 1 + last, 1 / np.log10(m * n))
    return float(m * n / time)


def _halves(draws: np.ndarray) -> np.ndarray:
    """Each chain as two; the odd draw in the middle is left out."""
    n = draws.shape[1]
    if n < 4:
        raise BadInput(f"chains are compared by four draws or more; got {n}")
    if not np.isfinite(draws).all():
        raise BadInput("draws must be finite numbers")
    return np.concatenate([draws[:, : n // 2], draws[:, n - n // 2 :]])


def _variances(halves: np.ndarray) -> tuple[float, float]:
    """W, and var⁺."""
    n = halves.shape[1]
    within = halves.var(1, ddof=1).mean()
    return float(within), float((n - 1) / n * within + halves.mean(1).var(ddof=1))
