"""Networks of other libraries: each says the same network."""

import igraph
import networkx as nx
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

from minent.data import Graph, as_graph
from minent.errors import BadInput

SOURCE, TARGET, WEIGHT = [0, 1, 2, 3, 3], [1, 2, 0, 2, 3], [1.0, 2.0, 0.5, 4.0, 3.0]


def same(one, other):
    for field in ("indptr", "indices", "weights", "names", "node_weights"):
        a, b = getattr(one, field), getattr(other, field)
        if (a is None) != (b is None) or (a is not None and not np.array_equal(a, b)):
            return False
    return one.directed == other.directed


def networkx_graph(kind=nx.Graph):
    network = kind()
    network.add_nodes_from(range(4))
    network.add_weighted_edges_from(zip(SOURCE, TARGET, WEIGHT, strict=True))
    return network


def igraph_graph(directed=False):
    network = igraph.Graph(4, list(zip(SOURCE, TARGET, strict=True)), directed=directed)
    network.es["weight"] = WEIGHT
    return network


MATRIX = sp.coo_array((WEIGHT, (SOURCE, TARGET)), shape=(4, 4))
COLUMNS = {"source": SOURCE, "target": TARGET, "weight": WEIGHT}
DIRECTED = {
    "arrays": (np.array(SOURCE), np.array(TARGET), np.array(WEIGHT)),
    "scipy array": MATRIX.tocsr(),
    "scipy matrix": sp.csc_matrix(MATRIX),
    "networkx": networkx_graph(nx.DiGraph),
    "networkx with parallel links": networkx_graph(nx.MultiDiGraph),
    "igraph": igraph_graph(directed=True),
    "pandas": pd.DataFrame(COLUMNS),
    "pandas with an index": pd.DataFrame(COLUMNS, index=list("abcde")),
    "polars": pl.DataFrame(COLUMNS),
    "pyarrow": pa.table(COLUMNS),
}


@pytest.mark.parametrize("kind", DIRECTED)
def test_every_library_says_the_same_directed_network(kind):
    wanted = Graph.from_links(SOURCE, TARGET, WEIGHT, directed=True)
    assert wanted.number_of_links == 5
    assert same(as_graph(DIRECTED[kind], directed=True), wanted)


@pytest.mark.parametrize("kind", DIRECTED)
def test_every_library_says_the_same_undirected_network(kind):
    assert same(as_graph(DIRECTED[kind], directed=False), Graph.from_links(SOURCE, TARGET, WEIGHT))


def test_direction_is_what_the_object_says():
    assert as_graph(networkx_graph(nx.DiGraph)).directed
    assert not as_graph(networkx_graph()).directed
    assert as_graph(igraph_graph(directed=True)).directed
    assert not as_graph(igraph_graph()).directed
    assert as_graph(MATRIX).directed
    assert not as_graph((SOURCE, TARGET)).directed
    assert same(as_graph(networkx_graph()), as_graph(igraph_graph()))


def test_a_symmetric_matrix_is_undirected():
    undirected = Graph.from_links(SOURCE, TARGET, WEIGHT)
    matrix = sp.csr_array((undirected.weights, undirected.indices, undirected.indptr), shape=(4, 4))
    assert same(as_graph(matrix), undirected)
    assert same(as_graph(matrix, directed=False), undirected)
    assert same(as_graph(matrix, directed=True), as_graph(undirected, directed=True))
    ones = as_graph(sp.csr_array(matrix != 0))
    assert ones.weights is None
    assert not ones.directed


def test_an_undirected_network_told_to_be_directed_goes_both_ways():
    both = as_graph(networkx_graph(), directed=True)
    assert both.directed
    assert both.number_of_links == 9
    assert same(both, as_graph(networkx_graph().to_directed()))


def test_a_directed_network_told_to_be_undirected_sums_both_directions():
    network = nx.DiGraph([("a", "b"), ("b", "a"), ("b", "c")])
    undirected = as_graph(network, directed=False)
    assert undirected.links()[2].tolist() == [2.0, 1.0]
    assert same(undirected, as_graph(as_graph(network), directed=False))


