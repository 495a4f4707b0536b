"""The walk is the reference's, for every flow model, and obeys the laws of random walks."""

import numpy as np
import pytest
from community.random_networks import FLOW_MODELS, random_network
from community.referee import judge
from hypothesis import given
from hypothesis import strategies as st
from naive.walk import pagerank as slow_pagerank
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from minent.community.walk import flow as flows
from minent.community.walk.flow import Flow
from minent.community.walk.models import MODELS, flow_of
from minent.data.networks.graph import Graph
from minent.errors import BadInput

seeds, options = st.integers(0, 10**6), st.sampled_from(list(FLOW_MODELS.values()))


def entries(network: Graph) -> tuple[np.ndarray, np.ndarray]:
    return np.repeat(np.arange(network.number_of_nodes), np.diff(network.indptr)), network.indices


def link_flows(flow: Flow) -> dict[tuple[int, int], float]:
    """Flow of each stored entry; of an undirected link both ways together, at the entry that points forward."""
    source, target = entries(flow.network)
    link = np.broadcast_to(flow.link, len(source))
    if flow.network.directed:
        return dict(zip(zip(source.tolist(), target.tolist(), strict=True), link.tolist(), strict=True))
    both: dict[tuple[int, int], float] = {}
    for a, b, rate in zip(source.tolist(), target.tolist(), link.tolist(), strict=True):
        both[min(a, b), max(a, b)] = both.get((min(a, b), max(a, b)), 0) + rate
    return both


@pytest.mark.parametrize("seed", range(5))
def test_the_random_networks_have_all_that_can_trip_a_flow_model(seed: int):
    network = random_network(seed)
    source, target = entries(network)
    degree_out, degree_in = np.diff(network.indptr), np.bincount(target, minlength=24)
    parts, part = connected_components(csr_array((np.ones(len(source)), (source, target)), shape=(24, 24)))
    assert (source == target).sum() >= 2
    assert ((degree_out == 0) & (degree_in > 0)).any()
    assert ((degree_out == 0) & (degree_in == 0)).any()
    assert (np.bincount(part, minlength=parts) >= 5).sum() == 2
    both_ways = set(zip(source.tolist(), target.tolist(), strict=True)) & set(zip(target, source, strict=True))
    assert len(both_ways) > 2
    assert network.weights is not None and np.ptp(network.weights) > 1
    assert random_network(seed, weighted=False).weights is None


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("flags", FLOW_MODELS)
def test_nodes_are_visited_and_links_walked_as_the_reference_says(flags: str, weighted: bool):
    for seed in range(5):
        network = random_network(seed, model=flags.split()[-1], weighted=weighted)
        flow, verdict = flow_of(network, **FLOW_MODELS[flags]), judge(network, flags, np.ones(24, int))
        assert flow.visit == pytest.approx(verdict.visit, abs=1e-11)
        referee: dict[tuple[int, int], float] = {}
        for (a, b), rate in verdict.links.items():
            key = (a, b) if flow.network.directed else (min(a, b), max(a, b))
            referee[key] = referee.get(key, 0) + rate
        assert link_flows(flow) == pytest.approx(referee, abs=1e-11)


@given(seeds, st.booleans(), st.booleans(), st.floats(0.01, 0.99))
def test_directed_flow_is_the_slow_walk(seed: int, recorded: bool, to_nodes: bool, teleportation: float):
    network = random_network(seed % 1000, nodes=10)
    source, target, weight = network.links()
    assert weight is not None and network.node_weights is not None
    links = {(int(a), int(b)): float(w) for a, b, w in zip(source, target, weight, strict=True)}
    slow = slow_pagerank(
        links, 10, teleportation, recorded=recorded, to_nodes=to_nodes, node_weights=network.node_weights.tolist()
    )
    flow = flow_of(network, teleportation=teleportation, recorded=recorded, to_nodes=to_nodes)
    assert flow.visit == pytest.approx(slow.visit, abs=1e-12)
    assert link_flows(flow) == pytest.approx(slow.link_flow, abs=1e-12)
    assert (flow.teleport_from is None) == (slow.teleport_from is None) == (not recorded)
    if recorded:
        assert flow.teleport_from == pytest.approx(slow.teleport_from, abs=1e-12)
        assert flow.teleport_to == pytest.approx(slow.teleport_to, abs=1e-12)


