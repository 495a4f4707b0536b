"""Points in the plane whose distribution is known: a grid of Gaussians, and a spiral.

25 Gaussians   means {-2, -1, 0, 1, 2}², standard deviation 0.05    Gulrajani et al. 2017; Azadi et al. 2019
Swiss roll     t = 3π/2 (1 + 2u), (t cos t, t sin t) / 7.5, plus noise      Marsland 2009, chapter 6
"""

import numpy as np
from jaxtyping import Float

SPREAD = 0.05
MEANS = np.stack(np.meshgrid(np.arange(-2.0, 3.0), np.arange(-2.0, 3.0), indexing="ij"), -1).reshape(-1, 2)


def gaussians(number: int = 100_000, seed: int | np.random.Generator = 1) -> Float[np.ndarray, "number 2"]:
    """Points of a mixture of 25 equal Gaussians, float32.

    >>> gaussians(4).shape
    (4, 2)
    """
    random = np.random.default_rng(seed)
    mean = MEANS[random.integers(len(MEANS), size=number)]
    return (mean + SPREAD * random.standard_normal((number, 2))).astype(np.float32)


def swiss_roll(number: int = 100_000, seed: int | np.random.Generator = 1) -> Float[np.ndarray, "number 2"]:
    """Points of a spiral, float32.

    >>> bool(abs(swiss_roll(100)).max() < 2.1)
    True
    """
    random = np.random.default_rng(seed)
    t = 1.5 * np.pi * (1 + 2 * random.random(number))
    spiral = np.stack([t * np.cos(t), t * np.sin(t)], 1) / 7.5
    return (spiral + 0.033 * random.standard_normal((number, 2))).astype(np.float32)
