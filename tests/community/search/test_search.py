"""Searches from end to end: what they find, how surely, and that nothing but the seed decides."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from community.random_networks import random_network
from naive.closed_forms import nested_ring_of_cliques, ring_of_cliques
from naive.map_equation import best_partition
from naive.walk import undirected

from minent import BadInput, kernels
from minent.community import codelength, find
from minent.community.search.multilevel import multilevel
from minent.community.search.search import Search
from minent.community.search.units import units_of
from minent.community.tree.grow import grow
from minent.community.walk.models import flow_of
from minent.data import Graph
from minent.entropy import sum_plogp

WALKS = [{}, {"recorded": True}, {"to_nodes": True, "recorded": True}, {"flow_model": "undirected"}]


def clustered(seed: int, nodes: int = 60) -> Graph:
    """Weighted links, most of them inside groups of ten."""
    rng = np.random.default_rng(seed)
    source = rng.integers(0, nodes, 6 * nodes)
    near = source // 10 * 10 + rng.integers(0, 10, len(source))
    target = np.where(rng.random(len(source)) < 0.7, near, rng.integers(0, nodes, len(source)))
    return Graph.from_links(source, target, rng.uniform(0.5, 2, len(source)), directed=True)


def links_of(links: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    ends = np.array(list(links))
    return ends[:, 0], ends[:, 1], np.array(list(links.values()), float)


@pytest.mark.parametrize("options", WALKS, ids=str)
@pytest.mark.parametrize("effort", ["fast", "balanced", "best"])
def test_the_tracked_codelength_is_the_recomputed_one(options: dict, effort: str):
    walk = {"model" if key == "flow_model" else key: value for key, value in options.items()}
    for network in (clustered(1), random_network(2, nodes=40)):
        flow = flow_of(network, **walk)
        nodes = units_of(flow)
        nest = multilevel(Search(np.random.default_rng(0), kernels.interpreted), nodes, effort)
        tree = grow(flow, *nest.tree())
        assert tree.number_of_modules > 2
        assert nest.cost() - sum_plogp(flow.visit) == pytest.approx(tree.codelength, abs=1e-10)


@pytest.mark.parametrize("options", WALKS, ids=str)
def test_compiled_and_interpreted_searches_agree_bit_for_bit(options: dict, monkeypatch: pytest.MonkeyPatch):
    for seed in range(4):
        found = []
        for work in (10**12, -1):
            monkeypatch.setattr(kernels, "INTERPRETED_WORK", work)
            found.append(find(clustered(seed), seed=seed, **options))
        assert found[0].number_of_modules > 2
        assert found[0].codelength == found[1].codelength
        assert found[0].labels.tolist() == found[1].labels.tolist()


def test_the_same_seed_gives_the_same_tree_whatever_the_threads():
    network = clustered(5, 200)
    alone, *others = [find(network, trials=4, threads=threads, seed=3) for threads in (1, 2, 3, 1)]
    assert alone.number_of_modules > 5
    for other in others:
        assert other.codelength == alone.codelength
        assert other.node_paths == alone.node_paths


def test_more_trials_never_make_it_worse():
    network = random_network(7, nodes=80)
    lengths = [find(network, trials=trials, effort="fast").codelength for trials in (1, 2, 4, 8)]
    assert lengths == sorted(lengths, reverse=True)


def test_nesting_never_makes_it_longer():
    for seed in range(12):
        network = random_network(seed, nodes=30)
        two = find(network, two_level=True, seed=seed)
        assert two.number_of_modules > 3
        assert find(network, seed=seed).codelength <= two.codelength + 1e-12
        assert find(network, initial=two).codelength <= two.codelength + 1e-12


def test_the_best_search_reaches_the_exhaustive_optimum():
    reached = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        links = {}
        while len(links) < 10:
            i, j = sorted(rng.choice(7, 2, replace=False).tolist())
            links[i, j] = float(rng.uniform(0.5, 2))
        walk = undirected(links, 7)
        shortest = best_partition(*walk[:2])[0]
        found = find(links_of(links), two_level=True, effort="best").codelength
        assert found > shortest - 1e-10
        reached += found < shortest + 1e-10
    assert reached >= 27


@pytest.mark.parametrize(("cliques", "size"), [(8, 5), (16, 4)])
def test_a_ring_of_cliques_is_recovered(cliques: int, size: int):
    links, partition, bits = ring_of_cliques(cliques, size)
    tree = find(links_of(links), two_level=True)
    assert {frozenset(np.flatnonzero(tree.labels == m).tolist()) for m in range(cliques)} == set(
        map(frozenset, partition)
    )
    assert tree.codelength == pytest.approx(bits, abs=1e-10)


def test_nested_cliques_are_no_longer_than_planted():
    links, _, bits = nested_ring_of_cliques(6, 6, 5)
    tree = find(links_of(links), effort="best")
    assert tree.depth > 1
    assert tree.codelength <= bits + 1e-10
    assert tree.codelength < find(links_of(links), two_level=True, effort="best").codelength


@pytest.mark.data
@pytest.mark.parametrize("effort", ["fast", "balanced"])
def test_planted_communities_are_recovered(data: Path, effort: str):
    from sklearn.metrics import adjusted_mutual_info_score

    with np.load(data / "graphs" / "lfr_1000_03.npz") as file:
        tree = find((file["u"], file["v"]), effort=effort)
        assert tree.number_of_modules > 10
        assert adjusted_mutual_info_score(file["truth"], tree.labels_at(1)) > 0.99


STAR, RING = ([0] * 9, range(1, 10)), (range(12), [*range(1, 12), 0])
CLIQUE = tuple(np.array([(i, j) for i in range(6) for j in range(i)]).T)
APART = ([0, 1, 2, 3, 4, 5], [1, 2, 0, 4, 5, 3])


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize(
    ("links", "modules"),
    [(([], []), 0), (([0], [0]), 1), (STAR, 1), (CLIQUE, 1), (APART, 2), (([0, 0, 1], [0, 1, 1]), None), (RING, None)],
)
def test_networks_at_the_edge_have_a_stated_answer(links, modules: int | None, directed: bool):
    source, target = (np.array(ends, int) for ends in links)
    for effort in ("fast", "balanced", "best"):
        tree = find(Graph.from_links(source, target, directed=directed), effort=effort)
        assert np.isfinite(tree.codelength)
        assert tree.codelength <= tree.one_level_codelength + 1e-12
        if modules is not None and not directed:
            assert tree.number_of_modules == modules


LONE = {
    "none": (([], []), 3, [0, 1, 2], 0.0),
    "loops only": (([0, 1, 2], [0, 1, 2]), 3, [0, 1, 2], 0.0),
    "a link": (([0], [1]), 4, [0, 0, 1, 2], 1.0),
    "a star": (([0, 0, 0], [1, 2, 3]), 6, [0, 0, 0, 0, 1, 2], None),
    "a clique": (CLIQUE, 10, None, None),
    "a clique and a loop": (([*CLIQUE[0], 7], [*CLIQUE[1], 7]), 8, None, None),
    "two triangles": (APART, 8, [0, 0, 0, 1, 1, 1, 2, 3], None),
}


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("kind", LONE)
def test_nodes_without_links_to_others_are_each_alone_and_cost_nothing(kind: str, directed: bool):
    (source, target), nodes, wanted, bits = LONE[kind]
    network = Graph.from_links(np.array(source, int), np.array(target, int), names=range(nodes), directed=directed)
    other = {end for link in zip(source, target, strict=True) if link[0] != link[1] for end in link}
    flow = flow_of(network)
    assert flow.lone.tolist() == [node not in other for node in range(nodes)] and flow.lone.any()
    for options in ({"effort": "fast"}, {"two_level": True}, {"trials": 2}):
        tree = find(network, **options)
        for node in np.flatnonzero(flow.lone):
            assert np.count_nonzero(tree.labels == tree.labels[node]) == 1
        together = np.where(flow.lone, 0, tree.labels + 1 - tree.labels.min())
        assert tree.codelength <= codelength(network, together) + 1e-12
        if not directed:
            assert wanted is None or tree.labels.tolist() == wanted
            assert bits is None or tree.codelength == bits


def test_a_referee_has_nodes_without_links_alone_too():
    infomap = pytest.importorskip("infomap")
    for kind in ("none", "loops only", "a link", "two triangles"):
        (source, target), nodes, _, _ = LONE[kind]
        judge = infomap.Infomap(silent=True, num_trials=5)
        judge.add_nodes(range(nodes))
        judge.add_links([(int(a), int(b)) for a, b in zip(source, target, strict=True)])
        tree = find(Graph.from_links(np.array(source, int), np.array(target, int), names=range(nodes)))
        assert judge.run().codelength == pytest.approx(tree.codelength, abs=1e-12)


def test_where_every_node_is_landed_on_lone_ones_stay_together_if_that_is_shorter():
    network = Graph.from_links([], [], names=range(4), directed=True)
    assert find(network, recorded=True, to_nodes=True).labels.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_only_ratios_of_weights_matter(scale: float):
    source, target = APART
    tree = find((source, target, [scale] * 6))
    assert tree.labels.tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"trials": 0}, "trials must be at least 1; got 0"),
        ({"threads": 0}, "threads must be at least 1; got 0"),
        ({"seed": -1}, "seed must not be negative; got -1"),
    ],
)
def test_bad_options_are_named(options: dict, sentence: str):
    with pytest.raises(BadInput, match=sentence):
        find(APART, **options)


def test_a_small_network_does_not_wait_for_the_compiler(tmp_path: Path):
    program = "import sys, networkx, minent; print(minent.community.find(networkx.karate_club_graph()).codelength)"
    program += "; print('numba' in sys.modules)"
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    bits, compiled = done.stdout.split()
    assert float(bits) == pytest.approx(4.0874, abs=1e-4)
    assert compiled == "False"


def test_a_given_partition_costs_what_the_search_says():
    network = clustered(9)
    tree = find(network, two_level=True)
    assert tree.number_of_modules > 2
    assert codelength(network, tree.labels) == pytest.approx(tree.codelength, abs=1e-12)