@given(seeds, st.booleans(), options)
def test_leaving_and_entering_are_the_flows_of_links_between_different_nodes(seed: int, weighted: bool, option: dict):
    flow = flow_of(random_network(seed, model=option["model"], weighted=weighted), **option)
    source, target = entries(flow.network)
    rate = np.broadcast_to(flow.link, len(source)) * (source != target)
    assert flow.out == pytest.approx(np.bincount(source, rate, 24), abs=1e-13)
    assert flow.into == pytest.approx(np.bincount(target, rate, 24), abs=1e-13)
    assert flow.visit.sum() == pytest.approx(1, abs=1e-13)
    assert min(flow.out.min(), flow.into.min(), flow.visit.min()) >= 0


@given(seeds, options)
def test_what_arrives_at_a_node_is_its_visit_rate(seed: int, option: dict):
    if option["model"] == "precomputed":
        return
    flow = flow_of(random_network(seed), **option)
    source, target = entries(flow.network)
    arriving = np.bincount(target, np.broadcast_to(flow.link, len(source)), 24)
    if flow.teleport_from is not None and flow.teleport_to is not None:
        arriving += flow.teleport_from.sum() * flow.teleport_to
    assert arriving == pytest.approx(flow.visit, abs=1e-13)


@given(seeds, st.booleans(), options)
def test_renaming_nodes_changes_nothing(seed: int, weighted: bool, option: dict):
    network = random_network(seed, model=option["model"], weighted=weighted)
    source, target, weight = network.links()
    to = np.random.default_rng(seed).permutation(24)
    node_weights = np.empty(24)
    node_weights[to] = network.node_weights
    renamed = Graph.from_links(to[source], to[target], weight, directed=True, node_weights=node_weights)
    assert flow_of(renamed, **option).visit[to] == pytest.approx(flow_of(network, **option).visit, abs=1e-12)


@pytest.mark.parametrize("scale", [1e-300, 1e-3, 7.0, 1e306])
@given(seeds, options)
def test_only_ratios_of_weights_matter(scale: float, seed: int, option: dict):
    if option["model"] == "precomputed":
        return
    network = random_network(seed)
    source, target, weight = network.links()
    assert weight is not None
    scaled = Graph.from_links(source, target, weight * scale, directed=True, node_weights=network.node_weights)
    assert flow_of(scaled, **option).visit == pytest.approx(flow_of(network, **option).visit, abs=1e-12)


@given(seeds, options)
def test_no_weights_are_weights_of_one(seed: int, option: dict):
    if option["model"] == "precomputed":
        return
    plain = random_network(seed, weighted=False)
    ones = Graph(plain.indptr, plain.indices, np.ones(len(plain.indices)), True, None, plain.node_weights)
    assert flow_of(plain, **option).visit == pytest.approx(flow_of(ones, **option).visit, abs=1e-13)


@given(seeds)
def test_undirected_flow_adds_up_the_two_directions_of_a_directed_network(seed: int):
    directed = random_network(seed)
    both = Graph.from_links(*directed.links(), node_weights=directed.node_weights)
    flow, wanted = flow_of(directed, model="undirected"), flow_of(both)
    assert flow.reversible and wanted.reversible and not flow_of(directed).reversible
    assert flow.visit == pytest.approx(wanted.visit, abs=1e-14)
    assert link_flows(flow) == pytest.approx(link_flows(wanted), abs=1e-14)


def test_an_undirected_network_without_weights_needs_one_number_for_all_links():
    flow = flow_of(Graph.from_links([0, 1, 2, 2], [1, 2, 2, 3]))
    assert flow.link == 1 / 7
    assert flow.visit == pytest.approx(np.array([1, 2, 3, 1]) / 7)
    assert flow.out == pytest.approx(np.array([1, 2, 2, 1]) / 7)


