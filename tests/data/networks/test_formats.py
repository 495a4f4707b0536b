"""What a file is is told by what it holds: formats near to known ones are read, or refused with what to do."""

import io
import tarfile

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest
import scipy.io
from data.networks.named_links import links, read

from minent.community import find
from minent.data import Bipartite, Graph, as_graph, read_graph
from minent.errors import BadInput

GRAPHML = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">{}<graph edgedefault="undirected"><node id="a"/>'
LINK = '<node id="b"/><edge source="a" target="b">{}</edge></graph></graphml>'


def written(write):
    write(file := io.BytesIO())
    return file.getvalue()


def tar():
    with tarfile.open(fileobj=(file := io.BytesIO()), mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("links.txt"), io.BytesIO())
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_xml_is_told_in_any_encoding(encoding):
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    text = f'<?xml version="1.0" encoding="{declared}"?>' + GRAPHML.format("") + LINK.format("")
    assert links(read(text.encode(encoding))) == {("a", "b"): 1.0}
    nodes = '<nodes><node id="甲"/><node id="b"/></nodes><edges><edge source="甲" target="b" weight="2"/></edges>'
    gexf = f'<?xml version="1.0" encoding="{declared}"?><gexf xmlns="http://gexf.net/1.3" version="1.3"><graph>{nodes}'
    assert links(read((gexf + "</graph></gexf>").encode(encoding))) == {("甲", "b"): 2.0}


def test_warnings_of_networkx_are_notes():
    network = read(
        GRAPHML.format('<key id="w" for="edge" attr.name="weight"/>') + LINK.format('<data key="w">2</data>')
    )
    assert links(network) == {("a", "b"): 2.0}
    assert network.plan.notes == ("No key type for id w. Using string",)


INNER = '<graph edgedefault="undirected"><node id="c"/><node id="d"/><edge source="c" target="d"/></graph>'
DYNAMIC = (
    '<gexf xmlns="http://www.gexf.net/1.2draft" version="1.2"><graph mode="dynamic" defaultedgetype="undirected">'
    '<attributes class="edge" mode="dynamic"><attribute id="weight" title="Weight" type="float"/></attributes>'
    '<nodes><node id="0"/><node id="1"/></nodes><edges><edge id="0" source="0" target="1"><attvalues>'
    '<attvalue for="weight" value="1" start="1" end="2"/><attvalue for="weight" value="3" start="2" end="3"/>'
    "</attvalues></edge></edges></graph></gexf>"
)


@pytest.mark.parametrize("text, sentence", [
    (GRAPHML.format("").replace("<node id=\"a\"/>", f'<node id="a">{INNER}</node>') + LINK.format(""),
     "a node holds a network of its own"),
    (GRAPHML.format('<key id="w" for="edge" attr.name="weight" attr.type="foo"/>') + LINK.format(""),
     "cannot be read as GraphML: 'foo' is not known"),
    (DYNAMIC, "its weights change in time: keep those of one time"),
    (DYNAMIC.replace('"weight"', '"w"'), "its weights change in time: keep those of one time"),
    ("/* Created by igraph 0.10 */\n\ngraph {\n 0;\n 0 -- 1;\n}\n", "is a graph in DOT's words"),
    ("1 Ann\n2 Bob Ray\n#\n1 2 knows\n", "lists nodes, then #, then links (TGF): keep the lines after #"),
    ("# a\nb 1.5\nc\n# b\nc 2\n", "lists under # NODE the nodes that it links to (LGL)"),
    ("# 1\n2\n3\n# 2\n3\n", "lists under # NODE the nodes that it links to (LGL)"),
    ("*Vertices 2\n*Edges\n1 2 1,5\n", "link weight must be a number; got '1,5' on line 3"),
    ('*Vertices 2\n1 "a" 1,5\n*Edges\n1 2\n', "a weight or coordinate must be a number; got '1,5' on line 2"),
    (written(lambda file: scipy.io.savemat(file, {"a": np.eye(3)})), "a matrix of what scipy.io.loadmat reads"),
    (written(lambda file: pyarrow.feather.write_feather(pa.table({"a": [1]}), file)), "that pyarrow.feather.read"),
    (tar(), "is a tar archive: unpack it"),
    (written(lambda file: np.save(file, np.ones((3, 2)))), "a matrix of links must be square; got 3 × 2"),
    ("((a:1,b:2):1,c:3);\n", "is a tree of modules"),
    ('{"attributes": {}, "nodes": [{"key": "a"}], "edges": [{"source": "a", "target": "a"}, {"source": "a", "target": '
     '"a", "undirected": true}]}', "links are both directed and undirected"),
    ("% bip unweighted\n1 1 1 1082040961\n", None),
])  # fmt: skip
def test_what_is_near_to_a_format_is_refused_with_what_to_do(text, sentence):
    if sentence is None:
        with pytest.raises(BadInput, match="is bipartite, whose links have no layers"):
            read(text, layer=4)
        return
    with pytest.raises(BadInput) as error:
        read(text)
    assert sentence in str(error.value)


