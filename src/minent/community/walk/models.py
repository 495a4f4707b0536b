"""The flow of a random walk under each flow model.

Undirected: p_i = s_i / Σ s, with strengths s. Directed: p is the PageRank (Rosvall & Bergstrom 2008); teleportation
that is not recorded leads to where links start, and only one further step p T, along links, is coded; teleportation
that is recorded leads to where links end, and is coded too (Lambiotte & Rosvall 2012).
"""

from dataclasses import replace

import numpy as np

from minent.community.walk import bipartite
from minent.community.walk.flow import Flow, along_links
from minent.community.walk.regularised import prior, settled
from minent.community.walk.stationary import pagerank
from minent.community.walk.weights import link_weights, node_shares, shares, weight_matrix, without_direction
from minent.data.networks.bipartite import Bipartite
from minent.data.networks.graph import Graph
from minent.data.networks.states import States
from minent.errors import BadInput

MODELS = ("undirected", "directed", "undirdir", "outdirdir", "rawdir", "precomputed")
TELEPORTATION = 0.15


def flow_of(
    network: Graph,
    *,
    model: str | None = None,
    teleportation: float = TELEPORTATION,
    recorded: bool = False,
    to_nodes: bool = False,
    regularised: float = 0.0,
) -> Flow:
    """The random walk on `network` under a flow model (None: "directed" for a directed network, else "undirected").

    - "undirected": links are walked both ways; of a directed network the two directions are added up.
    - "directed": PageRank with probability `teleportation`, which lands on links in proportion to their weights, or
      with `to_nodes` on nodes in proportion to their weights (all alike where they have none); `recorded`: teleporting
      is part of what is described.
    - "undirdir", "outdirdir", "rawdir": the link weights, divided by their sum, are the flow, and nodes are visited as
      often as entered (the reference implementation has three names for it).
    - "precomputed": the link weights are the flow as they stand; node weights, divided by their sum, the visit rates.

    Of a bipartite network the walk is that between primary nodes, undirected or directed, two steps of which are one
    (see `minent.community.walk.bipartite`).

    `regularised`, for the first two, is the strength of prior links (see `minent.community.walk.regularised`), which
    take the place of teleportation and are recorded.

    Raises BadInput for an unknown model, for a teleportation outside [0, 1] or with which the walk does not settle, for
    what is said of jumps where there are none, and for weights that the model cannot use.

    >>> import numpy as np
    >>> path = Graph.from_links(np.array([0, 1]), np.array([1, 2]))
    >>> flow_of(path).visit.tolist()
    [0.25, 0.5, 0.25]
    """
    model = model or ("directed" if network.directed else "undirected")
    if model not in MODELS:
        raise BadInput(f"the flow model must be one of {', '.join(MODELS)}; got {model!r}")
    if model != "directed" or regularised:
        said = {"teleportation": teleportation != TELEPORTATION, "recorded": recorded, "to_nodes": to_nodes}
        if without := [name for name, is_said in said.items() if is_said]:
            walk = "prior links are jumps, and there" if regularised else f"the flow model {model!r} has no jumps:"
            raise BadInput(f"{walk} {without[0]} would have no effect")
    if isinstance(network, Bipartite):
        return _between_primaries(network, model, teleportation, recorded or regularised > 0, to_nodes)
    if regularised:
        flow = _regularised(network, model, regularised)
    elif model == "undirected":
        flow = _undirected(network)
    elif model == "directed":
        flow = _directed(network, teleportation, recorded, to_nodes)
    elif model == "precomputed":
        flow = _precomputed(network)
    else:
        matrix = weight_matrix(network)
        flow = along_links(network, matrix, np.full(network.number_of_nodes, 1 / (matrix.sum() or 1.0)))
    return replace(flow, physical=network.physical) if isinstance(network, States) else flow