@pytest.mark.parametrize("teleportation", [0.15, 0.5, 1.0])
def test_unrecorded_teleportation_to_links_leaves_no_trace_on_an_undirected_network(teleportation: float):
    network = Graph.from_links([0, 1, 2, 2], [1, 2, 2, 3], [1.0, 2.0, 3.0, 4.0])
    flow = flow_of(network, model="directed", teleportation=teleportation)
    assert flow.visit == pytest.approx(flow_of(network).visit, abs=1e-14)


@pytest.mark.parametrize("option", FLOW_MODELS.values(), ids=FLOW_MODELS)
def test_without_links_nobody_walks_but_to_nodes_one_can_teleport(option: dict):
    flow = flow_of(Graph.from_links([], [], directed=True, names=range(4), node_weights=[1.0] * 4), **option)
    walks = option["model"] == "precomputed" or (option.get("recorded") and option.get("to_nodes"))
    assert flow.visit.tolist() == [0.25 if walks else 0.0] * 4
    assert not flow.out.any() and not flow.into.any()


@pytest.mark.parametrize("model", MODELS)
def test_the_empty_network_has_an_empty_walk(model: str):
    flow = flow_of(
        Graph.from_links([], [], directed=True, node_weights=[] if model == "precomputed" else None), model=model
    )
    assert len(flow.visit) == len(flow.out) == len(flow.into) == 0


def test_a_walk_that_is_too_slow_is_refused_and_one_that_goes_to_and_fro_needs_no_teleportation():
    line = Graph.from_links(range(5000), range(1, 5001))
    with pytest.raises(BadInput, match=r"does not settle with teleportation 0.0; it does with 0\.15"):
        flow_of(line, model="directed", teleportation=0.0, to_nodes=True)
    star = Graph.from_links([0, 0, 0], [1, 2, 3], names=range(4), node_weights=[1.0] * 4)
    to_and_fro = flow_of(star, model="directed", teleportation=0.0, to_nodes=True).visit
    assert to_and_fro == pytest.approx(np.array([3, 1, 1, 1]) / 6, abs=1e-12)
    ring = Graph.from_links([0, 1, 2, 2], [1, 2, 0, 1], directed=True)
    assert flow_of(ring, teleportation=0.0, to_nodes=True).visit == pytest.approx(np.array([1, 2, 2]) / 5, abs=1e-12)


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ({"model": "directd"}, "one of undirected, directed, undirdir, outdirdir, rawdir, precomputed; got 'directd'"),
        ({"teleportation": -0.1}, "a probability, from 0 to 1; got -0.1"),
        ({"teleportation": float("nan")}, "a probability, from 0 to 1; got nan"),
        ({"teleportation": 15.0}, "a probability, from 0 to 1; got 15.0"),
        ({"to_nodes": True}, "node weights must not all be zero"),
        ({"model": "precomputed"}, "add up to at most 1; these to 3"),
    ],
)
def test_what_the_model_cannot_use_is_named(option: dict, problem: str):
    with pytest.raises(BadInput, match=problem):
        flow_of(Graph.from_links([0, 1], [1, 2], [1.0, 2.0], directed=True, node_weights=[0.0] * 3), **option)


def test_precomputed_flow_wants_visit_rates():
    with pytest.raises(BadInput, match="wants the visit rates as node weights"):
        flow_of(Graph.from_links([0], [1], [0.5], directed=True), model="precomputed")


@pytest.mark.parametrize("piece", [1, 2, 1 << 20])
def test_nodes_without_links_to_others_are_lone(piece: int, monkeypatch: pytest.MonkeyPatch):
    """Also where links have flow that is none, and are looked at in pieces."""
    monkeypatch.setattr(flows, "PIECE", piece)
    network = Graph.from_links([0, 1, 3, 4], [1, 1, 3, 5], directed=True, names=range(7))
    none = np.zeros(7)
    assert Flow(network, none, none, none, 0.0).lone.tolist() == [False, False, True, True, False, False, True]
