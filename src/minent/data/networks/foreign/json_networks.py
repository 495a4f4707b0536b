"""Networks in JSON: node and link lists (networkx, d3, Cytoscape), the reference Infomap's, rows of links.

{"nodes": [{"id": …}], "links" or "edges": [{"source": …, "target": …, "weight": …}], "directed": …}
{"format": "infomap-network", …}                see `infomap_json`
{"elements": {"nodes": […], "edges": […]}}      Cytoscape, whose nodes and links are in "data"
[{"data": {"id": …}}, {"data": {"source": …}}]  the same in one list
{"nodes": [{"key": …}], "edges": […]}           graphology, sigma.js, with "attributes"
[{"source": …, "target": …}, …]                 or one such object a line, or [source, target, weight]
"""

import json
from typing import Any

from minent.data.networks.foreign.infomap_json import FORMATS, graph_of_infomap
from minent.data.networks.foreign.json_rows import KNOWN, graph_of_rows, name_of
from minent.data.networks.layers.relaxation import Relaxation
from minent.data.networks.libraries.attributes_of_links import weight_name, weights
from minent.data.networks.libraries.direction import Noted, graph_of_numbers
from minent.data.networks.lines.columns.names import WEIGHTS
from minent.data.networks.naming.called import called, integers_or_text
from minent.data.networks.naming.names import name_array, sorted_names
from minent.errors import BadInput, BadLine

NO_WEIGHTS = "source", "target", "key", "id", "attributes", "undirected"


def graph_of_json(
    data: bytes,
    name: object,
    directed: bool | None = None,
    relaxation: Relaxation | None = None,
    weight: str | int | None = None,
) -> Noted:
    """The network in JSON text in UTF-8, and notes. Raises BadInput, BadLine in JSON lines.

    >>> nodes, links = '[{"name": "Myriel"}, {"name": "Napoleon"}]', '[{"source": 1, "target": 0, "value": 8}]'
    >>> network, notes = graph_of_json(f'{{"nodes": {nodes}, "links": {links}}}'.encode(), "miserables.json")
    >>> network.names.tolist(), network.links()[2].tolist()
    (['Myriel', 'Napoleon'], [8.0])
    """
    value = _value(data, name)
    try:
        if isinstance(value, dict) and str(value.get("format")).startswith(FORMATS):
            return graph_of_infomap(value, directed, relaxation or Relaxation())
        if isinstance(value, list) and value and all(isinstance(one, dict) and "data" in one for one in value):
            value = _elements([_plain(one, "element") for one in value])
        if isinstance(value, dict):
            return _nodes_and_links(value, directed, weight)
        return graph_of_rows(value, bool(directed), weight)
    except BadInput as error:
        raise BadInput(f"{error} in {str(name)!r}") from None


def _value(data: bytes, name: object) -> Any:
    """What the text says; JSON lines are a list. Raises BadInput and BadLine."""
    try:
        return json.loads(data)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadLine("text must be UTF-8; got other bytes", name, line) from None
    except RecursionError:
        raise BadInput(f"{str(name)!r} cannot be read as JSON: it is nested too deep") from None
    except ValueError as error:
        problem = f"this is not JSON ({error})"
    lines = [(number, line) for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]
    rows: list[Any] = []
    for number, line in lines:
        try:
            rows.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            told = problem if not rows else f"this is not a line of JSON ({error})"
            raise BadLine(told, name, number) from None
        if not isinstance(rows[-1], dict | list):
            raise BadLine(f"a line of JSON must be a link; got {line[:60].decode(errors='replace')}", name, number)
    return rows


