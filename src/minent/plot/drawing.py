"""What a map of a network draws: where modules and nodes lie and how large, and what stands beside them, as arrays."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from minent.plot.sunflower import FILLED, RIM, sunflower
from minent.plot.territories import Links, Territories, ancestors, territories

if TYPE_CHECKING:
    from minent.community.tree.tree import Tree
    from minent.data import Graph

SMALLEST = 0.15  # of a mean node's area: what a node without flow is drawn with
HUES = 9
LINKS, ROADS_OF_A_MODULE, TOP_NODES = 1_000_000, 6, 3


def drawing(
    graph: "Graph", tree: "Tree", called: Sequence[Sequence[str]] | None = None
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The facts a map states, and its arrays by name; the root is the unit disc around 0.

    Modules stand depth-first (module m holds the nodes from its first to first + size), nodes by module and falling
    flow; of the links between siblings (roads), each module's strongest.
    """
    nodes, line = graph.number_of_nodes, ancestors(tree.parent)
    modules = np.lexsort(line.T[::-1])
    number = np.empty_like(modules)
    number[modules] = np.arange(len(modules))
    parent = np.append(-1, number[tree.parent[modules[1:]]])
    module = number[tree.module]
    order = np.lexsort((-np.round(tree.visit, 12), module))
    place = np.empty_like(order)
    place[order] = np.arange(nodes)
    module, visit = module[order], tree.visit[order]
    area = np.maximum(visit, SMALLEST / max(nodes, 1))

    rows = np.repeat(np.arange(nodes), np.diff(graph.indptr))
    weight = np.ones(len(rows)) if graph.weights is None else graph.weights
    flow = tree.visit[rows] * weight / np.bincount(rows, weight, nodes)[rows]
    source, target = place[rows], place[graph.indices]
    other = source != target
    both = Links(source[other], target[other], flow[other])
    if graph.directed:
        ends = np.append(both.source, both.target), np.append(both.target, both.source)
        both = Links(*ends, np.tile(both.flow, 2))
    lands = territories(parent, module, area, both)
    centre, radius = sunflower(module, area, both, lands)

    line = ancestors(parent)
    below = np.bincount(module, minlength=len(parent))
    for m in range(len(parent) - 1, 0, -1):
        below[parent[m]] += below[m]
    names = tree.names if graph.names is None else graph.names
    names = np.arange(nodes) if names is None else names
    strongest = _strongest_of_each(lands.links, len(parent))
    once = other if graph.directed else other & (source < target)
    arrays = {
        "parent": parent,
        "size": below,
        "moduleFlow": tree.module_visit[modules], "enter": tree.enter[modules], "exit": tree.exit[modules],
        "moduleX": np.real(lands.centre), "moduleY": np.imag(lands.centre), "moduleRadius": lands.radius,
        "hue": _hues(lands, parent)[line[:, min(1, line.shape[1] - 1)]],
        "top": _top_nodes(line, module, visit).ravel(),
        "nodeModule": module,
        "nodeFlow": visit, "nodeX": np.real(centre), "nodeY": np.imag(centre), "nodeRadius": radius,
        "roadFrom": strongest.source, "roadTo": strongest.target, "roadFlow": strongest.flow,
        **_compressed_rows(Links(source[once], target[once], flow[once]), nodes),
        "names": _letters([str(name) for name in names[order].tolist()]),
        "called": _letters([] if called is None else [list(called[m]) for m in modules.tolist()]),
    }  # fmt: skip
    narrow = {"i": np.int32, "f": np.float32}
    facts = {
        "nodes": nodes,
        "links": graph.number_of_links,
        "modules": len(np.unique(module)),
        "directed": graph.directed,
        "levels": line.shape[1] - 1,
        "codelength": _finite(tree.index_codelength + tree.module_codelength),
        "oneLevel": _finite(tree.one_level_codelength),
        "filled": FILLED * RIM**2,
        "areaOfFlow": float(lands.radius[module[0]] ** 2 / area[module == module[0]].sum()) if nodes else 1.0,
    }
    return facts, {name: np.ascontiguousarray(a, narrow.get(a.dtype.kind, a.dtype)) for name, a in arrays.items()}


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


def _strongest_of_each(links: Links, modules: int) -> Links:
    """Those among the `ROADS_OF_A_MODULE` strongest links of one of their ends, strongest first."""
    ends, flow = np.append(links.source, links.target), np.tile(links.flow, 2)
    order = np.lexsort((-flow, ends))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order)) - np.searchsorted(ends[order], ends[order])
    keep = np.flatnonzero((rank.reshape(2, -1) < ROADS_OF_A_MODULE).any(0))
    keep = keep[np.argsort(-links.flow[keep], kind="stable")]
    return Links(links.source[keep], links.target[keep], links.flow[keep])


def _top_nodes(
    line: Int[np.ndarray, " modules levels"], module: Int[np.ndarray, " nodes"], visit: Float[np.ndarray, " nodes"]
) -> Int[np.ndarray, " modules top"]:
    """The most visited nodes of each module, -1 where it has fewer."""
    top = np.full((len(line), TOP_NODES), -1)
    for above in line.T:
        of = above[module]
        order = np.lexsort((-visit, of))
        rank = np.arange(len(of)) - np.searchsorted(of[order], of[order])
        chosen = (rank < TOP_NODES) & (of[order] >= 0)
        top[of[order][chosen], rank[chosen]] = order[chosen]
    return top


def _hues(lands: Territories, parent: Int[np.ndarray, " modules"]) -> Int[np.ndarray, " modules"]:
    """A hue for each top module, largest first, each the one least seen around it."""
    hue = np.zeros(len(parent), int)
    tops = np.flatnonzero(parent == 0)
    tops = tops[np.argsort(-lands.radius[tops], kind="stable")]
    for rank, m in enumerate(tops):
        seen = tops[: min(rank, 2000)]
        gap = np.maximum(np.abs(lands.centre[seen] - lands.centre[m]) - lands.radius[seen], 0) / lands.radius[m]
        hue[m] = np.argmin(np.round(np.bincount(hue[seen], 1 / gap.clip(0.5) ** 3, HUES), 9))
    return hue
