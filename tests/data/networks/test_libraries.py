"""Weights by any attribute, networkit, PyG, AnnData, lists of links, and frames whose index matters."""

import logging
from types import SimpleNamespace

import igraph
import networkit
import networkx as nx
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp

from minent.community import Infomap, cluster, find, stability
from minent.data import Graph, as_graph
from minent.errors import BadInput


def links(graph):
    names = list(range(graph.number_of_nodes)) if graph.names is None else graph.names.tolist()
    source, target, weight = graph.links()
    weight = [1.0] * len(source) if weight is None else weight.tolist()
    return [(names[a], names[b], w) for a, b, w in zip(source.tolist(), target.tolist(), weight, strict=True)]


def test_lists_of_links_are_those_of_networkx():
    network = nx.les_miserables_graph()
    for given in (list(network.edges(data="weight")), list(network.edges(data=True))):
        graph = as_graph(given)
        wanted = {frozenset((u, v)): float(w) for u, v, w in network.edges(data="weight")}
        assert {frozenset((u, v)): w for u, v, w in links(graph)} == wanted
    assert links(as_graph([(10, 30), (30, 20, 2.5), (10, 30)], directed=True)) == [(10, 30, 2.0), (30, 20, 2.5)]
    assert as_graph([(1, 0)]).names is None
    assert as_graph([("a", 1), (1, ("b", 2))]).names.tolist() == ["a", 1, ("b", 2)]
    assert as_graph([]).number_of_nodes == 0


def test_integers_beyond_64_bits_are_names():
    big = 10**21
    wanted = [(5, 7, 1.0), (5, big, 1.0)]
    assert links(as_graph([(big, 5), (5, 7)])) == wanted
    assert links(as_graph(pd.DataFrame({"source": [big, 5], "target": [5, 7]}))) == wanted
    assert links(as_graph(pd.DataFrame({"to": [big, 5], "from": [5, 7], "weight": [2, 3]}), directed=True)) == [
        (5, big, 2.0), (7, 5, 3.0)
    ]  # fmt: skip
    assert links(as_graph(nx.Graph([(big, 5), (5, 7)]))) == [(big, 5, 1.0), (5, 7, 1.0)]
    for table in (pl.DataFrame({"source": [2**63 + 1, 5], "target": [5, 7]}),):
        with pytest.raises(BadInput, match="below 2\\*\\*63"):
            as_graph(table)


@pytest.mark.parametrize("kind", ["networkx", "igraph"])
def test_the_attribute_that_is_named_is_the_weight(kind, caplog):
    network = nx.Graph()
    network.add_edge("a", "b", cost=2.0, count=7)
    network.add_edge("b", "c", cost=3.0)
    if kind == "igraph":
        network = igraph.Graph.from_networkx(network)
        network.vs["name"] = network.vs["_nx_name"]
    with caplog.at_level(logging.INFO, "minent"):
        assert as_graph(network).weights is None
    assert "is taken for one" in caplog.text and "'cost'" in caplog.text
    assert as_graph(network, weight="cost").links()[2].tolist() == [2.0, 3.0]
    with caplog.at_level(logging.INFO, "minent"):
        assert as_graph(network, weight="count").links()[2].tolist() == [7.0, 1.0]
    assert "1 of 2 links says no weight and weighs 1" in caplog.text
    assert as_graph(network, weight=None).weights is None
    with pytest.raises(BadInput, match="no link has the attribute 'price'; there are 'co"):
        as_graph(network, weight="price")


def test_weights_of_tables_are_the_column_that_is_named():
    table = {"u": ["a", "b"], "v": ["b", "c"], "n": [2, 3], "m": [5, 7]}
    for frame in (pd.DataFrame(table), pl.DataFrame(table)):
        assert as_graph(frame, weight="m").links()[2].tolist() == [5.0, 7.0]
        assert as_graph(frame, weight=3).links()[2].tolist() == [2.0, 3.0]
        assert as_graph(frame, weight=None).weights is None
        with pytest.raises(BadInput, match="there is no column 'o'"):
            as_graph(frame, weight="o")