def _between_primaries(network: Bipartite, model: str, teleportation: float, coded: bool, to_nodes: bool) -> Flow:
    features = np.asarray(network.features)
    if model == "undirected" and not coded:
        return bipartite.undirected(_undirected(network), features)
    if model == "directed" and not coded:
        matrix = weight_matrix(network)
        landing = node_shares(network) if to_nodes else shares(matrix.sum(axis=1))
        return bipartite.directed(network, matrix, features, teleportation, landing)
    wanted = "undirected or directed, without prior links or recorded teleportation"
    raise BadInput(f"a bipartite network is walked by the flow models {wanted}")


def _undirected(network: Graph) -> Flow:
    if network.directed:
        network = without_direction(network)
    degree, weights = np.diff(network.indptr), link_weights(network.weights)
    entry = network.self_links
    loops = np.flatnonzero(entry >= 0)
    at_loops = np.zeros(len(degree))
    at_loops[loops] = 1.0 if weights is None else weights[entry[loops]]
    strength = degree.astype(float)
    if weights is not None and len(weights):
        strength[degree > 0] = np.add.reduceat(weights, network.indptr[:-1][degree > 0])
    total = float(strength.sum()) or 1.0
    visit = strength / total
    out = (strength - at_loops) / total if len(loops) else visit
    return Flow(network, visit, out, out, 1.0 if weights is None else weights, 1 / total)


def _directed(network: Graph, teleportation: float, recorded: bool, to_nodes: bool) -> Flow:
    matrix = weight_matrix(network)
    strength = matrix.sum(axis=1)
    landing = node_shares(network) if to_nodes else shares(matrix.sum(axis=0) if recorded else strength)
    chance = np.divide(1.0, strength, out=np.zeros(len(strength)), where=strength > 0)
    visit = pagerank(matrix, chance, landing, teleportation)
    if not recorded:
        return along_links(network, matrix, shares(visit * (strength > 0)) * chance)
    coded = along_links(network, matrix, visit * chance * (1 - teleportation))
    away = np.where(strength > 0, teleportation * visit, visit)
    return replace(coded, visit=visit, teleport_from=away, teleport_to=landing)


def _regularised(network: Graph, model: str, amount: float) -> Flow:
    if model not in ("undirected", "directed"):
        raise BadInput(f"prior links are for the flow models undirected and directed; got {model}")
    if isinstance(network, States):
        raise BadInput("prior links are between nodes; which states they would join, a network of states does not tell")
    if model == "undirected" and network.directed:
        network = without_direction(network)
    matrix = weight_matrix(network)
    n, total = network.number_of_nodes, matrix.sum()
    if not total:
        return _without_links(network)
    degree = np.diff(network.indptr).astype(float), np.bincount(network.indices, minlength=n).astype(float)
    strength = matrix.sum(axis=1)
    gamma, landing = prior(strength, matrix.sum(axis=0), *degree, total / len(network.indices), amount)
    away = gamma / (strength + gamma)
    chance = np.divide(1 - away, strength, out=np.zeros(n), where=strength > 0)
    both_ways = model == "undirected"
    visit = (strength + gamma) / (total + gamma.sum()) if both_ways else settled(matrix, chance, landing)
    flow = along_links(network, matrix, visit * chance)
    return replace(flow, visit=visit, teleport_from=visit * away, teleport_to=landing)


def _without_links(network: Graph) -> Flow:
    """Prior links alone, which are all alike: each step lands on any node by the same chance."""
    even, none = shares(np.ones(network.number_of_nodes)), np.zeros(network.number_of_nodes)
    return Flow(network, even, none, none, 0.0, teleport_from=even, teleport_to=even)


def _precomputed(network: Graph) -> Flow:
    if network.node_weights is None:
        raise BadInput("precomputed flow wants the visit rates as node weights; the network has no node weights")
    total = len(network.indices) if network.weights is None else network.weights.sum()
    if total > 1 + 1e-9:
        raise BadInput(f"precomputed link weights are flow per step and add up to at most 1; these to {total:g}")
    flow = along_links(network, weight_matrix(network), np.ones(network.number_of_nodes))
    return replace(flow, visit=node_shares(network))
