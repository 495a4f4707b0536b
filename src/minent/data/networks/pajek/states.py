"""What the reference Infomap adds to Pajek's .net: *States (memory), *Intra and *Inter or *Multilayer (layers).

*States       state physical ["name" [weight]]   then *Links, *Arcs or *Edges between states
*Intra        layer node node [weight]           *Inter: layer node layer [weight]
*Multilayer   layer node layer node [weight]

Sections that stand twice are read as one.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from minent.data.networks.graph import Graph
from minent.data.networks.layers.layers import multilayer
from minent.data.networks.layers.relaxation import Relaxation
from minent.data.networks.lines.records import weight_of
from minent.data.networks.naming.names import name_array
from minent.data.networks.pajek.links import Rows, integers, rows_of
from minent.data.networks.pajek.names import named
from minent.data.networks.pajek.sections import LINKS, Section
from minent.data.networks.pajek.vertices import Vertices
from minent.data.networks.states import States
from minent.errors import BadInput

BETWEEN_STATES = ("links", "edges", "arcs")


def states_of_pajek(
    sections: Iterable[Section], vertices: Vertices, file: object, directed: bool | None, relaxation: Relaxation,
    notes: list[str],
) -> States:  # fmt: skip
    """The states in a file's sections. Raises BadInput and BadLine."""
    found: dict[str, list[Section]] = {}
    for section in sections:
        found.setdefault(section.kind, []).append(section)
    kinds = found.keys() & {"states", "multilayer"} | ({"intra"} if found.keys() & {"intra", "inter"} else set())
    with_links = BETWEEN_STATES if "states" in found else ()
    strange = [kind for kind in found if kind in LINKS and kind not in with_links]
    if len(kinds) > 1 or strange:
        both = " and ".join(f"*{kind.capitalize()}" for kind in sorted([*kinds, *strange])[:2])
        raise BadInput(f"{both} are different networks; {str(file)!r} has both")
    if vertices.weights is not None:
        notes.append("weights of *Vertices are passed over: those of *States are the weights of states")
    if "states" in found:
        return _memory(found, vertices, file, directed, notes)
    if "multilayer" in found:
        if relaxation != Relaxation():
            raise BadInput(f"a walk changes layers along links of *Multilayer; relax_… is of *Intra; got {str(file)!r}")
        return _joined_layers(_rows(found["multilayer"], 4, notes), vertices, bool(directed), notes)
    intra = _rows(found.get("intra", []), 3, notes)
    if not len(intra.weight):
        raise BadInput(f"there are no links in layers, of *Intra, in {str(file)!r}")
    source, target = _called(intra.ends[:, 1:], vertices).T
    between = None
    if "inter" in found:
        inter = _rows(found["inter"], 3, notes)
        layer, node, other = inter.ends.T
        between = layer, _called(node, vertices), other, inter.weight
    relaxed = {"between": between, "directed": bool(directed), **relaxation.keywords()}
    return multilayer(intra.ends[:, 0], source, target, intra.weight, **relaxed)


def _memory(
    found: dict[str, list[Section]], vertices: Vertices, file: object, directed: bool | None, notes: list[str]
) -> States:
    """*States, and the links between them."""
    ids, physical, weights = _states(found["states"], notes)
    states = Vertices(np.array(ids, np.int64), np.zeros(0), None)
    every = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    sections = [section for kind in BETWEEN_STATES for section in found.get(kind, [])]
    arcs = "arcs" in found if directed is None else directed
    for section in sections:
        rows = rows_of(section, 2, "numbers of states", notes)
        places = states.places(rows.ends)
        if (missing := np.flatnonzero((places < 0).any(axis=1))).size:
            one, two = rows.ends[missing[0]]
            line = next(n for n, text in section.lines() if [*map(int, text.split()[:2])] == [one, two])
            raise section.refused(f"links join *States; {one} {two} does not", line)
        source, target = places.T
        every.append((source, target, rows.weight))
        if arcs and section.kind == "edges":
            other = source != target
            every.append((target[other], source[other], rows.weight[other]))
    source, target, weight = (np.concatenate(columns) for columns in zip(*every, strict=True))
    network = Graph.from_links(source, target, weight, directed=arcs, names=ids, node_weights=weights)
    return States.of(network, _called(np.array(physical, np.int64), vertices))


def _states(sections: list[Section], notes: list[str]) -> tuple[list[int], list[int], list[float] | None]:
    """Number, physical node and weight of each state, None where no state has a weight."""
    physical: dict[int, int] = {}
    weights: dict[int, float] = {}
    called = 0
    for section in sections:
        for line, text in section.lines():
            words = text.split(None, 2)
            state, node = integers(words[:2], 2, "numbers of a state and its node", section, line, text)
            if state in physical:
                raise section.refused(f"state {state} stands twice", line)
            physical[state] = node
            name, numbers, _ = named(words[2] if len(words) > 2 else "", section, line)
            called += name is not None
            if numbers:
                weights[state] = weight_of(numbers[0], "state", section.file, line)
    if called:
        notes.append(f"names of {called} states are passed over: states go by their numbers")
    if weights and len(weights) < len(physical):
        notes.append(f"{len(physical) - len(weights)} states without a weight have weight 1")
    return [*physical], [*physical.values()], [weights.get(state, 1.0) for state in physical] if weights else None


def _joined_layers(links: Rows, vertices: Vertices, directed: bool, notes: list[str]) -> States:
    """*Multilayer: links from a node in a layer to a node in a layer, as they are."""
    ends = links.ends.reshape(-1, 2)
    states, place = np.unique(ends, axis=0, return_inverse=True)
    nodes = _called(states[:, 1], vertices).tolist()
    names = np.empty(len(states), object)
    names[:] = list(zip(states[:, 0].tolist(), nodes, strict=True))
    source, target = place.reshape(-1, 2).T
    network = Graph.from_links(source, target, links.weight, directed=directed, names=names)
    return States.of(network, nodes, states[:, 0])


def _called(ids: np.ndarray, vertices: Vertices) -> Any:
    """The names of physical nodes, by which they are told apart."""
    if vertices.number is not None and (bad := ids[vertices.places(ids) < 0]).size:
        raise BadInput(f"nodes go by {vertices.wanted}; got {bad[0]}")
    if vertices.names.dtype != object:
        return ids
    places = vertices.places(ids)
    names = name_array(list(map(str, ids.ravel().tolist()))).reshape(ids.shape)
    names[places >= 0] = vertices.names[places[places >= 0]]
    return names


def _rows(sections: list[Section], ends: int, notes: list[str]) -> Rows:
    every = [rows_of(section, ends, "numbers of layers and nodes", notes) for section in sections]
    if not every:
        return Rows(np.zeros((0, ends), np.int64), np.zeros(0))
    return Rows(*(np.concatenate(columns) for columns in zip(*every, strict=True)))
