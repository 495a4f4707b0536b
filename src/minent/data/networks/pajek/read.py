"""Pajek's .net: `*Vertices n` and lines `number "name" [weight]`; then links, `*Edges` undirected, `*Arcs` directed."""

from typing import Any, NamedTuple

import numpy as np

from minent.data.networks.bipartite import Bipartite
from minent.data.networks.graph import Graph
from minent.data.networks.layers.layers import multilayer
from minent.data.networks.layers.relaxation import Relaxation
from minent.data.networks.pajek.links import Rows, rows_of
from minent.data.networks.pajek.lists import listed, matrix_of
from minent.data.networks.pajek.relations import check_relations, relation_of
from minent.data.networks.pajek.sections import KNOWN, LAYERS, LINKS, TEXTS, Section, sections
from minent.data.networks.pajek.states import states_of_pajek
from minent.data.networks.pajek.vertices import NONE, Vertices, vertices_of
from minent.errors import BadInput


class Part(NamedTuple):
    """The links of a section: "edges", "arcs", or "links", whose direction is not said; and their relation."""

    kind: str
    rows: Rows
    relation: int


def graph_of_pajek(
    data: bytes,
    file: object,
    directed: bool | None = None,
    relaxation: Relaxation | None = None,
    *,
    layers: bool = False,
) -> Graph:
    """The network in Pajek's words. A number alone after the name of a vertex is its weight; two or three are
    coordinates, which are passed over, as are shapes and colours.

    It is directed where there are arcs; then, or where `directed` says so, an edge goes both ways. With directed=False
    arcs are edges. *Vertices n m is a two-mode network, whose features are the vertices after m, as *Bipartite n is
    one, whose features are the vertices from n on. *States, *Intra and *Multilayer make a network of states (see
    `states`). Several relations, *Arcs :1 and *Arcs :2, are layers with `layers`, else refused. Raises BadInput and
    BadLine.

    >>> network = graph_of_pajek(b'*Vertices 3\\n1 "a" 2\\n2 "b" 1\\n3 "c" 1\\n*Arcs\\n1 2 0.5\\n', "abc.net")
    >>> network, network.names.tolist(), network.node_weights.tolist()
    (Graph(3 nodes, 1 links, directed, weighted), ['a', 'b', 'c'], [2.0, 1.0, 1.0])
    """
    return pajek_with_notes(data, file, directed, relaxation, layers=layers)[0]


def pajek_with_notes(
    data: bytes,
    file: object,
    directed: bool | None = None,
    relaxation: Relaxation | None = None,
    *,
    layers: bool = False,
) -> tuple[Graph, list[str]]:
    """As `graph_of_pajek`, and sentences on what was passed over or taken for granted."""
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    found, notes = sections(data, file), []
    for section in found:
        if section.kind not in (*KNOWN, *TEXTS):
            raise section.refused(f"wanted *Vertices, *Edges, *Arcs or another heading of a network; got {section}")
    if texts := [str(section) for section in found if section.kind in TEXTS]:
        notes.append(f"passed over: {', '.join(texts)}")
    called = [section for section in found if section.kind == "vertices"]
    if len(called) > 1:
        raise called[1].refused("one file holds one network; got a second *Vertices")
    links = [section for section in found if section.kind in LINKS]
    vertices = vertices_of(called[0], len(data), notes) if called else NONE
    relaxation = relaxation or Relaxation()
    if any(section.kind in ("states", *LAYERS) for section in found):
        if layers:
            raise BadInput(f"layers=True is for relations like *Arcs :1; {str(file)!r} has *States or layers already")
        return _among(states_of_pajek(found, vertices, file, directed, relaxation, notes), vertices), notes
    check_relations(links, layers, file, notes)
    parts = [_part(section, vertices, notes) for section in links]
    if vertices.number is None:
        vertices = vertices.with_others(np.concatenate([NONE.ids, *(part.rows.ends.ravel() for part in parts)]), notes)
    if not called and not len(vertices.ids):
        raise BadInput(f"there are no *Vertices in {str(file)!r}")
    directed = any(part.kind == "arcs" for part in parts) if directed is None else directed
    source, target, weight, relation = _joined(parts, vertices, directed)
    if layers:
        return _among(_layers(source, target, weight, relation, vertices, directed, relaxation), vertices), notes
    weight = None if (weight == 1).all() else weight
    network = Graph.from_links(
        source, target, weight, directed=directed, names=vertices.names, node_weights=vertices.weights
    )
    features = _features(found, vertices)
    return network if features is None else Bipartite.of(network, features), notes