def test_names_and_isolated_nodes_are_kept():
    network = nx.MultiGraph([("甲", "乙"), ("甲", "乙")])
    network.add_node("alone")
    network.add_edge("乙", ("a", 1), weight=0.5)
    graph = as_graph(network)
    assert graph.names.tolist() == ["甲", "乙", "alone", ("a", 1)]
    assert graph.links()[2].tolist() == [2.0, 0.5]
    named = igraph.Graph(3, [(0, 2)])
    named.vs["name"] = ["x", "y", "z"]
    assert as_graph(named).names.tolist() == ["x", "y", "z"]
    assert as_graph(sp.csr_array((3, 3))).number_of_nodes == 3
    assert as_graph(nx.path_graph([5, 3, 9])).names.tolist() == [5, 3, 9]


@pytest.mark.parametrize("table", [pd.DataFrame, pl.DataFrame, pa.table])
def test_words_in_tables_are_names(table):
    graph = as_graph(table({"to": ["b", "c"], "from": ["a", "b"], "other": ["x", "y"]}), directed=True)
    assert graph.names.tolist() == ["a", "b", "c"]
    assert graph.indices.tolist() == [1, 2]
    assert graph.weights is None


def test_an_array_of_two_rows_and_a_graph_itself_are_taken():
    graph = as_graph(np.array([SOURCE, TARGET], np.int32))
    assert same(graph, Graph.from_links(SOURCE, TARGET))
    assert as_graph(graph) is graph
    assert as_graph(graph, directed=False) is graph


def test_a_path_is_read(tmp_path):
    path = tmp_path / "links.csv"
    path.write_text("a,b\n")
    assert as_graph(path).names.tolist() == as_graph(str(path)).names.tolist() == ["a", "b"]


@pytest.mark.parametrize("thing, sentence", [
    (7, "a network cannot be made of an int; wanted a path, a tuple of arrays"),
    ([[0, 1]], "a list of links has tuples (u, v) or (u, v, weight); got [0, 1] for link 0: for a matrix"),
    ([("a", 1.5)], "nodes must be called by numbers or text; got 1.5 for link 0"),
    ({"a": ["b"]}, "a network cannot be made of a dict; wanted a path"),
    (nx, "a network cannot be made of a module; wanted"),
    (([0],), "a tuple must be (source, target) or (source, target, weight); got 1 things"),
    (np.zeros((5, 2), int), "an array of links must have shape (2, links), a matrix be square; got int64 of "
                               "shape (5, 2): transpose it"),
    (np.zeros(3), "an array of links must have shape (2, links) and be of integers, a matrix be square; got"),
    (np.zeros((2, 3)), "an array of links must have shape (2, links) and be of integers, a matrix be square; got"),
    (np.array([[0, 1], [1, 0]]), "an array of 2 × 2 integers may be two links or a matrix of two nodes; pass (source,"),
    (np.array([[0, 1], [np.nan, 0]]), "link weight must be a finite number; got nan at row 1, column 0"),
    (np.array([[0, np.inf], [1, 0]]), "link weight must be a finite number; got inf at row 0, column 1"),
    (np.array([[0, -0.5], [1, 0]]), "link weight must not be negative; got -0.5 at row 0, column 1: correlations bec"),
    (np.array([["a", "b"], ["c", "d"]]), "link weights must be numbers; got <U1"),
    (sp.csr_array((2, 3)), "a matrix of links must be square; got 2 × 3"),
    (sp.csr_array([[0, -1], [-1, 0]]), "link weight must not be negative; got -1"),
    (sp.csr_array([[0, 1j], [1j, 0]]), "link weights must be numbers; got complex128"),
    (pd.DataFrame({"a": [1]}), "a table of links needs a source and a target column; got the columns ['a']"),
    (pd.Series([1, 2]), "a pandas.Series cannot be read as a table of links; a series of links has an index of two"),
    (pd.DataFrame({"a": [1.5], "b": [2.0]}), "nodes must be called by integers or text; got columns of double and"),
    (nx.Graph([(1, 2, {"weight": -2})]), "link weight must not be negative; got -2 for link 0"),
    (nx.Graph([(1, 2, {"weight": "x"})]), "link weights must be numbers; got 'x' for link 0"),
])  # fmt: skip
def test_what_holds_no_network_is_said(thing, sentence):
    with pytest.raises(BadInput) as error:
        as_graph(thing)
    assert str(error.value).startswith(sentence)