def test_parallel_links_are_summed_and_that_is_said(caplog):
    network = nx.MultiGraph([("a", "b"), ("b", "a"), ("b", "c")])
    network.add_edge("a", "c", weight=0)
    with caplog.at_level(logging.INFO, "minent"):
        graph = as_graph(network)
    assert links(graph) == [("a", "b", 2.0), ("b", "c", 1.0)]
    assert "parallel links are summed: 3 make 2" in caplog.text
    assert "1 link of weight 0 left out" in caplog.text
    assert graph.plan.notes[-2:] == ("parallel links are summed: 3 make 2", "1 link of weight 0 left out")
    assert str(graph.plan).startswith("object; 3 of 4 links say no weight and weigh 1; parallel")


def test_names_of_igraph_that_repeat_are_not_taken():
    network = igraph.Graph(3, [(0, 1), (1, 2)])
    network.vs["name"] = ["a", "a", "b"]
    assert as_graph(network).names is None


@pytest.mark.parametrize("directed", [False, True])
def test_networkit_graphs_are_the_same(directed):
    network = networkit.Graph(5, weighted=True, directed=directed)
    for source, target, weight in ((3, 1, 2.0), (1, 0, 0.5), (0, 0, 3.0), (0, 1, 1.0)):
        if directed or not network.hasEdge(source, target):
            network.addEdge(source, target, weight)
    network.removeNode(2)
    graph = as_graph(network)
    assert graph.directed == directed and graph.names.tolist() == [0, 1, 3, 4]
    both = [(u, v, w) for u, v, w in links(graph)]
    if directed:
        assert both == [(0, 0, 3.0), (0, 1, 1.0), (1, 0, 0.5), (3, 1, 2.0)]
    else:
        assert both == [(0, 0, 3.0), (0, 1, 0.5), (1, 3, 2.0)]
    assert as_graph(network, weight=None).weights is None
    plain = networkit.nxadapter.nx2nk(nx.karate_club_graph())
    assert as_graph(plain).number_of_links == 78
    with pytest.raises(BadInput, match="no weights"):
        as_graph(plain, weight="weight")


class Data(dict):
    """What is asked of a Data object of PyG."""

    edge_index = property(lambda self: self["edge_index"])
    num_nodes = property(lambda self: self.get("nodes", 3))


def test_graphs_of_pyg_keep_their_direction_and_weights():
    torch = pytest.importorskip("torch")
    ends = torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]])
    both = as_graph(Data(edge_index=ends, nodes=5))
    assert not both.directed and both.number_of_nodes == 5 and links(both) == [(0, 1, 1.0), (1, 2, 1.0)]
    weighed = as_graph(Data(edge_index=ends, edge_weight=torch.tensor([1.0, 2.0, 3.0, 3.0])))
    assert weighed.directed and links(weighed)[:2] == [(0, 1, 1.0), (1, 0, 2.0)]
    attributes = Data(edge_index=ends, edge_attr=torch.tensor([[4.0], [4], [3], [3]]))
    assert as_graph(attributes).weights is None
    assert links(as_graph(attributes, weight="edge_attr")) == [(0, 1, 4.0), (1, 2, 3.0)]
    with pytest.raises(BadInput, match="one for each of the 4 links"):
        as_graph(Data(edge_index=ends, edge_attr=torch.ones(4, 2)), weight="edge_attr")


def test_cells_are_linked_to_their_neighbours():
    matrix = sp.csr_matrix(np.array([[0, 0.5, 0], [0.5, 0, 1], [0, 1, 0]]))
    cells = SimpleNamespace(obsp={"connectivities": matrix, "distances": sp.triu(matrix)}, obs_names=["x", "y", "z"])
    assert links(as_graph(cells)) == [("x", "y", 0.5), ("y", "z", 1.0)]
    assert as_graph(cells, weight="distances").directed
    assert as_graph(cells, weight=None).weights is None
    with pytest.raises(BadInput, match=r"no obsp\['wnn'\]: run scanpy.pp.neighbors\(adata\) first; obsp has 'connecti"):
        as_graph(cells, weight="wnn")
    with pytest.raises(BadInput, match="obs_names_make_unique"):
        as_graph(SimpleNamespace(obsp=cells.obsp, obs_names=["x", "x", "z"]))