def _part(section: Section, vertices: Vertices, notes: list[str]) -> Part:
    kind = {"edgeslist": "edges", "arcslist": "arcs", "bipartite": "links"}.get(section.kind, section.kind)
    if kind == "matrix":
        kind, rows = matrix_of(section, vertices, notes)
    elif section.kind.endswith("list"):
        rows = listed(section, vertices.wanted)
    else:
        argument = "" if section.kind == "bipartite" else section.argument
        rows = rows_of(section._replace(argument=argument), 2, vertices.wanted, notes)
    if vertices.number is not None and (outside := vertices.places(rows.ends) < 0).any():
        bad = rows.ends[outside][0]
        known = set(map(str, vertices.ids.tolist()))
        line = next((n for n, text in section.lines() if not known.issuperset(_ends(section, text))), section.line)
        raise section.refused(f"a link needs {vertices.wanted}; got {str(bad)!r}", line)
    relation = relation_of(section)
    return Part(kind, rows, 0 if relation is None else relation[0])


def _ends(section: Section, text: str) -> list[str]:
    words = text.split() if section.kind.endswith("list") else text.split()[:2]
    return [str(int(word)) for word in words]


def _joined(parts: list[Part], vertices: Vertices, directed: bool) -> tuple[np.ndarray, ...]:
    """Sources, targets, weights and relations of all links, edges in both directions where the network is directed."""
    every = [(NONE.ids, NONE.ids, np.zeros(0), NONE.ids)]
    for kind, rows, relation in parts:
        source, target = vertices.places(rows.ends).T
        of = np.full(len(source), relation)
        every.append((source, target, rows.weight, of))
        if directed and kind == "edges":
            other = source != target
            every.append((target[other], source[other], rows.weight[other], of[other]))
    return tuple(np.concatenate(columns) for columns in zip(*every, strict=True))


def _among(states: Any, vertices: Vertices) -> Any:
    """The same states, whose nodes go by their numbers in the file where it lists all of them, from 1."""
    names, listed = vertices.names.tolist(), np.array_equal(vertices.ids, np.arange(1, len(vertices.ids) + 1))
    known = listed and len(set(names)) == len(names) and set(states.physical_nodes.tolist()) <= set(names)
    return states.among(names) if known and names else states


def _layers(
    source: np.ndarray, target: np.ndarray, weight: np.ndarray, relation: np.ndarray, vertices: Vertices,
    directed: bool, relaxation: Relaxation,
) -> Graph:  # fmt: skip
    names = vertices.names
    return multilayer(relation, names[source], names[target], weight, directed=directed, **relaxation.keywords())


def _features(found: list[Section], vertices: Vertices) -> Any:
    """Which vertices are features, None where the network has one mode."""
    first = [section for section in found if section.kind == "bipartite"]
    starts = set()
    for section in first:
        words = section.argument.split()
        if not words or not words[0].isdigit():
            raise section.refused(f"*Bipartite needs the number of the first feature; got {section.argument!r}")
        starts.add(int(words[0]))
    if vertices.primaries is not None and vertices.primaries < len(vertices.ids):
        starts.add(int(vertices.ids[0]) + vertices.primaries)
    if len(starts) > 1:
        raise BadInput(f"features begin at one vertex; got {' and '.join(map(str, sorted(starts)))}")
    return vertices.ids >= starts.pop() if starts else None
