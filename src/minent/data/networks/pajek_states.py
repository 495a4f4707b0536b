"""What the reference Infomap adds to Pajek's .net: *States (memory), *Intra and *Inter or *Multilayer (layers).

*States       state physical ["name"]       then *Links, *Arcs or *Edges between states
*Intra        layer node node [weight]      *Inter: layer node layer [weight]
*Multilayer   layer node layer node [weight]
"""

import re
from collections.abc import Iterable
from typing import Any

from minent.data.networks.graph import Graph
from minent.data.networks.layers import multilayer
from minent.data.networks.states import States
from minent.errors import BadInput, BadLine

HIGHER = ("states", "intra", "inter", "multilayer")
LINKS = ("links", "edges", "arcs")
Section = tuple[str, str, bytes, int]


def states_of_pajek(
    sections: Iterable[Section],
    names: list[Any] | None,
    file: object,
    directed: bool | None,
    relax_rate: float,
    relax_limit: int | None,
    relax_by: str,
) -> States:
    """The states in a file's sections (kind, argument, body, line of the heading); `names` are the vertices' from 1."""
    found = {kind: (body, line) for kind, _, body, line in sections}

    def called(number: int) -> Any:
        return number if names is None or not 1 <= number <= len(names) else names[number - 1]

    if "states" in found:
        states = [(int(row[0]), called(int(row[1]))) for row in _rows(*found["states"], file, 2, 2)]
        place = {state: i for i, (state, _) in enumerate(states)}
        links = [row for kind in LINKS if kind in found for row in _rows(*found[kind], file, 2, 3)]
        if missing := [row for row in links if row[0] not in place or row[1] not in place]:
            raise BadInput(f"links join *States; {missing[0][0]:g} {missing[0][1]:g} does not in {str(file)!r}")
        source, target = ([place[int(row[k])] for row in links] for k in (0, 1))
        arcs = bool(directed) or (directed is None and "arcs" in found)
        called_by = [state for state, _ in states]
        network = Graph.from_links(source, target, _weights(links, 2), directed=arcs, names=called_by)
        return States.of(network, [physical for _, physical in states])
    if "multilayer" in found:
        links = _rows(*found["multilayer"], file, 4, 5)
        ends = [[(int(row[k]), called(int(row[k + 1]))) for row in links] for k in (0, 2)]
        states = sorted({*ends[0], *ends[1]}, key=lambda state: (state[0], str(state[1])))
        place = {state: i for i, state in enumerate(states)}
        source, target = ([place[state] for state in end] for end in ends)
        network = Graph.from_links(source, target, _weights(links, 4), directed=bool(directed), names=states)
        return States.of(network, [node for _, node in states])
    intra = _rows(*found.get("intra", (b"", 1)), file, 3, 4)
    layer, source, target = ([int(row[k]) for row in intra] for k in range(3))
    between = None
    if "inter" in found:
        inter = _rows(*found["inter"], file, 3, 4)
        between = (
            [int(row[0]) for row in inter],
            [called(int(row[1])) for row in inter],
            [int(row[2]) for row in inter],
            _weights(inter, 3),
        )
    ends = [called(i) for i in source], [called(i) for i in target]
    relaxed = {"relax_rate": relax_rate, "relax_limit": relax_limit, "relax_by": relax_by}
    return multilayer(layer, *ends, _weights(intra, 3), between=between, directed=bool(directed), **relaxed)


def _weights(rows: list[list[float]], at: int) -> list[float]:
    return [row[at] if len(row) > at else 1.0 for row in rows]


def _rows(body: bytes, heading: int, file: object, least: int, most: int) -> list[list[float]]:
    """The numbers on each line; names in quotes are passed over."""
    rows = []
    for number, line in enumerate(body.decode(errors="replace").split("\n"), heading + 1):
        words = re.sub(r'"[^"]*".*', "", line).split()
        if not words or words[0].startswith(("#", "%")):
            continue
        try:
            row = [float(word) for word in words[:most]]
        except ValueError:
            row = []
        if len(row) < least:
            raise BadLine(f"wanted {least} to {most} numbers; got {line.strip()!r}", file, number)
        rows.append(row)
    return rows
