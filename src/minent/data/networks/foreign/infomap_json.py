"""The JSON that the reference Infomap reads: {"format": "infomap-network", "version": "1.0", "type": …}.

standard      "nodes": {"id", "name", "weight"}; "edges": {"source", "target", "weight"}, by ids
bipartite     …whose nodes from "bipartiteStartId" on are features
state         "states": {"id", "node", "weight"}; edges join states
multilayer    edges with "layers": [from, to] ("full"), [layer] ("intra"), or either ("intra-inter": of one node)
"""

from typing import Any

import numpy as np

from minent.data.networks.bipartite import Bipartite
from minent.data.networks.layers.layers import multilayer
from minent.data.networks.layers.relaxation import Relaxation
from minent.data.networks.libraries.attributes_of_links import weights
from minent.data.networks.libraries.direction import Noted, graph_of_numbers
from minent.data.networks.states import States
from minent.errors import BadInput

FORMATS = "infomap-network"
TYPES = ("standard", "bipartite", "state", "multilayer")


def graph_of_infomap(value: dict[str, Any], directed: bool | None, relaxation: Relaxation) -> Noted:
    """The network that such an object says, and notes. Raises BadInput.

    >>> edges = [{"source": 1, "target": 2}, {"source": 3, "target": 2}]
    >>> value = {"type": "bipartite", "bipartiteStartId": 2, "edges": edges}
    >>> graph_of_infomap({**value, "bipartiteStartId": 3}, None, Relaxation())
    Traceback (most recent call last):
    minent.errors.BadInput: links join a primary node and a feature; 1 and 2 are of one kind
    """
    kind, edges = value.get("type", "standard"), value.get("edges")
    if kind not in TYPES:
        raise BadInput(f"an infomap-network's type is one of {', '.join(TYPES)}; got {kind!r}")
    if not isinstance(edges, list):
        raise BadInput('an infomap-network needs a list of "edges"')
    nodes, states = (_objects(value.get(key, []), key) for key in ("nodes", "states"))
    edges = _objects(edges, "edges")
    notes = ["given modules (path) are not read; they can be given as --initial"] * any(
        "path" in thing for thing in nodes + states
    )
    notes += ["metadata (meta) is not read; it can be given as --metadata"] * any("meta" in node for node in nodes)
    names = _named(nodes, notes)
    weighed = weights([edge.get("weight") for edge in edges], []) if any("weight" in edge for edge in edges) else None
    way = value.get("directed") is True
    if kind == "multilayer":
        return _layers(value.get("multilayer", "full"), edges, weighed, names, directed or way, relaxation), notes
    of = states if kind == "state" else nodes
    ends = [[_number(edge, key) for edge in edges] for key in ("source", "target")]
    ids = sorted({_number(thing, "id") for thing in of} | ({*ends[0], *ends[1]} if kind != "state" else set()))
    if kind == "state":
        known = set(ids)
        if missing := [end for column in ends for end in column if end not in known]:
            raise BadInput(f"edges join states; {missing[0]} is none")
    place = {id: i for i, id in enumerate(ids)}
    source, target = ([place[end] for end in column] for column in ends)
    labels = ids if kind == "state" or not names else [names.get(id, str(id)) for id in ids]
    network, told = graph_of_numbers(source, target, weighed, labels, way, directed)
    network = _with_weights(network, of, place)
    if kind == "bipartite":
        network = Bipartite.of(network, np.array(ids) >= _number(value, "bipartiteStartId"))
    if kind == "state":
        node = {_number(state, "id"): _number(state, "node") for state in states}
        network = States.of(network, [names.get(node[id], str(node[id]) if names else node[id]) for id in ids])
    return network, notes + told


def _with_weights(network: Any, things: list[dict], place: dict[int, int]) -> Any:
    from dataclasses import replace

    if not any("weight" in thing for thing in things):
        return network
    weighed = np.ones(len(place))
    for thing in things:
        weight = weights([thing.get("weight")], [])[0]
        if not 0 <= weight < np.inf:
            raise BadInput(f"node weight must be a finite number, not negative; got {weight:g} for {thing['id']}")
        weighed[place[thing["id"]]] = weight
    return replace(network, node_weights=weighed)


def _layers(
    kind: str, edges: list[dict], weighed: Any, names: dict[int, str], directed: bool, relaxation: Relaxation
) -> States:
    """States (layer, node): links between them as they are ("full"), or links in layers and perhaps between."""
    weighed = [1.0] * len(edges) if weighed is None else weighed
    allowed = {"full": (2,), "intra": (1,), "intra-inter": (1, 2)}
    if kind not in allowed:
        raise BadInput(f"multilayer is one of {', '.join(allowed)}; got {kind!r}")
    inside, between, full = [], [], []
    for edge, weight in zip(edges, weighed, strict=True):
        layers = edge.get("layers")
        if not isinstance(layers, list) or len(layers) not in allowed[kind] or not all(type(k) is int for k in layers):
            wanted = " or ".join(map(str, allowed[kind]))
            raise BadInput(f"an edge of a {kind} multilayer network needs {wanted} layers; got {layers!r}")
        a, b = (_number(edge, key) for key in ("source", "target"))
        one, two = (names.get(end, str(end) if names else end) for end in (a, b))
        if kind == "full":
            full.append(((layers[0], one), (layers[1], two), weight))
        elif len(layers) == 1:
            inside.append((layers[0], one, two, weight))
        elif a != b:
            raise BadInput(f"an edge between layers is of one node; got {a} and {b}")
        else:
            between.append((layers[0], one, layers[1], weight))
    if kind == "full":
        source, target, weight = ([link[k] for link in full] for k in range(3))
        states = sorted({*source, *target}, key=lambda state: (state[0], str(state[1])))
        place = {state: i for i, state in enumerate(states)}
        source, target = ([place[state] for state in column] for column in (source, target))
        network, _ = graph_of_numbers(source, target, weight, states, directed, directed)
        return States.of(network, [node for _, node in states], [layer for layer, _ in states])
    layer, source, target, weight = ([link[k] for link in inside] for k in range(4))
    crossing: Any = tuple([link[k] for link in between] for k in range(4)) if between else None
    relaxed = {f"relax_{name}": value for name, value in relaxation._asdict().items()}
    return multilayer(layer, source, target, weight, between=crossing, directed=directed, **relaxed)


def _named(nodes: list[dict], notes: list[str]) -> dict[int, str]:
    """The names of nodes by their ids; none where they do not tell them apart."""
    ids = [_number(node, "id") for node in nodes]
    if len(set(ids)) < len(ids):
        raise BadInput(f"the id {next(id for id in ids if ids.count(id) > 1)} stands twice among the nodes")
    names = {id: str(node["name"]) for id, node in zip(ids, nodes, strict=True) if "name" in node}
    if len({*names.values(), *(str(id) for id in ids if id not in names)}) < len(ids):
        notes.append("nodes are called by their ids, for more than one has the same name")
        return {}
    return names


def _objects(value: Any, what: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(thing, dict) for thing in value):
        raise BadInput(f'"{what}" must be a list of objects')
    return value


def _number(thing: dict[str, Any], key: str) -> int:
    value = thing.get(key)
    if type(value) is not int or not 0 <= value < 2**63:
        raise BadInput(f"{key!r} must be a whole number, not negative; got {value!r}")
    return value
