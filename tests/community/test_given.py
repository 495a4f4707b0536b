"""Modules to begin from may be partial and nested; links may be left out."""

import networkx
import numpy as np
import pytest

from minent import BadInput
from minent.community import codelength, evaluate, find
from minent.data import Graph, read_graph
from minent.data.networks.thinned import thinned


def test_rows_of_labels_are_modules_in_modules():
    graph = networkx.karate_club_graph()
    tree = find(graph)
    top = [i % 2 for i in range(34)]
    rows = np.array([[a, i % 4] for i, a in enumerate(top)])
    nested = evaluate(graph, rows)
    assert nested.depth == 2 and nested.number_of_modules == 4
    assert nested.codelength == codelength(graph, {i: tuple(row) for i, row in enumerate(rows.tolist())})
    assert find(graph, initial=rows).codelength <= min(nested.codelength, tree.codelength + 0.1)


def test_nodes_without_a_module_begin_alone():
    graph = networkx.karate_club_graph()
    best = find(graph)
    known = {i: label for i, label in enumerate(best.labels.tolist()) if i % 3}
    listed = [known.get(i) for i in range(34)]
    for initial in (known, listed, np.array([np.nan if one is None else one for one in listed])):
        assert find(graph, initial=initial).codelength <= best.codelength + 1e-2
        with pytest.raises(BadInput, match="every node wants one module"):
            codelength(graph, initial)
    with pytest.raises(BadInput, match="'stranger' is none"):
        find(graph, initial={0: 1, "stranger": 2})


def test_links_that_are_left_out_are_counted_and_change_the_walk():
    links = [0, 0, 1, 2, 2], [0, 1, 2, 0, 3], [5.0, 1.0, 1.0, 1.0, 0.1]
    for directed in (False, True):
        network, left = thinned(Graph.from_links(*links, directed=directed), True, 0.5)
        assert tuple(left) == (1, 1) and network.number_of_links == 3 and network.number_of_nodes == 4
        plain = Graph.from_links([0, 1, 2], [1, 2, 0], [1.0] * 3, names=range(4), directed=directed)
        whole = Graph.from_links(*links, directed=directed)
        wanted = codelength(plain, [0, 0, 1, 1])
        assert codelength(whole, [0, 0, 1, 1], no_self_links=True, weight_threshold=0.5) == pytest.approx(wanted)
        assert codelength(whole, [0, 0, 1, 1]) != pytest.approx(wanted)
    with pytest.raises(BadInput, match="weight_threshold must be at least 0"):
        find(whole, weight_threshold=-1.0)


def test_nodes_of_one_name_are_told_apart_by_their_numbers_in_a_tree_too(tmp_path):
    lines = ['1 "John"', '2 "John"', '3 "c"', "*Edges", "1 2", "2 3"]
    (tmp_path / "two.net").write_text("*Vertices 3\n" + "\n".join(lines) + "\n")
    (tmp_path / "two.tree").write_text(
        '# path flow name node_id\n1:1 0.5 "John" 2\n1:2 0.25 "c" 3\n2:1 0.25 "John" 1\n'
    )
    network = read_graph(tmp_path / "two.net")
    assert codelength(network, tmp_path / "two.tree") == codelength(network, {1: "x", 2: "y", 3: "y"}) > 0