def _nodes_and_links(value: dict[str, Any], directed: bool | None, weight: str | int | None) -> Noted:
    inner = value.get("elements", value.get("graph"))
    if isinstance(inner, list) and inner:
        value = {**value, **_elements([_plain(one, "element") for one in inner])}
    if isinstance(inner, dict) and "edges" in inner and "edges" not in value:
        value = {**value, **inner}  # Cytoscape; JSON Graph Format
    links = next((value[key] for key in ("links", "edges") if isinstance(value.get(key), list)), None)
    nodes = value.get("nodes", [])
    if isinstance(nodes, dict):
        nodes = [{"id": key, **node} for key, node in nodes.items() if isinstance(node, dict)]
    if links is None or not isinstance(nodes, list):
        raise BadInput(f"{KNOWN}; got an object with {', '.join(map(repr, value)) or 'nothing'}")
    nodes, links = ([_plain(thing, what) for thing in things] for things, what in ((nodes, "node"), (links, "link")))
    notes: list[str] = []
    way = _direction(value, links, directed)
    ends = [[name_of(link.get(key), f"link {k} needs a {key}") for k, link in enumerate(links)]
            for key in ("source", "target")]  # fmt: skip
    names, place = _places(nodes, ends, notes)
    keys = dict.fromkeys(key for link in links for key in link if key not in NO_WEIGHTS)
    key = weight_name(keys, weight, WEIGHTS, notes)
    weighed = None if key is None else weights([link.get(key) for link in links], notes)
    source, target = ([place[end] for end in column] for column in ends)
    network, told = graph_of_numbers(source, target, weighed, names, way, directed)
    return network, notes + told


def _elements(things: list[dict[str, Any]]) -> dict[str, Any]:
    """The nodes and links in a list of both, links being what has a source."""
    links = [thing for thing in things if "source" in thing]
    return {"nodes": [thing for thing in things if "source" not in thing], "edges": links}


def _direction(value: dict[str, Any], links: list[dict], directed: bool | None) -> bool:
    """Whether links have a direction: as "directed" says, or, of graphology, its "options" and links."""
    if "directed" in value or "attributes" not in value:
        return value.get("directed") is True
    options = value.get("options")
    kind = options.get("type", "mixed") if isinstance(options, dict) else "mixed"
    said = {link.get("undirected") is True for link in links} if kind == "mixed" else {kind == "undirected"}
    if len(said) > 1 and directed is None:
        raise BadInput("links are both directed and undirected: --directed (directed=) must say which")
    return False in said and (directed is not False)


def _places(nodes: list[dict], ends: list[list[Any]], notes: list[str]) -> tuple[list[Any], dict[Any, int]]:
    """What nodes are called, and where what links say of them stands: by their ids, else by their places from 0."""
    used = [end for column in ends for end in column]
    if not nodes:
        ids = list(dict.fromkeys(used))
        names, at, _ = sorted_names(name_array(integers_or_text(ids)), name_array(integers_or_text(ids)))
        return list(range(len(ids))) if names is None else names.tolist(), dict(zip(ids, at.tolist(), strict=True))
    if all("key" in node and "id" not in node for node in nodes):
        nodes = [{**node, "id": node["key"]} for node in nodes]
    with_ids = all("id" in node for node in nodes)
    ids = [name_of(node["id"], f"node {k} needs an id") for k, node in enumerate(nodes)] if with_ids else []
    place = {id: i for i, id in enumerate(ids)}
    if len(place) < len(ids):
        twice = next(id for i, id in enumerate(ids) if place[id] != i)
        raise BadInput(f"the id {twice!r} stands twice among the nodes")
    if all(end in place for end in used):
        labelled = [{}] * len(nodes) if with_ids else nodes
        return called(ids if with_ids else range(len(nodes)), labelled, notes), place
    by_place = {i: i for i in range(len(nodes))}
    if all(type(end) is int and end in by_place for end in used):
        notes.append("links name nodes by their places, from 0")
        return called(ids or range(len(nodes)), [{}] * len(nodes) if ids else nodes, notes), by_place
    named = [node.get("name") for node in nodes]
    place = {name: i for i, name in enumerate(named)} if not ids and len({*map(str, named)}) == len(nodes) else place
    if place and all(end in place for end in used):
        return integers_or_text(named), place
    missing = next(end for end in used if end not in place)
    raise BadInput(f"a link's ends must be among the nodes; {missing!r} is not")


def _plain(thing: Any, what: str) -> dict[str, Any]:
    if isinstance(thing, dict):
        thing = thing["data"] if isinstance(thing.get("data"), dict) else thing
        inner = thing.get("attributes")
        return {**inner, **thing} if isinstance(inner, dict) else thing
    raise BadInput(f"a {what} must be an object; got {json.dumps(thing)[:60]}")
