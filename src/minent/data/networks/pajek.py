"""Pajek's .net: `*Vertices n` and lines `number "name" [weight]`; then links, `*Edges` undirected, `*Arcs` directed."""

import re
from typing import Any

import numpy as np

from minent.data.networks.bipartite import Bipartite
from minent.data.networks.graph import Graph
from minent.data.networks.link_lists import links_of_text
from minent.data.networks.names import name_array
from minent.data.networks.pajek_sections import Section, sections
from minent.data.networks.pajek_states import HIGHER, states_of_pajek
from minent.data.networks.relaxation import Links, Relaxation
from minent.errors import BadInput, BadLine

VERTEX = re.compile(r'(\d+)(?:\s+"([^"]*)"|\s+([^\s"]+))?(.*)')


def graph_of_pajek(
    data: bytes, file: object, directed: bool | None = None, relaxation: Relaxation | None = None
) -> Graph:
    """The network in Pajek's words; a third field of a vertex is its weight, where it is the last (x y z are not).

    It is directed where there are arcs; then, or where `directed` says so, an edge goes both ways. With directed=False
    arcs are edges. *States, *Intra and *Multilayer make a network of states (see
    `pajek_states`), *Bipartite n one whose features are the vertices from n on. Raises BadInput and BadLine.

    >>> network = graph_of_pajek(b'*Vertices 3\\n1 "a" 2\\n2 "b" 1\\n3 "c" 1\\n*Arcs\\n1 2 0.5\\n', "abc.net")
    >>> network, network.names.tolist(), network.node_weights.tolist()
    (Graph(3 nodes, 1 links, directed, weighted), ['a', 'b', 'c'], [2.0, 1.0, 1.0])
    """
    found = sections(data)
    if any(section.kind in HIGHER for section in found):
        called = [_vertices(section, file)[0].tolist() for section in found if section.kind == "vertices"]
        return states_of_pajek(found, called[-1] if called else None, file, directed, relaxation or Relaxation())
    names, node_weights, first = None, None, None
    links: dict[str, list[Links]] = {"edges": [], "arcs": []}
    for section in found:
        kind = section.kind
        if kind == "vertices":
            names, node_weights = _vertices(section, file)
        elif kind in links or kind == "bipartite":
            if names is None:
                raise BadLine(f"*{kind.capitalize()} needs *Vertices before it", file, section.line)
            if section.body.strip():
                links["edges" if kind == "bipartite" else kind].append(_links(section, len(names), file))
            first = _first_feature(section, file) if kind == "bipartite" else first
        elif kind != "network":
            raise BadLine(f"wanted *Vertices, *Edges or *Arcs; got *{kind.capitalize()}", file, section.line)
    if names is None:
        raise BadInput(f"there are no *Vertices in {str(file)!r}")
    directed = bool(links["arcs"]) if directed is None else directed
    source, target, weight = _joined(**links, both=directed and first is None)
    network = Graph.from_links(source, target, weight, directed=directed, names=names, node_weights=node_weights)
    return network if first is None else Bipartite.of(network, np.arange(network.number_of_nodes) >= first - 1)


def _joined(edges: list[Links], arcs: list[Links], both: bool) -> tuple[Any, Any, np.ndarray | None]:
    """All links, edges in both directions where told; no weights where all of them are 1."""
    others = [(target, source, weight, source != target) for source, target, weight in edges if both]
    every = [*edges, *((a[other], b[other], weight[other]) for a, b, weight, other in others), *arcs]
    if not every:
        return [], [], None
    source, target, weight = (np.concatenate(parts) for parts in zip(*every, strict=True))
    return source, target, None if (weight == 1).all() else weight


def _vertices(section: Section, file: object) -> tuple[np.ndarray, np.ndarray | None]:
    """Names, and weights where there are any."""
    try:
        number = int(section.argument.split()[0])
    except (IndexError, ValueError):
        raise BadLine(f"*Vertices needs their number; got {section.argument!r}", file, section.line) from None
    weights: dict[int, float] = {}
    called: dict[int, str] = {}
    for line, raw in enumerate(section.body.split(b"\n"), section.line + 1):
        try:
            text = raw.decode().strip()
        except UnicodeDecodeError:
            raise BadLine("text must be UTF-8; got other bytes", file, line) from None
        if not text or text.startswith("%"):
            continue
        match = VERTEX.fullmatch(text)
        if not match or not 1 <= int(match[1]) <= number:
            raise BadLine(f'a vertex needs a number from 1 to {number} and a "name"; got {text[:60]!r}', file, line)
        name = match[2] if match[2] is not None else match[3]
        if name is not None:
            called[int(match[1])] = name
        rest = match[4].split()
        if len(rest) == 1:
            weights[int(match[1])] = _node_weight(rest[0], file, line)
    if not called:
        return np.arange(1, number + 1), None
    names = [called.get(i, str(i)) for i in range(1, number + 1)]
    return name_array(names), np.array([weights.get(i, 1.0) for i in range(1, number + 1)]) if weights else None


def _first_feature(section: Section, file: object) -> int:
    words = section.argument.split()
    if not words or not words[0].isdigit():
        raise BadLine(f"*Bipartite needs the number of the first feature; got {section.argument!r}", file, section.line)
    return int(words[0])


def _node_weight(text: str, file: object, line: int) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    if not 0 <= weight < float("inf"):
        raise BadLine(f"node weight must be a finite number, not negative; got {text!r}", file, line)
    return weight


def _links(section: Section, nodes: int, file: object) -> Links:
    """Sources and targets from 0, and weights."""
    try:
        table = links_of_text(section.body, file, section.line + 1, header=False)
    except BadLine:
        raise
    except BadInput:  # comments only
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    ends = [table.column(i).to_numpy() for i in (0, 1)]
    weight = table.column(2).to_numpy() if table.num_columns == 3 else np.ones(len(ends[0]))
    if ends[0].dtype.kind != "i" or min(end.min() for end in ends) < 1 or max(end.max() for end in ends) > nodes:
        raise _bad_vertex(section, nodes, file)
    return ends[0] - 1, ends[1] - 1, weight


def _bad_vertex(section: Section, nodes: int, file: object) -> BadLine:
    known = {str(i) for i in range(1, nodes + 1)}
    for number, line in enumerate(section.body.decode(errors="replace").split("\n"), section.line + 1):
        bad = [] if line.lstrip().startswith(("%", "#")) else [end for end in line.split()[:2] if end not in known]
        if bad:
            return BadLine(f"a link needs numbers of vertices from 1 to {nodes}; got {bad[0]!r}", file, number)
    return BadLine(f"a link needs numbers of vertices from 1 to {nodes}", file, section.line + 1)
