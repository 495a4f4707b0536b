"""Nodes shared between modules: planted ones are found, the codelength is that of the walk, and it never grows."""

import itertools
from pathlib import Path

import networkx
import numpy as np
import pytest
from community.random_networks import FLOW_MODELS, random_network
from naive.overlap import overlapping_codelength

from minent import BadInput
from minent.cli import main
from minent.community import Objective, Tree, find, stability
from minent.data import Bipartite, Graph, States

SHARED = 40


def cliques(groups: list[set[int]]) -> networkx.Graph:
    return networkx.Graph(pair for group in groups for pair in itertools.combinations(sorted(group), 2))


def planted(seed: int, inside: float = 0.5, between: int = 400) -> tuple[networkx.Graph, set[int]]:
    """20 groups of 20 nodes, of which SHARED are also in another; links by chance in groups, and a few between."""
    rng = np.random.default_rng(seed)
    groups = [set(range(20 * c, 20 * c + 20)) for c in range(20)]
    shared = rng.choice(400, SHARED, replace=False).tolist()
    for node in shared:
        groups[(node // 20 + int(rng.integers(1, 20))) % 20].add(node)
    graph = networkx.empty_graph(400)
    for group in groups:
        graph.add_edges_from(pair for pair in itertools.combinations(sorted(group), 2) if rng.random() < inside)
    ends = rng.integers(0, 400, (between, 2))
    graph.add_edges_from(ends[ends[:, 0] != ends[:, 1]].tolist())
    return graph, set(shared)


def uneven(seed: int, nodes: int = 800, common: int = 80, outside: float = 0.2) -> tuple[networkx.Graph, set[int]]:
    """Groups and degrees of power laws, `common` nodes in two groups, a share of each node's links to anywhere."""
    rng = np.random.default_rng(seed)
    size = np.minimum(20 / rng.random(nodes), 80).astype(int)
    size = size[: np.searchsorted(np.cumsum(size), nodes + common)]
    group = rng.permutation(np.repeat(np.arange(len(size)), size))
    node = np.append(np.arange(nodes), rng.choice(nodes, nodes, replace=False))[: len(group)]
    times = np.bincount(node, minlength=nodes)
    degree = np.minimum(10 * rng.random(nodes) ** (-1 / 1.5), 60)
    inside = np.maximum(1, np.round(degree * (1 - outside) / np.maximum(times, 1))).astype(int)
    stubs = [rng.permutation(np.repeat(node[group == c], inside[node[group == c]])) for c in range(len(size))]
    stubs.append(rng.permutation(np.repeat(np.arange(nodes), np.round(degree * outside).astype(int))))
    ends = np.concatenate([ends[: len(ends) // 2 * 2].reshape(-1, 2) for ends in stubs])
    graph = networkx.empty_graph(nodes)
    graph.add_edges_from(ends[ends[:, 0] != ends[:, 1]].tolist())
    return graph, set(np.flatnonzero(times > 1).tolist())


def members(tree: Tree) -> list[set]:
    rows = tree.memberships()
    return [set(rows.node[rows.module == m]) for m in sorted(set(rows.module))]


def shared_nodes(tree: Tree) -> set:
    rows = tree.memberships()
    return {node for node in rows.node if (rows.node == node).sum() > 1}


@pytest.mark.parametrize(("sizes", "common"), [((8, 8), 1), ((8, 8), 2), ((10, 6), 1), ((20, 20), 4)])
def test_two_cliques_share_the_nodes_that_are_in_both(sizes: tuple[int, int], common: int):
    one, other = set(range(sizes[0])), set(range(sizes[0] - common, sum(sizes) - common))
    graph = cliques([one, other])
    hard, tree = find(graph), find(graph, overlapping=True)
    assert sorted(map(sorted, members(tree))) == sorted(map(sorted, [one, other]))
    assert tree.codelength < hard.codelength - 0.05
    rows = tree.memberships()
    assert rows.groupby("node").share.sum().tolist() == pytest.approx([1.0] * len(graph))
    assert rows.flow.sum() == pytest.approx(1.0)
    expected = [0.5] * 2 * common if sizes[0] == sizes[1] else None
    assert expected is None or rows.share[rows.node.isin(one & other)].tolist() == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_planted_overlap_is_found(seed: int):
    graph, shared = planted(seed)
    hard, tree = find(graph, two_level=True), find(graph, two_level=True, overlapping=True)
    found = shared_nodes(tree)
    assert len(found & shared) >= 0.9 * SHARED and len(found - shared) <= 0.1 * SHARED
    assert hard.number_of_modules == tree.number_of_modules == 20
    assert tree.codelength < hard.codelength - 0.1


@pytest.mark.parametrize("seed", range(2))
def test_overlap_is_found_among_uneven_groups_and_saves_little_where_there_is_none(seed: int):
    saved = []
    for common in (80, 0):
        graph, shared = uneven(seed, common=common)
        hard, tree = (find(graph, two_level=True, overlapping=overlapping) for overlapping in (False, True))
        found = shared_nodes(tree)
        saved.append(1 - tree.codelength / hard.codelength)
        if common:
            assert len(shared) > 40
            assert len(found & shared) >= 0.85 * len(shared) and len(found - shared) <= 0.2 * len(shared)
        else:
            assert not shared and len(found) <= 0.05 * len(graph)
    assert saved[0] > 0.008 > 0.002 > saved[1]


@pytest.mark.parametrize("seed", range(4))
def test_the_codelength_is_that_of_the_walk_with_those_memberships(seed: int):
    rng = np.random.default_rng(seed)
    groups = [set(range(5 * c, 5 * c + 6)) for c in range(3)] + [{15, 0, 16, 17, 18}]
    graph = cliques(groups)
    for pair in rng.integers(0, 19, (4, 2)).tolist():
        if pair[0] != pair[1]:
            graph.add_edge(*pair)
    for *_, link in graph.edges(data=True):
        link["weight"] = rng.uniform(0.5, 2)
    tree = find(graph, two_level=True, overlapping=True)
    assert len(shared_nodes(tree)) > 1 and tree.number_of_modules > 2
    links = networkx.to_numpy_array(graph, nodelist=range(19))
    assert tree.codelength == pytest.approx(overlapping_codelength(links, members(tree)), abs=1e-9)


@pytest.mark.parametrize(
    "flags", [flags for flags in FLOW_MODELS if "recorded" not in flags and "precomp" not in flags]
)
def test_overlapping_modules_cost_no_more(flags: str):
    walk = dict(FLOW_MODELS[flags])
    walk["flow_model"] = walk.pop("model")
    better = 0
    for seed in range(6):
        network = random_network(seed, weighted=seed % 2 == 0)
        hard, tree = (find(network, overlapping=overlapping, **walk) for overlapping in (False, True))
        assert tree.codelength <= hard.codelength + 1e-12
        assert tree.one_level_codelength == pytest.approx(hard.one_level_codelength, abs=1e-12)
        visited = tree.memberships().groupby("node").flow.sum()
        assert visited.tolist() == pytest.approx(hard.visit.tolist(), abs=1e-12)
        better += tree.codelength < hard.codelength - 1e-6
    assert better


def test_modules_that_do_not_overlap_are_left_as_they_are():
    graph = networkx.Graph(pair for c in range(4) for pair in itertools.combinations(range(6 * c, 6 * c + 6), 2))
    hard, tree = find(graph), find(graph, overlapping=True)
    assert hard.number_of_modules == 4
    assert tree.codelength == hard.codelength and tree.labels.tolist() == hard.labels.tolist()
    assert find(Graph.from_links([], [], names=["a"]), overlapping=True).memberships().node.tolist() == ["a"]


def test_the_same_seed_shares_the_same_nodes():
    graph, _ = planted(5)
    one, other = (find(graph, overlapping=True, seed=4, threads=threads) for threads in (1, 2))
    assert one.codelength == other.codelength and one.labels.tolist() == other.labels.tolist()


def test_names_stay_and_files_hold_every_membership(tmp_path: Path):
    graph = networkx.relabel_nodes(cliques([set(range(8)), set(range(7, 15))]), lambda i: f"n{i:02}")
    tree = find(graph, overlapping=True)
    assert shared_nodes(tree) == {"n07"} and tree.node_names.count("n07") == 2
    tree.write(tmp_path / "a.tree")
    assert Tree.read(tmp_path / "a.tree").node_names.count("n07") == 2
    attributes = tree.node_attributes()
    assert list(sorted(attributes)) == sorted(graph.nodes)


@pytest.mark.parametrize(
    ("network", "options"),
    [
        (States.of(Graph.from_links([0, 1], [1, 2]), ["a", "b", "a"]), {}),
        (Bipartite.of(Graph.from_links([0, 1], [2, 2]), [False, False, True]), {}),
        (networkx.karate_club_graph(), {"objective": Objective(markov_time=2.0)}),
        (networkx.karate_club_graph(), {"metadata": ["a"] * 34}),
        (networkx.karate_club_graph().to_directed(), {"directed": True, "recorded": True}),
    ],
)
def test_only_plain_walks_on_ordinary_networks_are_shared(network, options):
    with pytest.raises(BadInput, match=r"ordinary network|plain walk"):
        find(network, overlapping=True, **options)


def test_overlapping_modules_are_not_compared_over_trials():
    with pytest.raises(BadInput, match="modules that do not overlap"):
        stability(networkx.karate_club_graph(), overlapping=True)


def test_the_command_says_which_nodes_are_shared(tmp_path: Path, capsys: pytest.CaptureFixture):
    networkx.write_edgelist(cliques([set(range(8)), set(range(7, 15))]), tmp_path / "a.txt", data=False)
    out = ["-o", str(tmp_path / "b.csv"), "--map", str(tmp_path / "map.html")]
    main(["community", "find", str(tmp_path / "a.txt"), "--overlapping", *out])
    said = capsys.readouterr().out
    assert "15 nodes" in said and "1 of 15 nodes in several modules: 7 (2)" in said
    assert (tmp_path / "b.csv").read_text().count(',"7",') == 2
    assert (tmp_path / "map.html").exists()
