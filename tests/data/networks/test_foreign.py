"""Formats of other programs: what networkx writes is the same network, and igraph reads the same."""

import io
import os
from pathlib import Path

import igraph
import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minent.data.networks.foreign.foreign import graph_of_foreign
from minent.data.networks.foreign.json_networks import graph_of_json
from minent.data.networks.naming.called import integers_or_text
from minent.errors import BadInput

ODD = Path(os.environ.get("MINENT_DATA", "../shared/data")) / "odd" / "networks"
XML = st.characters(min_codepoint=33, exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\x85\u2028\u2029")
NAMES = st.text(st.one_of(st.sampled_from("ab\"'&<>,;#甲é😀א"), XML), min_size=1, max_size=6)
WEIGHTS = st.one_of(st.none(), st.integers(1, 9), st.floats(0.01, 1e6))


@st.composite
def networks(draw, names=NAMES):
    """A graph of networkx of any kind, with isolated nodes, self-links, parallel links, and weights on all or some."""
    kind = draw(st.sampled_from([nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph]))
    nodes = draw(st.lists(names, min_size=1, max_size=7, unique=True))
    network = kind()
    network.add_nodes_from(nodes)
    for _ in range(draw(st.integers(1, 10))):
        u, v, weight = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes)), draw(WEIGHTS)
        network.add_edge(u, v, **({} if weight is None else {"weight": weight}))
    return network


def links_of(network) -> dict:
    """What is wanted: the sum of weights, 1 where missing, of each pair; worked out without minent."""
    names = dict(zip(network.nodes, integers_or_text(list(network.nodes)), strict=True))
    summed: dict = {}
    for u, v, data in network.edges(data=True):
        pair = (names[u], names[v]) if network.is_directed() else frozenset((names[u], names[v]))
        summed[pair] = summed.get(pair, 0.0) + float(data.get("weight", 1.0))
    return summed


def links_in(graph) -> dict:
    names = list(range(graph.number_of_nodes)) if graph.names is None else graph.names.tolist()
    source, target, weight = graph.links()
    weight = [1.0] * len(source) if weight is None else weight.tolist()
    pairs = [(names[a], names[b]) for a, b in zip(source.tolist(), target.tolist(), strict=True)]
    return dict(zip(pairs if graph.directed else map(frozenset, pairs), weight, strict=True))


def same(graph, network):
    assert graph.directed == network.is_directed()
    names = range(graph.number_of_nodes) if graph.names is None else graph.names.tolist()
    assert sorted(map(str, names)) == sorted(map(str, network.nodes))
    assert links_in(graph) == pytest.approx(links_of(network), rel=1e-12)


def written(network, write) -> bytes:
    file = io.BytesIO()
    write(network, file)
    return file.getvalue()


@settings(max_examples=60, deadline=None)
@given(networks())
def test_graphml_of_networkx_is_the_same_network(network):
    same(graph_of_foreign(written(network, nx.write_graphml), "graphml", "a.graphml")[0], network)


@settings(max_examples=60, deadline=None)
@given(networks())
def test_gml_of_networkx_is_the_same_network(network):
    same(graph_of_foreign(written(network, nx.write_gml), "gml", "a.gml")[0], network)


@settings(max_examples=60, deadline=None)
@given(networks())
def test_gexf_of_networkx_is_the_same_network(network):
    same(graph_of_foreign(written(network, nx.write_gexf), "gexf", "a.gexf")[0], network)


@settings(max_examples=60, deadline=None)
@given(networks(NAMES.filter(lambda name: not any(c.isspace() for c in name) and name[0] not in "#")))
def test_lists_of_networkx_are_the_same_network(network):
    told = network.is_directed()
    written_links = network.edge_subgraph(network.edges)  # an edge list does not tell nodes without links
    data = written(network, nx.write_edgelist)
    same(graph_of_foreign(data, "edgelist", "a.edgelist", told)[0], written_links)
    same(graph_of_foreign(written(network, nx.write_multiline_adjlist), "multiline_adjlist", "a", told)[0], network)
    plain = network.__class__()
    plain.add_nodes_from(network)
    plain.add_edges_from(network.edges())
    same(graph_of_foreign(written(plain, nx.write_adjlist), "adjlist", "a.adjlist", told)[0], plain)


