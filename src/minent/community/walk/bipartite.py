"""Two steps of a walk on a bipartite network are one, from a primary node over a feature to the next: features are
passed through and never named, so only primary nodes are visited.

From primary node i, and with T the chances along links, a walker goes to j by Σ_f T_if T_fj; with probability α, or
where links end on the way, it lands on j by chance t_j instead, walking on where it lands on a feature:
    p_j = Σ_i p_i (1 − α) Σ_f T_if T_fj + (1 − Σ_j Σ_i p_i (1 − α) Σ_f T_if T_fj) t_j
Undirected, p is the strength, and does not need teleporting. Links carry what a step of two along links does, without
teleporting: p_i T_if to features, and Σ_i p_i T_if T_fj back. Of links that all have their reverse both walks are one.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from minent.community.walk.flow import Flow, along_links
from minent.community.walk.stationary import pagerank
from minent.community.walk.weights import shares
from minent.data.networks.graph import Graph


def undirected(flow: Flow, features: Bool[np.ndarray, " nodes"]) -> Flow:
    """Two steps as one of the undirected walk."""
    out = 2 * flow.out
    return replace(flow, visit=shares(np.where(features, 0, flow.visit)), out=out, into=out, pace=2 * flow.pace)


def directed(
    network: Graph,
    matrix: Any,
    features: Bool[np.ndarray, " nodes"],
    teleportation: float,
    landing: Float[np.ndarray, " nodes"],
) -> Flow:
    """The walk along links of the weights `matrix`, which lands as told in `landing` on nodes of either kind."""
    strength = matrix.sum(axis=1)
    chance = np.divide(1.0, strength, out=np.zeros(len(strength)), where=strength > 0)
    landing = shares(np.where(features, 0, landing + matrix.T @ (np.where(features, landing, 0) * chance)))
    visit = pagerank(matrix, chance, landing, teleportation, double=True)
    away = shares(visit * (strength > 0)) * chance
    flow = along_links(network, matrix, away + matrix.T @ away * chance)
    return replace(flow, visit=visit)
