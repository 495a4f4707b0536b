"""What a description is to say beside the plain map equation, as changes of the walk and of the words that are counted.

Markov time t          flows between nodes times t: a code every t-th step (Kheirkhahzadeh et al. 2016)
variable Markov time   t_ij = s_max / max(s_i, s_j), of a directed link s_max / s_i, with the local scale
                       s_i = max(1, log₂(links · p_i)), links counted at both ends (Edler, Holmgren & Rosvall 2022);
                       "undirdir", whose flow is thought of as undirected, heeds both ends too, as the reference does
preferred modules      |number − preferred| bits more; modules of nodes without links to others do not count
entropy correction     (words − 1) / (2 N ln 2) bits more for every codebook of N uses (Miller & Madow): too few
                       links make entropies too small (with metadata too, where the reference leaves it out unsaid)
metadata               η Σ_m p_m H(labels in m) bits more (Emmons & Mucha 2019)
"""

import os
from dataclasses import replace
from math import log
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from minent.community.options import Objective
from minent.community.walk.codewords import words_of
from minent.community.walk.flow import Flow
from minent.community.walk.models import flow_of
from minent.data import States, as_graph
from minent.data.networks.lines.attributes import read_attributes
from minent.data.networks.naming.labels import labels_of
from minent.data.networks.states import located
from minent.data.networks.thinned import thinned
from minent.errors import BadInput


def walk_of(
    network: Any,
    directed: bool | None,
    objective: Objective,
    metadata: Any,
    *,
    flow_model: str | None = None,
    no_self_links: bool = False,
    weight_threshold: float = 0.0,
    **walk: Any,
) -> Flow:
    """The walk on a network without the links that are left out, and what of it is described."""
    if directed is None and flow_model is not None:
        directed = flow_model != "undirected"
    graph, _ = thinned(as_graph(network, directed=directed), no_self_links, weight_threshold)
    check(objective)
    flow = flow_of(graph, model=flow_model, regularised=objective.regularised, **walk)
    return described(flow, objective, metadata, both_ends=not graph.directed or flow_model == "undirdir")


def on_disk(
    flow_model: str | None,
    objective: Objective,
    overlapping: bool,
    recorded: bool = False,
    directed: bool | None = None,
) -> bool:
    """Whether all of a walk follows from links as they lie on disk. Others change them one by one, or describe jumps,
    with which nodes move one by one."""
    plain = flow_model != "precomputed" and not (directed and flow_model == "undirected") and not recorded
    plain = plain and not objective.regularised and not overlapping
    return plain and objective.markov_time == 1 and not objective.variable_markov_time


def described(flow: Flow, objective: Objective, metadata: Any = None, both_ends: bool | None = None) -> Flow:
    """The walk with what `objective` says; `metadata` is a label for each node, None where it has none,
    as `labels_of` takes them; in variable Markov time `both_ends` of a link say its time (None: where links have no
    direction), or its source.

    Raises BadInput for what cannot be, or cannot be together.
    """
    check(objective)
    if metadata is None and (objective.metadata_rate != 1 or not objective.metadata_weighted):
        name = "metadata_rate" if objective.metadata_rate != 1 else "metadata_weighted"
        raise BadInput(f"{name} is that of metadata, and there is none")
    flow = _in_markov_time(flow, objective, not flow.network.directed if both_ends is None else both_ends)
    nodes, kinds = len(flow.visit), []
    if flow.physical is not None:
        kinds.append((flow.physical, flow.visit, 1.0))
    if metadata is not None:
        labels = _labels(metadata, flow)
        known = labels >= 0
        share = flow.visit if objective.metadata_weighted else np.full(nodes, 1 / max(nodes, 1))
        eta, amount = objective.metadata_rate, np.where(known, share, 0.0)
        kinds += [(np.where(known, labels, 0), amount, eta), (np.zeros(nodes, np.int32), amount, -eta)]
    price = 0.0
    if objective.entropy_corrected:
        price = objective.entropy_corrected / (2 * _uses(flow) * log(2))
    if not kinds and not price and objective.preferred_modules is None:
        return flow
    preferred = objective.preferred_modules
    preferred = None if preferred is None else preferred + int(flow.lone.sum())  # which searches leave alone
    words = words_of(kinds, flow.physical is not None, price, preferred, nodes)
    return replace(flow, words=words)


def check(objective: Objective) -> None:
    """Raises BadInput for a value that cannot be."""
    if not 0 < objective.markov_time < np.inf:
        raise BadInput(f"markov_time must be above 0 and finite; got {objective.markov_time}")
    for name in ("regularised", "entropy_corrected", "metadata_rate"):
        if not 0 <= getattr(objective, name) < np.inf:
            raise BadInput(f"{name} must be at least 0; got {getattr(objective, name)}")
    if objective.preferred_modules is not None and objective.preferred_modules < 1:
        raise BadInput(f"preferred_modules must be at least 1; got {objective.preferred_modules}")


def _in_markov_time(flow: Flow, objective: Objective, both_ends: bool) -> Flow:
    if objective.markov_time == 1 and not objective.variable_markov_time:
        return flow
    if flow.teleport_from is not None:
        raise BadInput("Markov time is that of steps over links; it is not defined for recorded teleportation")
    network, n = flow.network, len(flow.visit)
    source = np.repeat(np.arange(n), np.diff(network.indptr))
    target, link = network.indices, np.broadcast_to(np.asarray(flow.link, float), len(network.indices))
    time = np.full(len(source), objective.markov_time)
    if objective.variable_markov_time:
        scale = local_scale(flow)
        ends = np.maximum(scale[source], scale[target]) if both_ends else scale[source]
        time = time * scale.max(initial=1.0) / ends
    link = link * time
    other = source != target
    out = np.bincount(source[other], link[other], n).astype(float)
    into = out if flow.reversible else np.bincount(target[other], link[other], n).astype(float)
    return replace(flow, amount=link, pace=1.0, out=out, into=into)


def local_scale(flow: Flow) -> Float[np.ndarray, " nodes"]:
    """How far the walk spreads from each node, in bits: log₂ of the links of mean weight that it is visited by."""
    source, target, _ = flow.network.links()
    links = flow.visit * (2 * len(source) - np.count_nonzero(source == target))
    return np.maximum(np.log2(links, out=np.zeros(len(links)), where=links > 0), 1.0)


def _uses(flow: Flow) -> float:
    """How often codebooks were used, as far as links tell: their weights at both ends, of self-links once."""
    source, target, weights = flow.network.links()
    weights = np.ones(len(source)) if weights is None else weights
    return float((weights * (2 - (source == target))).sum()) or 1.0


def _labels(metadata: Any, flow: Flow) -> Int[np.ndarray, " nodes"]:
    """The label of each node as a number, -1 for none; a file is one of lines, node and label."""
    network = flow.network
    if isinstance(metadata, str | os.PathLike) or callable(getattr(metadata, "read", None)):
        nodes = network.physical_nodes.tolist() if isinstance(network, States) else []
        metadata = read_attributes(metadata, [*network.nodes, *nodes])
    given = labels_of(metadata, "label")
    number: dict[Any, int] = {}
    coded = [-1 if label is None else number.setdefault(label, len(number)) for label in given.values]
    return np.array([*coded, -1], np.int32)[located(network, given, "label", partial=True)]
