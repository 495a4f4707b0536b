"""Agreement of two partitions: adjusted for chance, by names, at each depth."""

import networkx
import numpy as np
import pytest
from community.random_networks import random_network, random_tree
from hypothesis import given
from hypothesis import strategies as st

from minent import BadInput
from minent.community import Tree, agreement, agreements, find
from minent.community.tree.agreement import expected_mutual_information
from minent.community.tree.grow import grow
from minent.community.walk.models import flow_of
from minent.data import Graph

LABELS = st.integers(1, 60).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 9), min_size=n, max_size=n) for _ in range(2)])
)


@given(LABELS)
def test_agreement_is_scikit_learns(labels: tuple[list[int], list[int]]):
    score = pytest.importorskip("sklearn.metrics").adjusted_mutual_info_score
    assert agreement(*labels) == pytest.approx(score(*labels), abs=1e-9)


def test_agreement_of_large_partitions_is_scikit_learns():
    score = pytest.importorskip("sklearn.metrics").adjusted_mutual_info_score
    rng = np.random.default_rng(0)
    one = rng.zipf(1.5, 5000) % 300
    other = np.where(rng.random(5000) < 0.6, one, rng.zipf(1.5, 5000) % 300)
    assert 0.3 < agreement(one, other) < 0.8
    assert agreement(one, other) == pytest.approx(score(one, other), abs=1e-10)


def test_chance_is_the_mean_over_shuffles():
    rng = np.random.default_rng(0)
    one, other = np.repeat([0, 1, 2], [5, 3, 2]), np.repeat([0, 1], [6, 4])

    def mutual(u: np.ndarray, v: np.ndarray) -> float:
        cell = np.zeros((3, 2))
        np.add.at(cell, (u, v), 0.1)
        inside = cell > 0
        return float((cell[inside] * np.log(cell[inside] / np.outer(cell.sum(1), cell.sum(0))[inside])).sum())

    draws = [mutual(one, rng.permutation(other)) for _ in range(20_000)]
    expected = expected_mutual_information(np.array([5, 3, 2]), np.array([6, 4]))
    assert expected > 0.1
    assert expected == pytest.approx(np.mean(draws), abs=4 * np.std(draws) / 20_000**0.5)


def test_partitions_by_chance_do_not_agree_and_the_same_agree_wholly():
    rng = np.random.default_rng(1)
    one, other = rng.integers(0, 50, (2, 1000))
    assert abs(agreement(one, other)) < 0.05
    assert agreement(one, (one * 7 + 3) % 50) == 1.0


def test_nodes_are_matched_by_their_names(tmp_path):
    network = random_network(0)
    tree = find(network)
    assert 1 < tree.number_of_modules < 20
    names = tree.node_names
    backwards = {name: label for name, label in zip(names[::-1], tree.labels[::-1].tolist(), strict=True)}
    assert agreement(tree, backwards) == 1.0
    assert agreement(tree, tree.labels[::-1].tolist()) < 1.0  # plain labels have no names
    tree.write(tmp_path / "a.tree")
    assert agreement(tree, Tree.read(tmp_path / "a.tree")) == 1.0


def test_every_depth_is_compared_with_every_other():
    network = random_network(1)
    trees = [grow(flow_of(network), *random_tree(seed, 24)) for seed in (0, 1)]
    assert min(tree.depth for tree in trees) > 1
    table = agreements(*trees)
    assert table.shape == (trees[0].depth, trees[1].depth)
    for i, j in np.ndindex(table.shape):
        wanted = agreement(trees[0].labels_at(i + 1), trees[1].labels_at(j + 1))
        assert table[i, j] == pytest.approx(wanted, abs=1e-12)
    assert np.ptp(table) > 0.01
    assert table[0, 0] == agreement(*trees, depth=1) and table[-1, -1] == agreement(*trees)


@pytest.mark.parametrize(
    ("one", "other", "sentence"),
    [
        ({"a": 0, "b": 0}, {"a": 0, "c": 1}, "1 only in the first ('b') and 1 only in the second ('c')"),
        ({"a": 0}, {name: 0 for name in "abcde"}, "same nodes; 4 only in the second ('b', 'c', 'd', …)"),
        ([0, 1, 1], [0, 1], "one has 3, the other 2"),
    ],
)
def test_other_nodes_are_refused(one, other, sentence):
    with pytest.raises(BadInput) as error:
        agreement(one, other)
    assert sentence in str(error.value)


def test_names_that_stand_twice_are_refused():
    tree = find(Graph.from_links([0, 1, 2], [1, 2, 0], names=["a", "a", "b"]))
    with pytest.raises(BadInput, match="'a' stands twice in the first"):
        agreement(tree, tree)


def test_the_karate_club_split_is_close_to_the_modules():
    graph = networkx.karate_club_graph()
    clubs = networkx.get_node_attributes(graph, "club")
    assert 0.4 < agreement(find(graph), clubs) < 0.9
