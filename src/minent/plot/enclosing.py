"""The smallest disc around discs, by steps towards the farthest of them, each shorter than the last (Bădoiu & Clarkson
2003)."""

import numpy as np
from jaxtyping import Complex, Float, Int


def around_zero(
    at: Complex[np.ndarray, " discs"], size: Float[np.ndarray, " discs"], group: Int[np.ndarray, " discs"], groups: int
) -> tuple[Complex[np.ndarray, " discs"], Float[np.ndarray, " groups"]]:
    """Each group moved so that its smallest enclosing disc is around 0, and its radius."""
    starts = np.searchsorted(group, np.arange(groups))
    centre = np.zeros(groups, complex)
    for step in range(1, 60):
        reach = np.abs(at - centre[group]) + size
        farthest = np.lexsort((reach, group))[np.append(starts[1:], len(at)) - 1]
        centre = centre + (at[farthest] - centre) * (1 - size[farthest] / np.maximum(reach[farthest], 1e-30)) / (
            step + 1
        )
    at = at - centre[group]
    return at, np.maximum.reduceat(np.abs(at) + size, starts)
