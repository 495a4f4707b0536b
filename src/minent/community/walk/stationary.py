"""The PageRank of a node is how often a walker is there who teleports now and then, and always where no link leads on.

With teleportation α landing on t, and steps T_ij = w_ij / Σ_k w_ik from the nodes that have links:
    p = (1 − α) p T + (α + (1 − α) Σ_{i dangling} p_i) t        (Page et al. 1999)
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from minent.errors import BadInput


def pagerank(
    links: Any,
    chance: Float[np.ndarray, " nodes"],
    landing: Float[np.ndarray, " nodes"],
    teleportation: float,
) -> Float[np.ndarray, " nodes"]:
    """The visit rates that a step does not change, to about 1e-13 in sum: the step is repeated until they settle.

    `links` is a scipy sparse matrix of link weights (nodes, nodes), and chance[i] that of each unit of weight at node i
    to be taken: 1 / its strength, 0 where it has no links. `landing` sums to 1, or to 0: then nobody walks.

    Raises BadInput for a teleportation outside [0, 1], and for one (0, say) with which the walk never settles.

    >>> from scipy.sparse import csr_array
    >>> pagerank(csr_array([[0, 1], [0, 0]]), np.array([1.0, 0.0]), np.array([0.5, 0.5]), 0.0).round(3).tolist()
    [0.333, 0.667]
    """
    if not 0 <= teleportation <= 1:
        raise BadInput(f"teleportation is a probability, from 0 to 1; got {teleportation}")
    visit, change, chance = landing, np.inf, (1 - teleportation) * chance
    if not landing.any():
        return visit
    for _ in range(int(40 / max(teleportation, 0.004)) + 1):  # each step brings it 1 - α times nearer at least
        after = links.T @ (visit * chance)
        after += (1 - after.sum()) * landing
        last, change, visit = change, np.abs(after - visit).sum(), after
        if change <= 1e-14 or last <= change < 1e-12:  # as settled as rounding lets it be
            return visit
    raise BadInput(f"the walk does not settle with teleportation {teleportation}; it does with 0.15")