@settings(max_examples=60, deadline=None)
@given(networks(st.text(max_size=6)), st.sampled_from(["links", "edges"]))
def test_node_link_json_is_the_same_network(network, key):
    import json

    data = json.dumps(nx.node_link_data(network, edges=key), ensure_ascii=False).encode("utf-8", "surrogatepass")
    try:
        data.decode()
    except UnicodeDecodeError:
        return
    same(graph_of_json(data, "a.json")[0], network)


@pytest.mark.parametrize("format, write", [("graphml", "write_graphml"), ("gml", "write_gml")])
def test_what_igraph_writes_is_read(tmp_path, format, write):
    network = igraph.Graph(4, [(0, 1), (1, 2), (1, 2), (3, 3)])
    network.vs["name"] = ["Ann", "Bob", "甲", "d"]
    network.es["weight"] = [1.5, 2.0, 3.0, 1.0]
    path = tmp_path / f"a.{format}"
    getattr(network, write)(str(path))
    graph, notes = graph_of_foreign(path.read_bytes(), format, path)
    assert graph.names.tolist() == ["Ann", "Bob", "甲", "d"]
    assert [a.tolist() for a in graph.links()] == [[0, 1, 3], [1, 2, 3], [1.5, 5.0, 1.0]]
    assert "nodes are called by their 'name'" in notes
    assert "parallel links are summed: 4 make 3" in notes


@pytest.mark.skipif(not ODD.is_dir(), reason="the odd networks are not here")
def test_files_of_igraphs_tests_are_read_as_igraph_reads_them():
    data = (ODD / "igraph" / "wa1.graphml").read_bytes()
    graph, notes = graph_of_foreign(data, "graphml", "wa1.graphml")
    referee = igraph.Graph.Read_GraphML(str(ODD / "igraph" / "wa1.graphml"))
    assert graph.names.tolist() == referee.vs["label"]
    assert sorted(map(tuple, zip(*(a.tolist() for a in graph.links()), strict=True))) == sorted(
        (*sorted(edge.tuple), edge["weight"]) for edge in referee.es
    )
    assert "nodes are called by their 'label'" in notes
    with pytest.raises(BadInput, match=r"not be negative; got -377.9 for link 0 in 'weighted.gml'"):
        graph_of_foreign((ODD / "igraph" / "weighted.gml").read_bytes(), "gml", "weighted.gml")


GML = 'graph [\n node [ id 0 label "a" ]\n node [ id 1 label "b" ]\n node [ id 2 label "{}" ]\n {} ]'


def test_labels_that_repeat_are_no_names():
    text = GML.format("a", "edge [ source 0 target 1 ] edge [ source 1 target 2 ] edge [ source 1 target 2 ]")
    graph, notes = graph_of_foreign(text.encode(), "gml", "a.gml")
    assert graph.names is None and graph.links()[2].tolist() == [1.0, 2.0]
    assert notes == [
        "nodes are called by their ids, for more than one has the same 'label'", "parallel links are summed: 3 make 2"
    ]  # fmt: skip


def test_weights_go_by_known_names_or_by_the_one_that_is_said():
    text = GML.format("c", "edge [ source 0 target 1 value 3 year 1999 ] edge [ source 1 target 2 ]").encode()
    graph, notes = graph_of_foreign(text, "gml", "a.gml")
    assert graph.links()[2].tolist() == [3.0, 1.0]
    assert notes[1:] == ["the attribute 'value' is the weight of links", "1 of 2 links says no weight and weighs 1"]
    assert graph_of_foreign(text, "gml", "a.gml", weight="year")[0].links()[2].tolist() == [1999.0, 1.0]
    assert graph_of_foreign(text, "gml", "a.gml", weight="none")[0].weights is None
    with pytest.raises(BadInput, match=r"no link has the attribute 'cost'; there are 'value', 'year' in 'a\.gml'"):
        graph_of_foreign(text, "gml", "a.gml", weight="cost")
    text = GML.format("c", "edge [ source 0 target 1 value 3 strength 2 ]").encode()
    with pytest.raises(BadInput, match="which attribute is the weight of links, 'value' or 'strength'"):
        graph_of_foreign(text, "gml", "a.gml")
    text = GML.format("c", "edge [ source 0 target 1 year 3 ]").encode()
    graph, notes = graph_of_foreign(text, "gml", "a.gml")
    assert graph.weights is None and notes[1:] == ["links have no weight: none of 'year' is taken for one"]


