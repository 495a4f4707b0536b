"""Pajek's .net: `*Vertices n` and lines `number "name" [weight]`; then links, `*Edges` undirected, `*Arcs` directed."""

import re
from collections.abc import Iterator

import numpy as np

from minent.data.networks.bipartite import Bipartite
from minent.data.networks.graph import Graph
from minent.data.networks.link_lists import links_of_text
from minent.data.networks.names import name_array
from minent.data.networks.pajek_states import HIGHER, states_of_pajek
from minent.errors import BadInput, BadLine

VERTEX = re.compile(r'(\d+)(?:\s+"([^"]*)"|\s+([^\s"]+))?(.*)')


def graph_of_pajek(
    data: bytes,
    file: object,
    directed: bool | None = None,
    relax_rate: float = 0.15,
    relax_limit: int | None = None,
    relax_by: str = "strength",
) -> Graph:
    """The network in Pajek's words; a third field of a vertex is its weight, where it is the last (x y z are not).

    It is directed where there are arcs; then, or where `directed` says so, an edge goes both ways. With directed=False
    arcs are edges. *States, *Intra and *Multilayer make a network of states (see
    `pajek_states`), *Bipartite n one whose features are the vertices from n on. Raises BadInput and BadLine.

    >>> network = graph_of_pajek(b'*Vertices 3\\n1 "a" 2\\n2 "b" 1\\n3 "c" 1\\n*Arcs\\n1 2 0.5\\n', "abc.net")
    >>> network, network.names.tolist(), network.node_weights.tolist()
    (Graph(3 nodes, 1 links, directed, weighted), ['a', 'b', 'c'], [2.0, 1.0, 1.0])
    """
    names, node_weights, first = None, None, None
    if any(kind in HIGHER for kind, *_ in _sections(data, file)):
        sections = list(_sections(data, file))
        for kind, argument, body, line in sections:
            names = _vertices(argument, body, file, line)[0] if kind == "vertices" else names
        known = None if names is None else names.tolist()
        return states_of_pajek(sections, known, file, directed, relax_rate, relax_limit, relax_by)
    links: dict[str, list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = {"edges": [], "arcs": []}
    for kind, argument, body, line in _sections(data, file):
        if kind == "vertices":
            names, node_weights = _vertices(argument, body, file, line)
        elif kind in links or kind == "bipartite":
            if names is None:
                raise BadLine(f"*{kind.capitalize()} needs *Vertices before it", file, line)
            if body.strip():
                links["edges" if kind == "bipartite" else kind].append(_links(body, len(names), file, line + 1))
            first = _first_feature(argument, file, line) if kind == "bipartite" else first
        elif kind != "network":
            raise BadLine(f"wanted *Vertices, *Edges or *Arcs; got *{kind.capitalize()}", file, line)
    if names is None:
        raise BadInput(f"there are no *Vertices in {str(file)!r}")
    if directed is None:
        directed = bool(links["arcs"])
    if directed and first is None:
        for source, target, weight in list(links["edges"]):
            other = source != target
            links["edges"].append((target[other], source[other], weight[other]))
    every = links["edges"] + links["arcs"]
    source, target, weight = (np.concatenate(parts) for parts in zip(*every, strict=True)) if every else ([], [], None)
    if weight is not None and (weight == 1).all():
        weight = None
    network = Graph.from_links(source, target, weight, directed=directed, names=names, node_weights=node_weights)
    return network if first is None else Bipartite.of(network, np.arange(network.number_of_nodes) >= first - 1)


def _sections(data: bytes, file: object) -> Iterator[tuple[str, str, bytes, int]]:
    """Each section's kind, what else its heading says, the lines under it, and the heading's line number."""
    headings = list(re.finditer(rb"^[ \t]*\*(\w+)[ \t]*([^\r\n]*)", data, re.MULTILINE))
    line, last = 1, 0
    for heading, after in zip(headings, [*headings[1:], None], strict=True):
        line, last = line + data.count(b"\n", last, heading.start()), heading.start()
        body = data[heading.end() : after.start() if after else len(data)]
        kind, argument = (group.decode(errors="replace").strip() for group in heading.groups())
        yield kind.lower(), argument, body.split(b"\n", 1)[1] if b"\n" in body else b"", line


def _vertices(argument: str, body: bytes, file: object, heading: int) -> tuple[np.ndarray, np.ndarray | None]:
    try:
        number = int(argument.split()[0])
    except (IndexError, ValueError):
        raise BadLine(f"*Vertices needs their number; got {argument!r}", file, heading) from None
    weights: dict[int, float] = {}
    called: dict[int, str] = {}
    for line, raw in enumerate(body.split(b"\n"), heading + 1):
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


def _first_feature(argument: str, file: object, heading: int) -> int:
    if not argument.split() or not argument.split()[0].isdigit():
        raise BadLine(f"*Bipartite needs the number of the first feature; got {argument!r}", file, heading)
    return int(argument.split()[0])


def _node_weight(text: str, file: object, line: int) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    if not 0 <= weight < float("inf"):
        raise BadLine(f"node weight must be a finite number, not negative; got {text!r}", file, line)
    return weight


def _links(body: bytes, nodes: int, file: object, first_line: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sources and targets from 0, and weights."""
    try:
        table = links_of_text(body, file, first_line, header=False)
    except BadLine:
        raise
    except BadInput:  # comments only
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    ends = [table.column(i).to_numpy() for i in (0, 1)]
    weight = table.column(2).to_numpy() if table.num_columns == 3 else np.ones(len(ends[0]))
    if ends[0].dtype.kind != "i" or min(end.min() for end in ends) < 1 or max(end.max() for end in ends) > nodes:
        raise _bad_vertex(body, nodes, file, first_line)
    return ends[0] - 1, ends[1] - 1, weight


def _bad_vertex(body: bytes, nodes: int, file: object, first_line: int) -> BadLine:
    known = {str(i) for i in range(1, nodes + 1)}
    for number, line in enumerate(body.decode(errors="replace").split("\n"), first_line):
        bad = [] if line.lstrip().startswith(("%", "#")) else [end for end in line.split()[:2] if end not in known]
        if bad:
            return BadLine(f"a link needs numbers of vertices from 1 to {nodes}; got {bad[0]!r}", file, number)
    return BadLine(f"a link needs numbers of vertices from 1 to {nodes}", file, first_line)