def test_a_frame_whose_rows_and_columns_are_called_alike_is_a_matrix():
    network = nx.les_miserables_graph()
    graph = as_graph(nx.to_pandas_adjacency(network))
    wanted = {frozenset((u, v)): float(w) for u, v, w in network.edges(data="weight")}
    assert {frozenset((u, v)): w for u, v, w in links(graph)} == wanted
    assert not graph.directed
    assert as_graph(pd.DataFrame(np.ones((5, 5)))).number_of_links == 15
    with pytest.raises(BadInput, match="a frame of 2 × 2 numbers without names may be a matrix or links"):
        as_graph(pd.DataFrame([[0, 1], [1, 2]]))
    assert as_graph(pd.DataFrame([["a", "b"], ["b", "c"]])).number_of_links == 2


def test_an_index_that_is_called_as_an_end_is_one():
    frame = pd.DataFrame({"target": ["b", "c"], "weight": [2, 3]}, index=pd.Index(["a", "b"], name="source"))
    assert links(as_graph(frame)) == [("a", "b", 2.0), ("b", "c", 3.0)]
    pairs = pd.DataFrame({"u": ["x", "x", "y"], "v": ["y", "y", "z"]})
    assert links(as_graph(pairs.groupby(["u", "v"]).size())) == [("x", "y", 2.0), ("y", "z", 1.0)]
    assert links(as_graph(pairs.groupby(["u", "v"]).size().to_frame("n"))) == [("x", "y", 2.0), ("y", "z", 1.0)]
    filtered = pairs[pairs.u == "x"].rename_axis("row")
    assert links(as_graph(filtered)) == [("x", "y", 2.0)]


def test_a_weight_that_nothing_can_have_is_refused():
    for network in (([0], [1]), Graph.from_links([0], [1])):
        with pytest.raises(BadInput, match="has no attributes of links; got weight='cost'"):
            as_graph(network, weight="cost")
    with pytest.raises(BadInput, match="no link has the attribute 'cost'"):
        as_graph([("a", "b")], weight="cost")


def test_a_seed_may_be_drawn():
    network = nx.karate_club_graph()
    assert find(network, seed=None).codelength == pytest.approx(find(network).codelength, abs=0.1)
    one, other = (find(network, seed=np.random.default_rng(5)) for _ in range(2))
    assert one.codelength == other.codelength
    assert stability(network, trials=2, seed=None).trials == 2
    points = np.repeat(np.eye(3), 10, axis=0) + np.random.default_rng(0).normal(size=(30, 3)) / 50
    assert cluster(points, neighbours=5, seed=None).number_of_modules == 3
    assert len(set(Infomap(neighbours=5, random_state=None).fit_predict(points))) == 3
    for wrong in ("1", 1.5, True):
        with pytest.raises(BadInput, match="seed must be a whole number, None or a numpy Generator; got"):
            find(network, seed=wrong)


def test_frames_are_matrices_whatever_the_order_of_their_rows():
    frame = pd.DataFrame([[0, 2, 1], [2, 0, 0], [1, 0, 0]], list("ABC"), list("ABC"))
    wanted = [("A", "B", 2.0), ("A", "C", 1.0)]
    assert links(as_graph(frame)) == links(as_graph(frame.loc[list("CAB")])) == wanted
    assert links(as_graph(frame.loc[list("CAB"), list("BAC")])) == [("B", "A", 2.0), ("A", "C", 1.0)]


def test_frames_of_rows_by_columns_are_no_lists():
    crosstab = pd.crosstab(pd.Series(["ann", "bob", "bob"], name="p"), pd.Series(["e1", "e2", "e2"], name="e"))
    for frame in (crosstab, pd.DataFrame({"e1": [1, 0], "e2": [0, 1]}, index=["ann", "bob"])):
        with pytest.raises(BadInput, match="looks like a matrix of rows by columns: frame"):
            as_graph(frame)
    assert links(as_graph(crosstab.stack())) == [("ann", "e1", 1.0), ("bob", "e2", 2.0)]
    assert links(as_graph(pd.DataFrame({"from": [1, 2], "to": [2, 3]}, index=["a", "b"]))) == [(1, 2, 1.0), (2, 3, 1.0)]
