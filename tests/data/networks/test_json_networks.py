"""JSON: node and link lists, the reference's four types, rows of links; as the reference reads its own."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from minent.community import codelength, find
from minent.data.networks.bipartite import Bipartite
from minent.data.networks.foreign.json_networks import graph_of_json
from minent.data.networks.states import States
from minent.errors import BadInput

SAMPLES = Path(os.environ.get("MINENT_DATA", "../shared/data")) / "odd" / "networks" / "infomap" / "json"


def read(value, *said, **more):
    return graph_of_json(json.dumps(value).encode(), "f.json", *said, **more)


def named_links(graph) -> list:
    names = list(range(graph.number_of_nodes)) if graph.names is None else graph.names.tolist()
    source, target, weight = graph.links()
    weight = [1.0] * len(source) if weight is None else weight.tolist()
    return sorted((names[a], names[b], w) for a, b, w in zip(source, target, weight, strict=True))


def test_nodes_of_d3_are_named_by_ids_by_places_or_by_names():
    links = [{"source": "b", "target": "a", "value": 8}, {"source": "a", "target": "c", "value": 2}]
    graph, notes = read({"nodes": [{"id": name, "group": 1} for name in "abc"], "links": links})
    assert named_links(graph) == [("a", "b", 8.0), ("a", "c", 2.0)]
    assert notes == ["the attribute 'value' is the weight of links"]
    places = [{"source": 1, "target": 0}, {"source": 0, "target": 2}]
    by_place, notes = read({"nodes": [{"name": name} for name in "abc"], "links": places})
    assert named_links(by_place) == [("a", "b", 1.0), ("a", "c", 1.0)]
    ids_of_text, notes = read({"nodes": [{"id": name} for name in "abc"], "links": places})
    assert named_links(ids_of_text) == named_links(by_place)
    assert notes == ["links name nodes by their places, from 0"]
    by_name, _ = read({"nodes": [{"name": name} for name in "abc"], "links": links}, None, weight="none")
    assert named_links(by_name) == named_links(by_place)
    numbered, _ = read({"nodes": [{"id": 2}, {"id": 1}, {"id": 0}], "links": places, "directed": True})
    assert named_links(numbered) == [(0, 2, 1.0), (1, 0, 1.0)]


def test_links_without_nodes_cytoscape_and_json_graph_are_read():
    edges = [{"source": "x", "target": "y", "weight": 2}, {"source": "x", "target": "y"}]
    wanted = [("x", "y", 3.0)]
    graph, notes = read({"edges": edges})
    assert named_links(graph) == wanted
    assert notes == ["1 of 2 links says no weight and weighs 1", "parallel links are summed: 2 make 1"]
    ends = [{"data": {"id": name}} for name in "xy"]
    assert named_links(read({"elements": {"nodes": ends, "edges": [{"data": edge} for edge in edges]}})[0]) == wanted
    nodes = {"x": {"label": "X"}, "y": {"label": "Y"}}
    assert named_links(read({"graph": {"nodes": nodes, "edges": edges}})[0]) == wanted


def test_rows_are_links():
    rows = [{"from": 5, "to": 30, "value": 2}, {"from": 30, "to": 7}]
    graph, _ = read(rows)
    assert graph.names.tolist() == [5, 7, 30] and named_links(graph) == [(5, 30, 2.0), (7, 30, 1.0)]
    lines = "\n".join(map(json.dumps, rows)).encode() + b"\n\n"
    assert named_links(graph_of_json(lines, "f.jsonl")[0]) == named_links(graph)
    assert graph_of_json(lines, "f.jsonl", True)[0].directed
    assert named_links(read([["a", "b", 2.5], ["b", "c"]])[0]) == [("a", "b", 2.5), ("b", "c", 1.0)]
    assert named_links(read([["a", "b", 2.5]], None, weight="none")[0]) == [("a", "b", 1.0)]
    assert graph_of_json(b'{"source": "a", "target": "b"}\n{"source": "b", "target": "c"}', "f")[0].number_of_nodes == 3
    big = read([[10**21, 5], [5, 7]])[0]
    assert big.names.tolist() == [str(10**21), "5", "7"]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the reference's samples are not here")
def test_samples_of_the_reference_say_what_its_schema_says():
    standard, notes = graph_of_json((SAMPLES / "standard.json").read_bytes(), "standard.json")
    assert standard.names.tolist() == ["Species A", "Species B"] and standard.node_weights.tolist() == [2.0, 1.0]
    assert [note.split(" (")[0] for note in notes] == ["given modules", "metadata"]
    bipartite = graph_of_json((SAMPLES / "bipartite.json").read_bytes(), "bipartite.json")[0]
    assert isinstance(bipartite, Bipartite) and bipartite.features.tolist() == [False, True]
    state = graph_of_json((SAMPLES / "state.json").read_bytes(), "state.json")[0]
    assert isinstance(state, States) and state.physical_nodes.tolist() == ["Species A", "Species B"]
    assert state.names.tolist() == [1, 2] and state.node_weights.tolist() == [0.4, 1.0] and not state.directed
    layers = graph_of_json((SAMPLES / "multilayer_intra_inter.json").read_bytes(), "m.json")[0]
    assert isinstance(layers, States) and layers.names.tolist() == [(1, 1), (1, 2), (2, 1)]


def infomap_json(kind: str) -> dict:
    """A random network of a type, as the reference reads it."""
    random = np.random.default_rng(3)
    nodes = [{"id": k, "name": f"n{k}"} for k in range(1, 13)]
    ends, weights = random.integers(1, 13, (2, 40)), random.random(40) + 0.1
    links = zip(*ends.tolist(), weights.round(3).tolist(), strict=True)
    edges = [{"source": a, "target": b, "weight": w} for a, b, w in links if a != b]
    head = {"format": "infomap-network", "version": "1.0", "nodes": nodes}
    if kind == "standard":
        return {**head, "directed": True, "edges": edges}
    if kind == "bipartite":
        edges = [{**edge, "source": 1 + edge["source"] % 6, "target": 7 + edge["target"] % 6} for edge in edges]
        return {**head, "type": kind, "bipartiteStartId": 7, "edges": edges}
    if kind == "state":
        states = [{"id": k, "node": 1 + k % 5} for k in range(1, 13)]
        return {**head, "type": kind, "directed": True, "nodes": nodes[:5], "states": states, "edges": edges}
    layers = [[1 + k % 2, 1 + k // 2 % 2] if kind == "full" else [1 + k % 2] for k in range(len(edges))]
    edges = [{**edge, "layers": layer} for edge, layer in zip(edges, layers, strict=True)]
    return {**head, "type": "multilayer", "multilayer": kind, "directed": True, "edges": edges}


@pytest.mark.parametrize("kind", ["standard", "bipartite", "state", "full", "intra"])
def test_the_reference_reads_the_same_network_in_its_json(tmp_path, kind):
    infomap = pytest.importorskip("infomap")
    value = infomap_json(kind)
    graph, _ = read(value)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(value))
    directed = " --directed" if value.get("directed") else ""
    run = infomap.Infomap(f"--silent --num-trials 5 --seed 2 --two-level{directed}")
    run.read_file(str(path))
    result = run.run()
    tree = find(graph, seed=2, trials=5, two_level=True)
    assert tree.one_level_codelength == pytest.approx(result.one_level_codelength, abs=1e-9)
    assert tree.codelength == pytest.approx(codelength(graph, tree), abs=1e-9)
    assert tree.codelength <= result.codelength + 1e-9


@pytest.mark.parametrize("data, sentence", [
    (b"{\"a\": 1}", "wanted an object with \"nodes\" and \"links\" or \"edges\", infomap-network JSON, or a list or"),
    (b"[1, 2]", "wanted an object with"),
    (b"[[0, 1, 1], [1, 0, 0], [1, 0, 0]]", "a list of lists of numbers, as many as they are long, may be a matrix"),
    (b"{\"nodes\": [], ", "this is not JSON (Expecting property name"),
    (b'{"source": 1, "target": 2}\n{"source": 1\n', "this is not a line of JSON (Expecting ',' delimiter: line 1"),
    (b'{"source": 1, "target": 2}\n7\n', "a line of JSON must be a link; got 7 on line 2 of 'f'"),
    (b'{"source": 1, "target": 2}\n{"source": 1}\n', "link 1 needs a target, a number or text; got null in 'f'"),
    (b'[{"x": 1, "y": 2}]', "a link needs a source and a target; got an object with 'x', 'y' in 'f'"),
    (b'{"nodes": [{"id": "a"}], "links": [{"source": "a", "target": "b"}]}',
     "a link's ends must be among the nodes; 'b' is not in 'f'"),
    (b'{"nodes": [{"id": "a"}, {"id": "a"}], "links": []}', "the id 'a' stands twice among the nodes in 'f'"),
    (b'{"nodes": [{"id": 1.5}], "links": []}', "node 0 needs an id, a number or text; got 1.5 in 'f'"),
    (b'{"links": [{"source": 1, "target": 2, "weight": -1}]}', "link weight must not be negative; got -1 for link 0"),
    (b'{"links": [{"source": 1, "target": 2, "weight": NaN}]}', "link weight must be a finite number; got nan for"),
    (b'{"format": "infomap-network", "type": "hyper", "edges": []}', "an infomap-network's type is one of standard"),
    (b'{"format": "infomap-network", "edges": [{"source": -1, "target": 2}]}',
     "'source' must be a whole number, not negative; got -1 in 'f'"),
    (b'{"format": "infomap-network", "type": "state", "edges": [{"source": 1, "target": 2}]}', "edges join states; 1"),
    (b'{"format": "infomap-network", "type": "multilayer", "edges": [{"source": 1, "target": 2, "layers": [1]}]}',
     "an edge of a full multilayer network needs 2 layers; got [1] in 'f'"),
    (b"\xff\xfe[", "text must be UTF-8; got other bytes on line 1 of 'f'"),
    (b"[" * 100000, "'f' cannot be read as JSON: it is nested too deep"),
])  # fmt: skip
def test_what_cannot_be_read_is_said(data, sentence):
    with pytest.raises(BadInput) as error:
        graph_of_json(data, "f")
    assert str(error.value).startswith(sentence)
