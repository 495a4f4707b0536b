"""Pajek's files as people and programs write them: every section is read as it is meant, or refused with its line."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minent.data import Bipartite, Graph, States, multilayer, read_graph
from minent.data.networks.pajek.read import graph_of_pajek, pajek_with_notes
from minent.data.networks.pajek.sections import is_pajek
from minent.errors import BadInput, BadLine


def read(text, directed=None, **options):
    return read_graph(io.BytesIO(text if isinstance(text, bytes) else text.encode()), directed, **options)


def notes(text: str, **options) -> list[str]:
    return pajek_with_notes(text.encode(), "x.net", **options)[1]


def named_links(network):
    """{(source, target): weight} by name."""
    names = list(range(network.number_of_nodes)) if network.names is None else network.names.tolist()
    source, target, weight = network.links()
    weight = np.ones(len(source)) if weight is None else weight
    ends = ((names[i], names[j]) for i, j in zip(source, target, strict=True))
    return dict(zip(ends, weight.tolist(), strict=True))


PAJEK = '% by hand\n*Network tiny\n*Vertices 4\n1 "a b" 2\n2 "丙"\n3 c 0.5\n\n4 "d" 0.1 0.2 0.5\n'


def test_pajek_vertices_have_names_and_weights():
    network = read(PAJEK + "*Edges\n1 2\n2 3\n")
    assert network.names.tolist() == ["a b", "丙", "c", "d"]
    assert network.node_weights.tolist() == [2.0, 1.0, 0.5, 1.0]
    assert (network.number_of_nodes, network.number_of_links, network.directed) == (4, 2, False)
    assert network.weights is None


def test_pajek_arcs_direct_and_edges_go_both_ways():
    text = PAJEK + "*Arcs\n1 2 3\n*Edges\n2  3 0.5\n"
    assert named_links(read(text)) == {("a b", "丙"): 3.0, ("丙", "c"): 0.5, ("c", "丙"): 0.5}
    assert named_links(read(text, directed=False)) == {("a b", "丙"): 3.0, ("丙", "c"): 0.5}
    assert read(PAJEK + "*edges\n1 2\n1 1\n", directed=True).indices.tolist() == [0, 1, 0]
    assert read(PAJEK + "*edges\n1 2\n1 1\n", directed=True).weights is None


def test_pajek_without_names_counts_from_one():
    network = read("*vertices 3\r\n*arcs\r\n1 3 2\r\n")
    assert network.names.tolist() == [1, 2, 3]
    assert named_links(network) == {(1, 3): 2.0}
    alone = read("*Vertices 2\n*Edges\n% none\n")
    assert (alone.number_of_nodes, alone.number_of_links) == (2, 0)


@pytest.mark.parametrize("text, sentence", [
    (PAJEK + "*Edges\n1 2\n2 5\n", "a link needs numbers of vertices from 1 to 4; got '5' on line 11 of 'x.net'"),
    (PAJEK + "*Edges\n1 2\n% c\n2 c\n", "a link needs numbers of vertices from 1 to 4; got 'c' on line 12 of 'x.net'"),
    (PAJEK + "*Arcs\n1 2 1\n2 3 -1\n", "link weight must not be negative; got -1 on line 11 of 'x.net'"),
    (PAJEK + "*Arcs\n1 2 1\n2 3 nan\n", "link weight must be a finite number; got nan on line 11 of 'x.net'"),
    (PAJEK + "*Arcs\n1 2 1\n2 3 high\n", "link weight must be a number; got 'high' on line 11 of 'x.net'"),
    (PAJEK + "*Arcs\n1 2\n2\n", "wanted 2 to 3 numbers; got '2' on line 11 of 'x.net'"),
    (PAJEK + "*Matrix\n", "*Matrix needs 4 rows here; got 0 on line 9 of 'x.net'"),
    (PAJEK + "*Matrix\n1 0 0\n", "a row of *Matrix needs 4 numbers here; got 3 on line 10 of 'x.net'"),
    (PAJEK + "*Matrix\n1 0 0 -1\n", "link weight must not be negative; got -1 on line 10 of 'x.net'"),
    (PAJEK + "*Arcslist\n1 2 3\n2 9\n", "a link needs numbers of vertices from 1 to 4; got '9' on line 11 of 'x.net'"),
    (PAJEK + "*Partition ages\n", "wanted *Vertices, *Edges, *Arcs or another heading of a network; got *Partition"
     " on line 9 of 'x.net'"),
    (PAJEK + "*Vertices 4\n", "one file holds one network; got a second *Vertices on line 9 of 'x.net'"),
    ("*Vertices few\n", "*Vertices says their number, or two of a two-mode network; got 'few' on line 1 of 'x.net'"),
    ("*Vertices 2 3\n", "3 vertices of the first mode are more than all 2 on line 1 of 'x.net'"),
    ("*Vertices 2000000000\n", "*Vertices says 2000000000, too many for a file of 21 bytes on line 1 of 'x.net'"),
    ("*Vertices 2\n1 a\n1 b\n", "vertex 1 stands twice on line 3 of 'x.net'"),
    ("*Vertices 2\n1 Novo mesto\n", "a name with blanks stands in quotes; got 'Novo mesto' on line 2 of 'x.net'"),
    ('*Vertices 2\n1 "Novo mesto\n', "a name wants a quote at its end; got '\"Novo mesto' on line 2 of 'x.net'"),
    ("*Edges\n1 99999999999999999999\n", "a link needs numbers of vertices; got '99999999999999999999' on line 2"
     " of 'x.net'"),
    ("*Edges\n1 -2\n", "a link needs numbers of vertices; got '-2' on line 2 of 'x.net'"),
    ("% Sampson\nA monastery\n*Vertices 3\n", "wanted a heading like *Vertices before anything else; got 'A monastery'"
     " on line 2 of 'x.net'"),
    ("*Vertices 3\n*Bipartite\n1 2\n", "*Bipartite needs the number of the first feature; got '' on line 2 of 'x.net'"),
    ("*Vertices 3 1\n*Edges\n2 3\n", "links join a primary node and a feature; 2 and 3 are of one kind in 'x.net'"),
    ("*States\n1 1\n1 2\n", "state 1 stands twice on line 3 of 'x.net'"),
    ("*States\n1 1 \"a\" -1\n", "state weight must not be negative; got -1 on line 2 of 'x.net'"),
    ("*States\n1 1\n2 2\n*Links\n1 2\n1 3\n", "links join *States; 1 3 does not on line 6 of 'x.net'"),
    ("*Vertices 2\n*States\n1 3\n*Links\n1 1\n", "nodes go by numbers of vertices from 1 to 2; got 3 in 'x.net'"),
    ("*States\n1 1\n*Intra\n1 1 2\n", "*Intra and *States are different networks; 'x.net' has both"),
    ("*Multilayer\n1 1 1 2\n*Inter\n1 1 2\n", "*Intra and *Multilayer are different networks; 'x.net' has both"),
    ("*Intra\n1 1 2\n*Edges\n1 2\n", "*Edges and *Intra are different networks; 'x.net' has both"),
    ("*Inter\n1 1 2\n", "there are no links in layers, of *Intra, in 'x.net'"),
    ("*Multilayer\n1 1 broken\n", "a line here needs numbers of layers and nodes; got 'broken' on line 2 of 'x.net'"),
    ("*Vertices 2\n1 a\n3 b\n", "a vertex needs a number from 1 to 2 and a \"name\"; got '3 b' on line 3 of 'x.net'"),
    ("*Vertices 1\n1 a -2\n", "node weight must not be negative; got -2 on line 2 of 'x.net'"),
    ("*Network x\n", "there are no *Vertices in 'x.net'"),
])  # fmt: skip
def test_a_bad_line_of_pajek_is_named(text, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.net").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as error:
        read_graph("x.net")
    assert str(error.value) == sentence


def test_headings_of_text_comments_and_carriage_returns_are_passed_over():
    text = '# A network\n*Network "Davis"\n*Description women\nand events\n*Date 8/1/2008\n*Vertices 2\n# id name\n'
    text += '1 "i"\n% two\n2 "j"\n*Edges 1\n# source target\n1 2\n'
    assert notes(text) == ["passed over: *Network, *Description, *Date"]
    for told in (text, text.replace("\n", "\r\n"), text.replace("\n", "\r"), "\ufeff" + text):
        assert named_links(read(told)) == {("i", "j"): 1.0}


@pytest.mark.parametrize("line, name, weight", [
    ('1 "gene "X", alias"', 'gene "X", alias', None),
    ('1 "say "hi" now"', 'say "hi" now', None),
    ('1 "a "b" "c" d" 3', 'a "b" "c" d', 3.0),
    ('1 "Jürgen" 0.6361 0.6373 0.5 ellipse foo "a b c"', "Jürgen", None),
    ('1 "b" ellipse', "b", None),
    ('1 "b" box l "c d"', "b", None),
    ('1 "" 2', "", 2.0),
    ('1 a 0.1 0.2 box ic Red', "a", None),
    ('  1\t"a"\t  12.5', "a", 12.5),
    ('1 "a" 1e-3 ellipse', "a", 0.001),
    ('1 "甲 乙"', "甲 乙", None),
    ('1', "1", None),
])  # fmt: skip
def test_a_name_ends_where_numbers_or_shapes_follow(line, name, weight):
    network = read(f'*Vertices 2\n{line}\n2 "z"\n*Edges\n1 2\n')
    assert network.names.tolist() == [name, "z"]
    assert (None if network.node_weights is None else network.node_weights.tolist()) == (weight and [weight, 1.0])


words = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters='"'), min_size=1, max_size=8)
names = st.lists(st.lists(words, min_size=1, max_size=4).map(" ".join), min_size=2, max_size=6, unique=True)


@given(names, st.sampled_from(["", " 0.5", " 0.1 0.2", " 0.1 0.2 0.3 box ic Red", " ellipse"]))
@settings(max_examples=100)
def test_any_name_in_quotes_is_that_name(called, after):
    lines = "".join(f'{i} "{name}"{after}\n' for i, name in enumerate(called, 1))
    network = graph_of_pajek(f"*Vertices {len(called)}\n{lines}*Edges\n1 2\n".encode(), "x.net")
    assert network.names.tolist() == called
    assert (network.node_weights is not None) == (after == " 0.5")


def test_what_is_passed_over_or_taken_for_granted_is_said():
    assert notes('*Vertices 3\n1 "a" 2\n2 "b" 0 0 box\n*Edges 3\n1 2 0.5\n2 3\n') == [
        "coordinates and shapes of 1 vertices are passed over", "2 vertices without a weight have weight 1",
        "*Edges: 1 line without a weight weighs 1", "*Edges says 3 lines; there are 2",
    ]  # fmt: skip
    assert notes("*Vertices\n1 a\n2 b\n*Edges\n1 2 near\n2 5 not far\n") == [
        "*Edges: words where a weight could be are passed over, the first is 'near' on line 5",
        "1 vertices of links are not under *Vertices, the first is 5",
    ]
    assert notes("*Edges\n1 2 1 c Blue\n2 3 2\n") == ["*Edges: what follows the weight is passed over on 1 line"]


def test_weights_may_stand_on_some_lines_only():
    assert named_links(read("*Edges\n1 2\n2 3 0.5\n3 1 2 w 3\n")) == {(1, 2): 1.0, (2, 3): 0.5, (1, 3): 2.0}
    assert named_links(read("*Edges\n1 2 3\n2 3\n")) == {(1, 2): 3.0, (2, 3): 1.0}


def test_vertices_go_by_the_numbers_they_have():
    assert named_links(read('*Vertices\n7 "b"\n3 "a"\n*Edges\n3 7\n')) == {("b", "a"): 1.0}
    assert read("*Vertices 2\n0 a\n1 b\n*Arcs\n0 1\n").names.tolist() == ["a", "b"]
    assert named_links(read("*Arcs\n40 7 2\n*Edges\n7 9\n")) == {(40, 7): 2.0, (7, 9): 1.0, (9, 7): 1.0}
    assert named_links(read("*Edges\n1 2\n*Vertices 2\n1 a\n2 b\n")) == {("a", "b"): 1.0}
    large = [9007199254740992, 9007199254740993, 9223372036854775807]
    assert read(f"*Edges\n{large[0]} {large[1]}\n{large[1]} {large[2]}\n").names.tolist() == large
    states = "".join(f"{state} 1\n" for state in large)
    memory = read(f"*States\n{states}*Links\n{large[0]} {large[1]} 2\n{large[2]} {large[1]}\n")
    assert named_links(memory) == {(large[0], large[1]): 2.0, (large[1], large[2]): 1.0}
    layers = read(f"*Intra\n{large[0]} 1 {large[1]}\n{large[1]} {large[2]} 1\n")
    assert layers.names.tolist()[:2] == [(large[0], 1), (large[0], large[1])]


def test_lists_of_arcs_and_of_edges_and_matrices():
    arcs = {(1, 2): 1.0, (1, 3): 1.0, (3, 1): 1.0}
    assert named_links(read("*Vertices 3\n*Arcslist\n1 2 3\n2\n3 1\n")) == arcs
    assert named_links(read("*Edgeslist\n1 2 3\n2 3\n")) == {(1, 2): 1.0, (1, 3): 1.0, (2, 3): 1.0}
    matrix = read("*Vertices 3\n*Matrix\n0 1 1\n0 0 0\n1 0 0\n")
    assert matrix.directed and named_links(matrix) == arcs
    text = "*Vertices 3\n*Matrix\n1 2 0\n2 0 0\n0 0 0\n"
    assert notes(text) == ["*Matrix is symmetric: its links are edges"]
    assert named_links(read(text)) == {(1, 1): 1.0, (1, 2): 2.0}
    assert not read(text).directed and named_links(read(text, True)) == {(1, 1): 1.0, (1, 2): 2.0, (2, 1): 2.0}


def test_two_modes_are_primary_nodes_and_features():
    told = read("*Vertices 5\n*Bipartite 3\n1 3\n1 4\n2 4 2\n2 5\n")
    for text in ("*Vertices 5 2\n*Edges\n1 3\n1 4\n2 4 2\n2 5\n", "*Vertices 5 2\n*Matrix\n1 1 0\n0 2 1\n"):
        network = read(text)
        assert isinstance(network, Bipartite) and network.features.tolist() == [False] * 2 + [True] * 3
        assert named_links(network) == named_links(told) and not network.directed
    assert told.features.tolist() == network.features.tolist()
    assert type(read("*Vertices 3 3\n*Edges\n1 2\n")) is Graph
    assert named_links(read("*Bipartite 10\n1 10\n2 11\n")) == {(1, 10): 1.0, (2, 11): 1.0}


RELATIONS = '*Vertices 3\n1 a\n2 b\n3 c\n*Arcs :1 "likes"\n1 2\n2 3 2\n*Arcs :2 "helps"\n1 2\n*Edges :2\n2 3\n'


def test_relations_are_layers_where_that_is_asked_for():
    with pytest.raises(BadInput, match="of 2 relations, :1 'likes', :2 'helps': read them as layers"):
        read(RELATIONS)
    network = read(RELATIONS, layers=True, relax_rate=0.3)
    made = multilayer(
        [1, 1, 2, 2, 2], list("abab") + ["c"], list("bcbcb"), [1, 2, 1, 1, 1], relax_rate=0.3, directed=True
    )
    assert isinstance(network, States) and named_links(network) == pytest.approx(named_links(made))
    assert notes(RELATIONS, layers=True)[0] == "layers are the relations :1 'likes', :2 'helps'"
    one = RELATIONS.replace(":2", ":1")
    assert notes(one)[0] == "all links are of the relation :1 'likes'" and read(one).number_of_links == 3
    with pytest.raises(BadInput, match=r"relations like \*Arcs :1 are layers; 'standard input' has none"):
        read("*Vertices 2\n*Edges\n1 2\n", layers=True)
    with pytest.raises(BadInput, match=r"has \*States or layers already"):
        read("*Intra\n1 1 2\n", layers=True)


def test_sections_that_stand_twice_are_read_as_one():
    states = read("*States\n1 1\n2 2\n*States\n3 1\n*Links\n1 2\n*Links\n2 3\n1 2\n")
    assert states.names.tolist() == [1, 2, 3] and named_links(states) == {(1, 2): 2.0, (2, 3): 1.0}
    one = read("*Intra\n1 1 2\n2 1 2\n")
    assert named_links(read("*Intra\n1 1 2\n*Intra\n2 1 2\n")) == named_links(one)
    links = {((1, 1), (1, 2)): 3.0, ((1, 2), (2, 1)): 1.0}
    assert named_links(read("*Multilayer\n1 1 1 2 1\n*Multilayer\n1 1 1 2 2\n1 2 2 1\n")) == links


def test_states_have_weights_and_edges_and_arcs():
    text = '*Vertices 2\n1 "i"\n2 "j"\n*States\n1 1 "a" 0.25\n2 2 "b"\n*Arcs\n1 2\n*Edges\n1 2 2\n'
    network = read(text)
    assert network.node_weights.tolist() == [0.25, 1.0] and network.physical_nodes.tolist() == ["i", "j"]
    assert named_links(network) == {(1, 2): 3.0, (2, 1): 2.0}
    assert notes(text) == [
        "names of 2 states are passed over: states go by their numbers", "1 states without a weight have weight 1"
    ]  # fmt: skip
    assert read("*States\n1 1\n2 1\n*Links\n1 2\n").node_weights is None


def test_nodes_of_one_name_stay_two():
    text = "*Vertices 3\n1 a\n2 a\n3 b\n"
    assert read(text + "*Intra\n1 1 3\n1 2 3\n").names.tolist() == [(1, 1), (1, 2), (1, 3)]
    assert notes(text + "*Intra\n1 1 3\n1 2 3\n") == ["names of *Vertices stand twice: nodes go by their numbers"]
    assert read(text + "*Edges\n1 3\n2 3\n").nodes == [1, 2, 3]
    assert notes(text + "*Edges\n1 3\n2 3\n") == ["names of *Vertices stand twice: nodes go by their numbers"]
    assert read("*Vertices 3\n1 2\n3 b\n*Edges\n1 3\n").nodes == [1, 2, 3]  # vertex 2 would be called 2 as well


def test_pajek_is_known_by_its_headings():
    assert is_pajek(b"% c\n*network x\n") and is_pajek(b"text\n *Vertices 3\n") and is_pajek(b"*Vertices 3\r*Edges\r")
    assert not is_pajek(b"a b\nb c\n") and not is_pajek(b"*a b\n") and not is_pajek(b"")


LINES = """*Vertices|*Vertices 3|*Vertices 3 1|*Vertices 0|*Edges|*Arcs|*Arcs :1 "a"|*Edges :2|*Arcslist|*Edgeslist
*Matrix
*States|*Links|*Intra|*Inter|*Multilayer|*Bipartite 2|*Bipartite 99|1 "a"|2 "b" 3|3 "c" 0 0|0 x|1 2|2 3|3 1 0.5|1 2 x
1 1 2
1 2 1 3 0.4|1|0 1 1|% c|"|1 "|1 ""x|-1 2|1 2 inf|9223372036854775807 1|1 2 1e999|١ 2|1 ²||\xa0|1 2 0|1 "a" nan
1 1 1 1"""


@given(st.lists(st.sampled_from(LINES.replace("\n", "|").split("|")), max_size=8), st.sampled_from([None, True, False]))
@settings(max_examples=400)
def test_any_lines_are_a_network_or_refused(lines, directed):
    try:
        assert isinstance(graph_of_pajek("\n".join(lines).encode(), "x.net", directed), Graph)
    except BadInput as error:
        assert str(error)


@pytest.mark.parametrize("text", ['*Vertices 2\n1 "a" 1_0\n2 "b" 2\n', "*Vertices 2\n*Edges\n1 2 1_0\n"])
def test_digits_with_an_underscore_are_no_weight(text):
    with pytest.raises(BadLine, match="weight must be a number; got '1_0'"):
        read(text)
