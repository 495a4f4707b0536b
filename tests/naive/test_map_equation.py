"""The twins are trusted because they meet numbers worked out by hand, formulas written another way, and a referee."""

from math import log2
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive.map_equation import (
    Walk,
    best_partition,
    best_tree,
    codebooks,
    codelength,
    entropy,
    members,
    move_delta,
    moved,
    nested_ring_of_cliques,
    pagerank,
    ring_of_cliques,
    set_partitions,
    two_triangles,
    undirected,
)

MODELS = {
    "undirected": ({}, ""),
    "to links": ({}, "--directed"),
    "to nodes": ({"to_nodes": True}, "--directed --to-nodes"),
    "recorded, to links": ({"recorded": True}, "--directed --recorded-teleportation"),
    "recorded, to nodes": ({"recorded": True, "to_nodes": True}, "--directed --recorded-teleportation --to-nodes"),
}


def plogp(x: float) -> float:
    return x * log2(x) if x > 0 else 0.0


def walk_of(model: str, links: dict, n: int) -> Walk:
    return undirected(links, n) if model == "undirected" else pagerank(links, n, **MODELS[model][0])


def rugged(seed: int, nodes: int = 7, links: int = 12) -> dict[tuple[int, int], float]:
    """Weighted links with a self-link, a dangling last node and one-way links only."""
    random, drawn = Random(seed), {(1, 1): 0.5, (0, nodes - 1): 2.0}
    while len(drawn) < links:
        i, j = random.randrange(nodes - 1), random.randrange(nodes)
        if (j, i) not in drawn:
            drawn[i, j] = random.choice([0.5, 1.0, 2.0])
    return drawn


walks = st.builds(
    lambda model, seed: walk_of(model, rugged(seed), 7), st.sampled_from(list(MODELS)), st.integers(0, 99)
)
partitions = st.lists(st.integers(0, 3), min_size=7, max_size=7).map(
    lambda labels: [[v for v in range(7) if labels[v] == label] for label in sorted(set(labels))]
)


def test_rugged_networks_have_what_makes_a_flow_go_wrong():
    for seed in range(3):
        links = rugged(seed)
        assert any(i == j for i, j in links)
        assert 6 in {j for _, j in links} - {i for i, _ in links}
        assert len(set(links.values())) == 3
        assert len(best_partition(*pagerank(links, 7))[1]) > 1


def test_two_triangles_cost_what_a_pencil_says():
    links, partition, formula = two_triangles()
    walk = undirected(links, 6)
    assert walk.visit == pytest.approx([2 / 14, 2 / 14, 3 / 14, 3 / 14, 2 / 14, 2 / 14])
    index, *modules = codebooks(partition, walk)
    assert index == pytest.approx([0, 1 / 14, 1 / 14])
    assert modules[0] == pytest.approx([1 / 14, 2 / 14, 2 / 14, 3 / 14])
    assert codelength(partition, *walk) == pytest.approx(formula, abs=1e-14) == pytest.approx(2.3207, abs=5e-5)
    assert codelength(range(6), *walk) == pytest.approx(4 / 7 * log2(7) + 6 / 14 * log2(14 / 3), abs=1e-14)


