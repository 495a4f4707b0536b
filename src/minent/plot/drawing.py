"""What a map of a network draws: where modules and nodes lie and how large, and what stands beside them, as arrays."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Complex, Float, Int

from minent.data.networks.graph import Graph
from minent.data.networks.states import States
from minent.plot.highlights import hues, strongest_of_each, top_nodes
from minent.plot.modules import Modules
from minent.plot.sunflower import FILLED, RIM, sunflower
from minent.plot.territories import Links, Territories, ancestors, territories

SMALLEST = 0.15  # of a mean node's area: what a node without flow is drawn with
LINKS = 1_000_000


class Ordered(NamedTuple):
    """Modules depth-first, nodes by module and falling flow: module m holds those from its first to first + size."""

    modules: Int[np.ndarray, " modules"]  # their numbers in the tree
    nodes: Int[np.ndarray, " nodes"]  # and in the network
    parent: Int[np.ndarray, " modules"]
    module: Int[np.ndarray, " nodes"]
    visit: Float[np.ndarray, " nodes"]
    area: Float[np.ndarray, " nodes"]
    links: Links  # as the network has them, without self-links


def drawing(
    graph: Graph, tree: Modules, called: Sequence[Sequence[str]] | None = None
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The facts a map states, and its arrays by name, modules and nodes as `Ordered`; the root is the unit disc around
    0, and of the links between siblings (roads) there are each module's strongest."""
    put = ordered(graph, tree)
    both = _both_ways(put.links) if graph.directed else put.links
    lands = territories(put.parent, put.module, put.area, both)
    discs = sunflower(put.module, put.area, both, lands)
    return facts(graph, tree, put, lands), arrays(graph, tree, put, lands, discs, called)


def ordered(graph: Graph, tree: Modules) -> Ordered:
    """A network and its modules in the order in which a map has them."""
    nodes, modules = graph.number_of_nodes, np.lexsort(ancestors(tree.parent).T[::-1])
    number = _places(modules)
    module = number[tree.module]
    order = np.lexsort((-np.round(tree.visit, 12), module))
    place = _places(order)
    rows = np.repeat(np.arange(nodes), np.diff(graph.indptr))
    weight = np.ones(len(rows)) if graph.weights is None else graph.weights
    flow = tree.visit[rows] * weight / np.bincount(rows, weight, nodes)[rows]
    source, target = place[rows], place[graph.indices]
    other = source != target
    links = Links(source[other], target[other], flow[other])
    area = np.maximum(tree.visit[order], SMALLEST / max(nodes, 1))
    parent = np.append(-1, number[tree.parent[modules[1:]]])
    return Ordered(modules, order, parent, module[order], tree.visit[order], area, links)


def facts(graph: Graph, tree: Modules, put: Ordered, lands: Territories) -> dict[str, Any]:
    """What a map says in words."""
    return {
        "nodes": graph.number_of_nodes,
        "links": graph.number_of_links,
        "modules": len(np.unique(put.module)),
        "directed": graph.directed,
        "levels": ancestors(put.parent).shape[1] - 1,
        "codelength": _finite(tree.codelength),
        "oneLevel": _finite(tree.one_level_codelength),
        "filled": FILLED * RIM**2,
        "areaOfFlow": lands.area.tolist(),
    }


def arrays(
    graph: Graph,
    tree: Modules,
    put: Ordered,
    lands: Territories,
    discs: tuple[Complex[np.ndarray, " nodes"], Float[np.ndarray, " nodes"]],
    called: Sequence[Sequence[str]] | None,
) -> dict[str, np.ndarray]:
    """What a map draws; `discs` are centre and radius of each node."""
    parent, line = put.parent, ancestors(put.parent)
    below = np.bincount(put.module, minlength=len(parent))
    for m in range(len(parent) - 1, 0, -1):
        below[parent[m]] += below[m]
    own = None if isinstance(graph, States) else graph.names
    names = tree.called if own is None else list(map(str, own.tolist()))
    strongest = strongest_of_each(lands.links, len(parent))
    drawn = {
        "parent": parent,
        "size": below,
        "moduleFlow": tree.module_visit[put.modules],
        "enter": tree.enter[put.modules], "exit": tree.exit[put.modules],
        "moduleX": np.real(lands.centre), "moduleY": np.imag(lands.centre), "moduleRadius": lands.radius,
        "hue": hues(lands, parent)[line[:, min(1, line.shape[1] - 1)]],
        "top": top_nodes(line, put.module, put.visit).ravel(),
        "nodeModule": put.module,
        "nodeFlow": put.visit, "nodeX": np.real(discs[0]), "nodeY": np.imag(discs[0]), "nodeRadius": discs[1],
        "roadFrom": strongest.source, "roadTo": strongest.target, "roadFlow": strongest.flow,
        **_compressed_rows(put.links if graph.directed else _once(put.links), graph.number_of_nodes),
        "names": _letters([names[i] for i in put.nodes.tolist()]),
        "called": _letters([] if called is None else [list(called[m]) for m in put.modules.tolist()]),
    }  # fmt: skip
    narrow = {"i": np.int32, "f": np.float32}
    return {name: np.ascontiguousarray(a, narrow.get(a.dtype.kind, a.dtype)) for name, a in drawn.items()}


def _places(order: Int[np.ndarray, " _"]) -> Int[np.ndarray, " _"]:
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place


def _both_ways(links: Links) -> Links:
    ends = np.append(links.source, links.target), np.append(links.target, links.source)
    return Links(*ends, np.tile(links.flow, 2))


def _once(links: Links) -> Links:
    forth = links.source < links.target
    return Links(links.source[forth], links.target[forth], links.flow[forth])


def _letters(content: list[Any]) -> np.ndarray:
    return np.frombuffer(json.dumps(content).encode(), np.uint8)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _compressed_rows(links: Links, nodes: int) -> dict[str, np.ndarray]:
    """Links by source: how many, and each target as its distance from the one before, which deflates well."""
    keep = np.argsort(-links.flow, kind="stable")[:LINKS]
    keep = keep[np.lexsort((links.target[keep], links.source[keep]))]
    target, flow = links.target[keep], links.flow[keep].astype(np.float32)
    even = len(flow) == 0 or np.ptp(flow) <= 1e-5 * flow.max()
    counts = np.bincount(links.source[keep], minlength=nodes)
    return {"linkCount": counts, "linkStep": np.diff(target, prepend=0), "linkFlow": flow[: 1 if even else None]}