@pytest.mark.parametrize("suffix", ["tree", "ftree", "clu", "json", "csv", "parquet", "nwk"])
def test_trees_are_told_in_every_format(suffix, tmp_path):
    tree = find(Graph.from_links(list("aabbccd"), list("bcdceff")), seed=1)
    tree.write(path := tmp_path / f"t.{suffix}")
    for given in (path, io.BytesIO(path.read_bytes())):
        with pytest.raises(BadInput, match="is a tree of modules, not a network: --initial begins a search from it"):
            read_graph(given)


@pytest.mark.parametrize("text, wanted", [
    ("%%matrixmarket MATRIX coordinate real general\n2 2 1\n1 2 3\n", {(1, 2): 3.0}),
    ('[{"data": {"id": "a"}}, {"data": {"id": "b"}}, {"data": {"source": "a", "target": "b", "weight": 2}}]',
     {("a", "b"): 2.0}),
    ('{"elements": [{"data": {"id": "a"}}, {"data": {"id": "b"}}, {"data": {"source": "a", "target": "b"}}]}',
     {("a", "b"): 1.0}),
    ('{"attributes": {}, "options": {"type": "undirected"}, "nodes": [{"key": "a", "attributes": {"x": 1}}, '
     '{"key": "b"}], "edges": [{"key": "e", "source": "a", "target": "b", "attributes": {"weight": 2}}]}',
     {("a", "b"): 2.0}),
    (written(lambda file: np.save(file, np.array([[0, 1, 2], [1, 0, 0], [2, 0, 0]]))), {(0, 1): 1.0, (0, 2): 2.0}),
    ("# roads\n1 2\n# more\n2 3\n", {(1, 2): 1.0, (2, 3): 1.0}),
    ("1 2\n#\n2 3\n", {(1, 2): 1.0, (2, 3): 1.0}),
])  # fmt: skip
def test_what_is_near_to_a_format_is_read(text, wanted):
    network = read(text)
    assert links(network) == wanted
    assert network.directed == (b"matrixmarket" in (text if isinstance(text, bytes) else text.encode()))


def test_adjacency_lists_of_networkx_are_told_by_their_head():
    network = nx.Graph([(1, 2), (1, 3), (2, 3), (3, 4)])
    assert links(read(written(lambda file: nx.write_adjlist(network, file)))) == {
        (1, 2): 1.0, (1, 3): 1.0, (2, 3): 1.0, (3, 4): 1.0
    }  # fmt: skip
    with pytest.raises(BadInput, match="is networkx's adjacency list of many lines"):
        read(written(lambda file: nx.write_multiline_adjlist(network, file)))


def test_lists_of_konect_say_what_they_are():
    network = read("% bip unweighted\n% 3 2 2\n1 1\n2 1\n2 2\n")
    assert isinstance(network, Bipartite)
    assert network.names.tolist() == ["left 1", "left 2", "right 1", "right 2"]
    assert links(network) == {("left 1", "right 1"): 1.0, ("left 2", "right 1"): 1.0, ("left 2", "right 2"): 1.0}
    assert "nodes of two kinds (% bip)" in str(network.plan)
    assert read("% bip unweighted\n1 11\n2 12\n").names.tolist() == [1, 2, 11, 12]
    assert read("% asym positive\n2 1 3\n1 2 1\n").directed
    assert not read("% asym positive\n2 1 3\n1 2 1\n", directed=False).directed
    assert not read("% sym unweighted\n2 1\n").directed and not read("% bipeds\n2 1\n").directed


def test_directed_graphology_goes_from_source_to_target():
    text = '{"attributes": {}, "options": {"type": "%s"}, "nodes": [{"key": "b"}, {"key": "a"}], "edges": [%s]}'
    link = '{"source": "b", "target": "a"}'
    for kind in ("directed", "mixed"):
        assert read(text % (kind, link)).directed
    assert not read(text % ("mixed", link.replace("}", ', "undirected": true}'))).directed


def test_whole_floats_are_integers_in_tables():
    frame = pd.DataFrame({"source": [1.0, 2.0], "target": [2, 3]})
    assert links(as_graph(frame)) == {(1, 2): 1.0, (2, 3): 1.0}
    assert "names like 1.0 are integers" in str(as_graph(frame).plan)
    for column in ([1.5, 2.0], [1.0, 2e18]):
        with pytest.raises(BadInput, match="nodes must be called by integers or text; got columns of double and int64"):
            as_graph(frame.assign(source=column))


def test_lines_that_are_left_out_are_counted():
    assert "2 lines without fields" in str(read("a,b\n,\n,\nb,c\n").plan)
