"""A network with missing links is walked as if every two nodes had a weak link: a prior, which fades as links are seen.

Between i and j it weighs γ_ij = λ (ln N / N) κ_i^out κ_j^in / ⟨w⟩, with κ the mean weight of a node's links and ⟨w⟩ of
all (Smiljanić, Edler & Rosvall 2020, 2021). From i, whose links weigh s_i, a prior link is taken with probability
γ_i / (s_i + γ_i) and lands in proportion to κ^in: as recorded teleportation, with a rate of each node's own.
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from minent.community.walk.stationary import as_settled_as_rounding_lets, stationary
from minent.errors import BadInput


def prior(
    strength_out: Float[np.ndarray, " nodes"],
    strength_in: Float[np.ndarray, " nodes"],
    degree_out: Float[np.ndarray, " nodes"],
    degree_in: Float[np.ndarray, " nodes"],
    mean: float,
    amount: float,
) -> tuple[Float[np.ndarray, " nodes"], Float[np.ndarray, " nodes"]]:
    """γ_i, the strength of each node's prior links, and the chance to land on each.

    A node without links out, or in, counts as one with the lightest.
    """
    nodes = len(strength_out)
    leaving, landing = _mean_weights(strength_out, degree_out), _mean_weights(strength_in, degree_in)
    total = landing.sum()
    return amount * np.log(nodes) / nodes * leaving * total / mean, landing / total


def _mean_weights(strength: np.ndarray, degree: np.ndarray) -> np.ndarray:
    linked = degree > 0
    weights = np.divide(strength, degree, out=np.zeros(len(degree)), where=linked)
    return np.where(linked, weights, weights[linked].min())


def settled(
    links: Any, chance: Float[np.ndarray, " nodes"], landing: Float[np.ndarray, " nodes"]
) -> Float[np.ndarray, " nodes"]:
    """The visit rates that a step does not change; `chance`, that each unit of weight at a node is taken, leaves out
    what prior links take."""
    back = links.T.tocsr()
    enough = as_settled_as_rounding_lets(back)
    visit, change = stationary(lambda visit: back @ (visit * chance), landing, 100_000, enough)
    if not enough(*change):
        raise BadInput("the walk does not settle with so weak a prior; a larger regularised settles sooner")
    return visit
