"""Given modules, in every form in which users have them, cost what they do."""

import numpy as np
import pytest
from community.random_networks import random_network
from naive import closed_forms

from minent import BadInput
from minent.community import Tree, codelength
from minent.community.tree.grow import grow
from minent.community.walk.models import flow_of
from minent.data import Graph

TRIANGLES = np.array([0, 1, 2, 3, 4, 5, 2]), np.array([1, 2, 0, 4, 5, 3, 3])


def test_labels_may_be_numbers_words_a_mapping_or_a_tree():
    wanted = closed_forms.two_triangles()[2]
    assert codelength(TRIANGLES, np.array([7, 7, 7, -1, -1, -1])) == pytest.approx(wanted)
    assert codelength(TRIANGLES, ["left", "left", "left", "右", "右", "右"]) == pytest.approx(wanted)
    assert codelength(TRIANGLES, {5: "b", 4: "b", 3: "b", 2: "a", 1: "a", 0: "a"}) == pytest.approx(wanted)
    tree = grow(flow_of(Graph.from_links(*TRIANGLES)), np.array([-1, 0, 0]), np.array([1, 1, 1, 2, 2, 2]))
    assert codelength(TRIANGLES, tree) == pytest.approx(wanted)
    assert codelength(TRIANGLES, tree) == pytest.approx(tree.codelength, abs=1e-14)


def test_a_tree_and_a_mapping_follow_the_names_of_the_nodes():
    names = np.array(["a", "b", "c", "d", "e", "f"])
    network = Graph.from_links(*TRIANGLES, names=names)
    labels = dict(zip(names[::-1].tolist(), [(2,), (2,), (2,), (1,), (1,), (1,)], strict=True))
    assert codelength(network, labels) == pytest.approx(closed_forms.two_triangles()[2])
    order = np.array([3, 0, 4, 1, 5, 2])
    place = np.argsort(order)
    mixed = Graph.from_links(place[TRIANGLES[0]], place[TRIANGLES[1]], names=names[order])
    tree = grow(flow_of(mixed), np.array([-1, 0, 0]), np.array([2, 1, 2, 1, 2, 1]))
    assert codelength(network, tree) == pytest.approx(tree.codelength, abs=1e-14)
    assert tree.codelength == pytest.approx(closed_forms.two_triangles()[2])


def test_flow_options_reach_the_walk():
    network, labels = random_network(1), np.random.default_rng(1).integers(0, 4, 24)
    cases = [{}, {"recorded": True}, {"to_nodes": True}, {"teleportation": 0.4}, {"flow_model": "rawdir"}]
    costs = [codelength(network, labels, **case) for case in cases]
    assert len({round(cost, 6) for cost in costs}) == len(cases)
    undirected, directed = (codelength(TRIANGLES, [0, 0, 0, 1, 1, 1], directed=way) for way in (None, True))
    assert abs(undirected - directed) > 0.1
    assert codelength(TRIANGLES, [0, 0, 0, 1, 1, 1], flow_model="directed") == directed
    assert codelength(network, labels, flow_model="undirected") == codelength(network, labels, directed=False)


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        ([0, 0, 1], r"the network has 6 nodes; got 3 labels"),
        ([{0, 1, 2}, {3, 4}], r"the network has 6 nodes; got 5 labels"),
        ([{0, 1, 2}, {2, 3, 4, 5}], "2 is in more than one of the sets"),
        ([{}] * 6, "a module is a number, text or a tuple; got {}"),
        ({0, 1, 2}, "a set has no order"),
        (2, "wanted a label for each node in the network's order, labels by name, or sets of nodes; got 2"),
        ({i: {i} for i in range(6)}, r"got \{0\}; groups of nodes are sets: list"),
        (np.zeros((6, 1, 1)), r"or a row of them; got labels of shape \(6, 1, 1\)"),
        ({0: 1, 1: 1}, r"the network has 6 nodes; got 2 labels"),
        (dict.fromkeys("abcdef", 0), "node 0 has none; modules are given for 'a', 'b', 'c'"),
    ],
)
def test_labels_that_do_not_match_the_nodes_are_refused(labels: list | dict | np.ndarray, problem: str):
    with pytest.raises(BadInput, match=problem):
        codelength(TRIANGLES, labels)


def test_a_tree_of_another_network_is_refused():
    tree = grow(flow_of(Graph.from_links([0], [1])), np.array([-1, 0]), np.array([1, 1]))
    assert isinstance(tree, Tree)
    with pytest.raises(BadInput, match="the network has 6 nodes; got 2 labels"):
        codelength(TRIANGLES, tree)


@pytest.mark.parametrize(
    "names", [list("甲乙丙丁戊己"), ["60", "50", "40", "30", "20", "10"], [6, 5, 4, 3, 2, 1]], ids=str
)
def test_modules_from_a_file_go_by_name_or_by_number(names: list, tmp_path):
    network = Graph.from_links(*TRIANGLES, names=names)
    tree = grow(flow_of(network), np.array([-1, 0, 0]), np.array([1, 1, 1, 1, 2, 2]))
    assert tree.codelength > closed_forms.two_triangles()[2] + 0.1
    for suffix in (".tree", ".clu"):
        tree.write(tmp_path / f"a{suffix}")
        assert codelength(network, Tree.read(tmp_path / f"a{suffix}")) == pytest.approx(tree.codelength, abs=1e-14)
    by_text = {str(name): label for name, label in zip(names, [0, 0, 0, 0, 1, 1], strict=True)}
    assert codelength(network, by_text) == pytest.approx(tree.codelength, abs=1e-14)