@pytest.mark.parametrize(("cliques", "size"), [(3, 2), (3, 3), (4, 5), (7, 3)])
def test_rings_of_cliques_meet_their_closed_form(cliques, size):
    links, partition, formula = ring_of_cliques(cliques, size)
    assert len(links) == cliques * (size * (size - 1) // 2 + 1)
    assert codelength(partition, *undirected(links, cliques * size)) == pytest.approx(formula, abs=1e-13)


@pytest.mark.parametrize(("arcs", "cliques", "size"), [(2, 2, 3), (3, 4, 3), (8, 3, 3)])
def test_nested_rings_of_cliques_meet_their_closed_form(arcs, cliques, size):
    links, nested, formula = nested_ring_of_cliques(arcs, cliques, size)
    assert codelength(nested, *undirected(links, arcs * cliques * size)) == pytest.approx(formula, abs=1e-13)


def test_a_third_level_pays_on_a_long_ring_and_not_on_a_short_one():
    assert nested_ring_of_cliques(8, 3, 3)[2] < ring_of_cliques(24, 3)[2]
    assert nested_ring_of_cliques(2, 2, 3)[2] > ring_of_cliques(4, 3)[2]


def test_a_dangling_link_has_the_flow_solved_by_hand():
    link = {(0, 1): 3.0}
    seen = pagerank(link, 2)
    assert (seen.link_flow, seen.visit) == ({(0, 1): pytest.approx(1)}, pytest.approx([0, 1]))
    assert pagerank(link, 2, recorded=True).visit == pytest.approx([0, 1])
    walk = pagerank(link, 2, recorded=True, to_nodes=True)
    p = 1 / 2.85  # p = (0.15 p + 1 − p) / 2, since the walker at the end always teleports
    assert walk.visit == pytest.approx([p, 1 - p])
    assert walk.teleport_from == pytest.approx([0.15 * p, 1 - p])
    assert walk.link_flow[0, 1] == pytest.approx(0.85 * p)


def test_recorded_teleportation_crosses_between_modules_as_solved_by_hand():
    walk = pagerank({(0, 1): 1.0, (1, 0): 1.0}, 2, recorded=True, to_nodes=True)
    leave = 0.85 / 2 + 0.15 / 2 / 2
    assert codebooks([[0], [1]], walk) == [
        pytest.approx(words) for words in ([0, leave, leave], [leave, 0.5], [leave, 0.5])
    ]
    assert codelength([[0], [1]], *walk) == pytest.approx(2 * leave + 2 * (leave + 0.5) * entropy([leave, 0.5]))


def test_teleportation_follows_node_weights():
    walk = pagerank({(0, 2): 1.0, (1, 2): 1.0}, 3, recorded=True, to_nodes=True, node_weights=[3, 1, 0])
    assert walk.teleport_to == [0.75, 0.25, 0]
    assert walk.visit == pytest.approx([0.75 / 1.85, 0.25 / 1.85, 0.85 / 1.85])


def test_an_unrecorded_walk_may_enter_and_leave_a_module_at_different_rates():
    walk = walk_of("to links", rugged(3), 7)
    index, *modules = codebooks([[0, 1, 2], [3, 4, 5, 6]], walk)
    assert abs(index[1] - modules[0][0]) > 1e-3


@given(walks)
def test_flows_are_conserved(walk):
    assert sum(walk.visit) == pytest.approx(1)
    arriving = [sum(rate for (_, j), rate in walk.link_flow.items() if j == node) for node in range(7)]
    if walk.teleport_from and walk.teleport_to:
        gone = sum(walk.teleport_from)
        arriving = [rate + gone * to for rate, to in zip(arriving, walk.teleport_to, strict=True)]
    assert arriving == pytest.approx(walk.visit)


@given(walks, partitions)
def test_entropies_are_the_expanded_form_of_2008(walk, partition):
    module = {node: i for i, nodes in enumerate(partition) for node in nodes}
    steps = list(walk.link_flow.items())
    if walk.teleport_from and walk.teleport_to:
        steps += [((i, j), walk.teleport_from[i] * walk.teleport_to[j]) for i in range(7) for j in range(7)]
    enter, leave = [0.0] * len(partition), [0.0] * len(partition)
    for (i, j), rate in steps:
        if module[i] != module[j]:
            enter[module[j]] += rate
            leave[module[i]] += rate
    use = [out + sum(walk.visit[v] for v in nodes) for out, nodes in zip(leave, partition, strict=True)]
    expanded = plogp(sum(enter)) - sum(map(plogp, [*enter, *leave, *walk.visit])) + sum(map(plogp, use))
    assert codelength(partition, *walk) == pytest.approx(expanded, abs=1e-12)


@given(walks)
def test_one_module_costs_the_entropy_of_the_walk(walk):
    assert codelength([list(range(7))], *walk) == codelength(range(7), *walk) == pytest.approx(entropy(walk.visit))


@given(walks, partitions, st.permutations(range(7)))
def test_renaming_nodes_changes_nothing(walk, partition, name):
    flow = {(name[i], name[j]): rate for (i, j), rate in walk.link_flow.items()}
    old = sorted(range(7), key=name.__getitem__)
    renamed = Walk(flow, *(rates and [rates[i] for i in old] for rates in walk[1:]))
    names = [[name[v] for v in nodes] for nodes in partition]
    assert codelength(names, *renamed) == pytest.approx(codelength(partition, *walk), abs=1e-12)


@given(walks, partitions, st.integers(0, 6), st.data())
def test_a_move_and_its_return_cancel(walk, partition, node, data):
    target = data.draw(st.integers(0, len(partition)))
    there = moved(partition, node, target)
    assert sorted(v for nodes in there for v in nodes) == list(range(7))
    source = next(i for i, nodes in enumerate(partition) if node in nodes)
    mates = [v for v in partition[source] if v != node]
    home = next(i for i, nodes in enumerate(there) if mates[0] in nodes) if mates else len(there)
    total = move_delta(partition, node, target, *walk) + move_delta(there, node, home, *walk)
    assert total == pytest.approx(0, abs=1e-12)


def test_moving_a_bridge_node_between_triangles_costs_what_a_pencil_says():
    links, partition, before = two_triangles()
    after = 4 / 14 + 6 / 14 * entropy([2, 2, 2]) + 12 / 14 * entropy([2, 3, 3, 2, 2])
    assert move_delta(partition, 2, 1, *undirected(links, 6)) == pytest.approx(after - before, abs=1e-13)


def test_exhaustion_finds_the_two_triangles_and_no_deeper_tree():
    links, partition, formula = two_triangles()
    walk = undirected(links, 6)
    length, best = best_partition(*walk)
    assert length == pytest.approx(formula)
    assert {frozenset(nodes) for nodes in best} == {frozenset(nodes) for nodes in partition}
    deepest, tree = best_tree(*walk)
    assert deepest == pytest.approx(formula)
    assert {frozenset(members(part)) for part in tree} == {frozenset(nodes) for nodes in partition}


def test_exhaustion_finds_a_third_level_where_there_is_one():
    """Six nodes that mostly stay where they are, in two groups that seldom meet: the root serves one of them itself."""
    links = {
        (i, j): 100.0 if i == j else 1.0 for group in ((0, 1, 2), (3, 4, 5)) for i in group for j in group if i <= j
    }
    walk = undirected(links | {(0, 3): 0.01}, 6)
    length, tree = best_tree(*walk)
    assert length < best_partition(*walk)[0] - 0.01
    nested = [part for part in tree if len(members(part)) > 1]
    assert (len(tree), len(nested)) == (4, 1)
    assert members(nested[0]) in ({0, 1, 2}, {3, 4, 5})
    assert [len(members(child)) for child in nested[0]] == [1, 1, 1]


def test_components_never_share_a_module_with_nothing_to_gain():
    links = {(0, 1): 1.0, (2, 3): 1.0, (3, 4): 1.0, (2, 4): 1.0}
    length, best = best_partition(*undirected(links, 5))
    assert sorted(map(sorted, best)) == [[0, 1], [2, 3, 4]]
    assert length == pytest.approx(2 / 8 * 1 + 6 / 8 * log2(3))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("seed", range(3))
def test_the_reference_agrees(model, seed, tmp_path):
    infomap = pytest.importorskip("infomap")
    links, nested = rugged(seed), [[[0, 1, 2], [3, 4]], [[5], [6]]]
    walk, file = walk_of(model, links, 7), tmp_path / "given.tree"
    for tree in ([[0, 1, 2], [3, 4], [5, 6]], nested):
        file.write_text("".join(f'{path} 0 "{node}" {node}\n' for path, node in paths(tree)))
        referee = infomap.Infomap(f"--silent --no-infomap --cluster-data {file} {MODELS[model][1]}")
        for node in range(7):
            referee.add_node(node)
        for (i, j), weight in links.items():
            referee.add_link(i, j, weight)
        found = referee.run()
        assert found.num_levels == (3 if tree is nested else 2)
        assert codelength(tree, *walk) == pytest.approx(found.codelength, abs=1e-10)
        assert {node.node_id: node.flow for node in found.nodes()} == pytest.approx(
            dict(enumerate(walk.visit)), abs=1e-11
        )


def paths(tree, above=""):
    """Path and node of every leaf, as a .tree file has them."""
    for place, part in enumerate(tree, 1):
        yield from [(f"{above}{place}", part)] if isinstance(part, int) else paths(part, f"{above}{place}:")


def test_every_partition_is_counted_once():
    found = {frozenset(map(frozenset, partition)) for partition in set_partitions(range(6))}
    assert len(found) == len(list(set_partitions(range(6)))) == 203