def test_defaults_of_graphml_are_weights():
    text = (
        b'<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><key id="w" for="edge" attr.name="weight" '
        b'attr.type="double"><default>2.5</default></key><graph edgedefault="directed"><node id="007"/><node id="7"/>'
        b'<edge source="007" target="7"/><edge source="7" target="007"><data key="w">1</data></edge></graph></graphml>'
    )
    graph, _ = graph_of_foreign(text, "graphml", "a.graphml")
    assert graph.directed and graph.names.tolist() == ["007", "7"]
    assert graph.links()[2].tolist() == [2.5, 1.0]
    with pytest.raises(BadInput, match="it holds 2 networks"):
        graph_of_foreign(text.replace(b"</graphml>", b"<graph edgedefault='directed'/></graphml>"), "graphml", "a")


def test_lists_go_from_the_first_name_to_the_second_where_links_have_a_direction():
    for format, data in (
        ("edgelist", b"b a {'weight': 2}\n"),
        ("adjlist", b"# GMT\nb a\n"),
        ("multiline_adjlist", b"b 1\na {}\n"),
    ):
        graph, _ = graph_of_foreign(data, format, "a", True)
        assert [[graph.names[a], graph.names[b]] for a, b in zip(*graph.links()[:2], strict=True)] == [["b", "a"]]
        assert not graph_of_foreign(data, format, "a")[0].directed


@pytest.mark.parametrize("data, format, sentence", [
    (b"digraph { a -> b }", "dot", "'f': DOT is for drawing and is not read; networkx.nx_agraph.read_dot reads it"),
    (b"<graphml><graph>\n<node id='a'></graph></graphml>", "graphml", "'f' cannot be read as GraphML: mismatched tag"),
    (b"<gexf></gexf>", "gexf", "'f' cannot be read as GEXF: "),
    (b"graph [ node [ id 1 ] edge [ source 1 target 2 ] ]", "gml",
     "'f' cannot be read as GML: edge #0 has undefined target 2"),
    (b"graph [ node [ id 1 ", "gml", "'f' cannot be read as GML: expected"),
    (b"a b {'weight': x}\n", "edgelist", "attributes of a link are a dictionary of Python; got \"{'weight': x}\" on"),
    (b"New York b\n", "edgelist", "wanted two names without blanks and perhaps {…}; got 'New York b' on line 1 of 'f'"),
    (b"a 2\nb {}\n", "multiline_adjlist", "2 links of 'a' are to follow; got '' on line 1 of 'f'"),
    (b"graph [ node [ id 1 ] node [ id 2 ] edge [ source 1 target 2 weight NAN ] ]", "gml",
     "link weight must be a finite number; got nan for link 0 in 'f'"),
    (b"", "xlsx", "a format is one of graphml, gml, gexf, edgelist, adjlist, multiline_adjlist; got 'xlsx'"),
])  # fmt: skip
def test_what_cannot_be_read_is_said(data, format, sentence):
    with pytest.raises(BadInput) as error:
        graph_of_foreign(data, format, "f")
    assert str(error.value).startswith(sentence)


def test_lists_of_networkx_keep_names_with_a_hash_and_tell_comments():
    text = b"# mine\n#a b {'weight': 2}\n#c d {}\nb #d {}\n"
    network, notes = graph_of_foreign(text, "edgelist", "hash.edgelist")
    assert network.names.tolist() == ["#a", "b", "#c", "d", "#d"] and network.number_of_links == 3
    assert notes[0] == "1 comment line"
    written = "\n".join(nx.generate_edgelist(nx.Graph([("#a", "b"), ("b", "c")]))).encode()
    assert graph_of_foreign(written, "edgelist", "x")[0].number_of_links == 2
    network, notes = graph_of_foreign(b"#x.py\n# GMT today\n#\na b\n#tag a\n# no node\n", "adjlist", "x.adjlist")
    assert set(network.names.tolist()) == {"a", "b", "#tag"} and notes[0] == "4 comment lines"


def test_numbers_for_names_that_igraph_writes_with_a_point_are_integers(tmp_path: Path):
    network = igraph.Graph([(0, 1), (1, 2)])
    network.vs["name"] = [2146334, 7, 1347793]
    network.write_graphml(str(tmp_path / "a.graphml"))
    found, notes = graph_of_foreign((tmp_path / "a.graphml").read_bytes(), "graphml", "a.graphml")
    assert found.names.tolist() == [2146334, 7, 1347793] and "names like 1.0 are integers" in notes
