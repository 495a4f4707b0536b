"""A given partition or tree costs what the reference says, what the slow twin says, and what is worked out by hand."""

import json
from collections import Counter
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from community.random_networks import FLOW_MODELS, random_network, random_tree
from community.referee import judge
from hypothesis import given
from hypothesis import strategies as st
from naive import closed_forms
from naive.map_equation import codelength as slow_codelength

from minent.community.tree.canonical import depths
from minent.community.tree.codelength import codelength_parts, module_flow, one_level_codelength
from minent.community.walk.flow import Flow
from minent.community.walk.models import flow_of
from minent.data.networks.graph import Graph

seeds, options = st.integers(0, 10**6), st.sampled_from(list(FLOW_MODELS.values()))
TRIANGLES = np.array([0, 1, 2, 3, 4, 5, 2]), np.array([1, 2, 0, 4, 5, 3, 3])


def two_level(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.array([-1] + [0] * (int(labels.max()) + 1)), labels + 1


def network_of(links: dict[tuple[int, int], float]) -> Graph:
    ends = np.array(list(links))
    return Graph.from_links(ends[:, 0], ends[:, 1], np.array(list(links.values())))


def nested(parent: np.ndarray, module: np.ndarray, root: int = 0) -> list:
    """The tree as lists of lists of nodes."""
    below = [nested(parent, module, m) for m in np.flatnonzero(parent == root).tolist()]
    return below or np.flatnonzero(module == root).tolist()


def slow(flow: Flow, parent: np.ndarray, module: np.ndarray) -> float:
    source = np.repeat(np.arange(len(module)), np.diff(flow.network.indptr))
    ends = zip(source.tolist(), flow.network.indices.tolist(), strict=True)
    links = dict(zip(ends, np.broadcast_to(flow.link, len(source)).tolist(), strict=True))
    teleports = [None if rate is None else rate.tolist() for rate in (flow.teleport_from, flow.teleport_to)]
    return slow_codelength(nested(parent, module), links, flow.visit.tolist(), *teleports)


@pytest.mark.parametrize("seed", range(5))
def test_random_trees_are_ragged_and_at_least_three_levels_deep(seed: int):
    parent, module = random_tree(seed, 24)
    leaf_depths = depths(parent)[np.unique(module)]
    assert leaf_depths.max() >= 3 > 2 > leaf_depths.min()
    assert set(module) == set(range(len(parent))) - set(parent) and min(Counter(module.tolist()).values()) >= 2


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("flags", FLOW_MODELS)
def test_a_given_partition_costs_what_the_reference_says(flags: str, weighted: bool):
    for seed in range(5):
        network = random_network(seed, model=flags.split()[-1], weighted=weighted)
        labels = np.random.default_rng(seed).integers(0, 4, 24)
        index, module = codelength_parts(flow_of(network, **FLOW_MODELS[flags]), *two_level(labels))
        verdict = judge(network, flags, labels)
        assert index > 0.1 and module > 0.1
        assert index + module == pytest.approx(verdict.codelength, rel=0, abs=1e-10)
        assert index == pytest.approx(verdict.index_codelength, rel=0, abs=1e-10)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("flags", FLOW_MODELS)
def test_a_given_tree_costs_what_the_reference_says(flags: str, weighted: bool):
    for seed in range(5):
        network = random_network(seed, model=flags.split()[-1], weighted=weighted)
        parent, leaves = random_tree(seed, 24)
        index, module = codelength_parts(flow_of(network, **FLOW_MODELS[flags]), parent, leaves)
        verdict = judge(network, flags, leaves, parent)
        assert index + module == pytest.approx(verdict.codelength, rel=0, abs=1e-10)
        assert index == pytest.approx(verdict.index_codelength, rel=0, abs=1e-10)


@given(seeds, st.booleans(), options)
def test_any_tree_costs_what_the_slow_twin_says(seed: int, weighted: bool, option: dict):
    flow = flow_of(random_network(seed, model=option["model"], weighted=weighted), **option)
    tree = random_tree(seed, 24)
    assert sum(codelength_parts(flow, *tree)) == pytest.approx(slow(flow, *tree), rel=0, abs=1e-12)


@given(seeds, st.booleans(), options)
def test_one_module_costs_the_entropy_of_the_walk(seed: int, weighted: bool, option: dict):
    flow = flow_of(random_network(seed, model=option["model"], weighted=weighted), **option)
    share = flow.visit[flow.visit > 0]
    index, module = codelength_parts(flow, *two_level(np.zeros(24, int)))
    assert index == 0
    assert module == pytest.approx(-(share * np.log2(share)).sum(), abs=1e-12)
    assert one_level_codelength(flow) == pytest.approx(module, abs=1e-12)


@given(seeds, st.sampled_from([option for option in FLOW_MODELS.values() if option["model"] != "precomputed"]))
def test_as_much_enters_a_module_as_leaves_it_where_the_walk_is_stationary(seed: int, option: dict):
    visit, enter, exit = module_flow(flow_of(random_network(seed), **option), *random_tree(seed, 24))
    assert visit[0] == pytest.approx(1, abs=1e-13) and enter[0] == exit[0] == 0
    if option["model"] == "undirected" or option.get("recorded"):
        assert enter == pytest.approx(exit, abs=1e-13)
    else:
        assert np.abs(enter - exit).max() > 1e-4


@given(seeds, options)
def test_renaming_nodes_and_modules_changes_nothing(seed: int, option: dict):
    network = random_network(seed, model=option["model"])
    source, target, weight = network.links()
    rng = np.random.default_rng(seed)
    labels, to, rename = rng.integers(0, 4, 24), rng.permutation(24), rng.permutation(4)
    node_weights, renamed = np.empty(24), np.empty(24, int)
    node_weights[to], renamed[to] = network.node_weights, rename[labels]
    again = Graph.from_links(to[source], to[target], weight, directed=True, node_weights=node_weights)
    before = codelength_parts(flow_of(network, **option), *two_level(labels))
    assert codelength_parts(flow_of(again, **option), *two_level(renamed)) == pytest.approx(before, abs=1e-11)


@pytest.mark.parametrize(
    ("links", "partition", "wanted"),
    [closed_forms.two_triangles(), closed_forms.ring_of_cliques(5, 4), closed_forms.ring_of_cliques(30, 3)],
)
def test_regular_networks_cost_what_their_closed_forms_say(links: dict, partition: list, wanted: float):
    labels = np.concatenate([[m] * len(nodes) for m, nodes in enumerate(partition)])
    flow = flow_of(network_of(links))
    assert sum(codelength_parts(flow, *two_level(labels))) == pytest.approx(wanted, abs=1e-13)
    assert wanted < one_level_codelength(flow)


def test_a_nested_ring_of_cliques_costs_what_its_closed_form_says():
    links, arcs, wanted = closed_forms.nested_ring_of_cliques(4, 5, 3)
    parent, module = [-1] + [0] * len(arcs), []
    for arc, cliques in enumerate(arcs, 1):
        for clique in cliques:
            module += [len(parent)] * len(clique)
            parent.append(arc)
    flow = flow_of(network_of(links))
    assert sum(codelength_parts(flow, np.array(parent), np.array(module))) == pytest.approx(wanted, abs=1e-13)


@pytest.mark.parametrize("weight", ["weighted", "unweighted"])
def test_karate_costs_what_is_published(weight: str):
    golden = json.loads((Path(__file__).parents[2] / "golden" / "karate.json").read_text())[weight]
    links = nx.karate_club_graph().edges(data="weight")
    source, target, weights = (np.array(column, float) for column in zip(*links, strict=True))
    flow = flow_of(Graph.from_links(source.astype(int), target.astype(int), weights if weight == "weighted" else None))
    parts = codelength_parts(flow, *two_level(np.array(golden["modules"])))
    assert sum(parts) == pytest.approx(golden["codelength"], abs=1e-12)
    assert round(sum(parts), 4) == {"weighted": 4.0874, "unweighted": 4.3118}[weight]


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_without_links_there_is_nothing_to_say(rows: int):
    flow = flow_of(Graph.from_links([], [], names=range(rows)))
    assert codelength_parts(
        flow, *two_level(np.zeros(rows, int)) if rows else (np.array([-1, 0]), np.zeros(0, int))
    ) == (0, 0)
    assert one_level_codelength(flow) == 0
