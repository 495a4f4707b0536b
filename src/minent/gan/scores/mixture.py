"""How well points cover a mixture whose modes are known.

    high quality    within 3 standard deviations of the nearest mean
    covered         modes with a quarter of their share of all points, or more, of high quality
    KL              Σ_k p_k log(p_k K), p_k the share of the points of high quality that are nearest to mode k
As Lin et al. 2018, "PacGAN", section 4.1, but that there one point of high quality covers a mode: by that measure even
points spread evenly over the square cover all 25. KL is of the points of high quality.
"""

import numpy as np
from jaxtyping import Float
from scipy.spatial import KDTree

from minent.data.points.toys import MEANS, SPREAD

NEAR = 3.0
COVERED = 0.25  # of a mode's share


def mixture_scores(
    drawn: Float[np.ndarray, "points 2"],
    means: Float[np.ndarray, "modes 2"] = MEANS,
    spread: float = SPREAD,
) -> dict[str, float]:
    """Modes covered, share of high quality, and KL in nats (inf where no point is of high quality).

    >>> scores = mixture_scores(np.array([[0.0, 0.0], [1.0, 1.0], [0.5, 0.5], [0.0, 0.1]]))
    >>> scores["modes"], scores["high_quality"], round(scores["kl"], 3)  # log 25 - entropy(1/3, 2/3)
    (2.0, 0.75, 2.582)
    """
    distance, nearest = map(np.asarray, KDTree(means).query(drawn))
    count = np.bincount(nearest[distance <= NEAR * spread], minlength=len(means))
    share = count[count > 0] / max(count.sum(), 1)
    kl = float((share * np.log(share * len(means))).sum()) if len(share) else float("inf")
    return {
        "modes": float((count >= COVERED * len(drawn) / len(means)).sum()),
        "high_quality": float(count.sum() / len(drawn)),
        "kl": kl,
    }
