"""What the reference Infomap adds to Pajek's .net: *States (memory), *Intra and *Inter or *Multilayer (layers).

*States       state physical ["name"]       then *Links, *Arcs or *Edges between states
*Intra        layer node node [weight]      *Inter: layer node layer [weight]
*Multilayer   layer node layer node [weight]
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from minent.data.networks.graph import Graph
from minent.data.networks.layers import multilayer
from minent.data.networks.pajek_sections import Section
from minent.data.networks.relaxation import Relaxation
from minent.data.networks.states import States
from minent.errors import BadInput, BadLine

HIGHER = ("states", "intra", "inter", "multilayer")
LINKS = ("links", "edges", "arcs")


def states_of_pajek(
    sections: Iterable[Section], vertices: list[Any] | None, file: object, directed: bool | None, relaxation: Relaxation
) -> States:
    """The states in a file's sections; `vertices` are their names from 1. Raises BadInput and BadLine."""
    states = _states(sections, vertices, file, directed, relaxation)
    known = vertices is not None and set(states.physical_nodes.tolist()) <= set(vertices)
    return states.among(vertices) if vertices is not None and known else states


def _states(
    sections: Iterable[Section], vertices: list[Any] | None, file: object, directed: bool | None, relaxation: Relaxation
) -> States:
    found = {section.kind: section for section in sections}

    def called(number: float) -> Any:
        at = int(number)
        return at if vertices is None or not 1 <= at <= len(vertices) else vertices[at - 1]

    if "states" in found:
        return _memory(found, called, file, directed)
    if "multilayer" in found:
        return _joined_layers(_rows(found["multilayer"], file, 4, 5), called, bool(directed))
    intra = _rows(found["intra"], file, 3, 4) if "intra" in found else []
    source, target = ([called(row[k]) for row in intra] for k in (1, 2))
    links = [int(row[0]) for row in intra], source, target, _weights(intra, 3)
    between = None
    if "inter" in found:
        inter = _rows(found["inter"], file, 3, 4)
        layer, other = ([int(row[k]) for row in inter] for k in (0, 2))
        between = layer, [called(row[1]) for row in inter], other, _weights(inter, 3)
    relaxed = {"relax_rate": relaxation.rate, "relax_limit": relaxation.limit, "relax_by": relaxation.by}
    return multilayer(*links, between=between, directed=bool(directed), **relaxed)


def _memory(found: dict[str, Section], called: Callable[[float], Any], file: object, directed: bool | None) -> States:
    """*States, and the links between them."""
    states = [(int(row[0]), called(row[1])) for row in _rows(found["states"], file, 2, 2)]
    place = {state: i for i, (state, _) in enumerate(states)}
    links = [row for kind in LINKS if kind in found for row in _rows(found[kind], file, 2, 3)]
    if missing := [row for row in links if row[0] not in place or row[1] not in place]:
        raise BadInput(f"links join *States; {missing[0][0]:g} {missing[0][1]:g} does not in {str(file)!r}")
    source, target = ([place[int(row[k])] for row in links] for k in (0, 1))
    arcs = "arcs" in found if directed is None else directed
    names = [state for state, _ in states]
    network = Graph.from_links(source, target, _weights(links, 2), directed=arcs, names=names)
    return States.of(network, [physical for _, physical in states])


def _joined_layers(links: list[list[float]], called: Callable[[float], Any], directed: bool) -> States:
    """*Multilayer: links from a node in a layer to a node in a layer, as they are."""
    ends = [[(int(row[k]), called(row[k + 1])) for row in links] for k in (0, 2)]
    states = sorted({*ends[0], *ends[1]}, key=lambda state: (state[0], str(state[1])))
    place = {state: i for i, state in enumerate(states)}
    source, target = ([place[state] for state in end] for end in ends)
    network = Graph.from_links(source, target, _weights(links, 4), directed=directed, names=states)
    return States.of(network, [node for _, node in states])


def _weights(rows: list[list[float]], at: int) -> list[float]:
    return [row[at] if len(row) > at else 1.0 for row in rows]


def _rows(section: Section, file: object, least: int, most: int) -> list[list[float]]:
    """The numbers on each line; names in quotes are passed over."""
    rows = []
    for number, line in enumerate(section.body.decode(errors="replace").split("\n"), section.line + 1):
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
