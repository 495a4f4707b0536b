"""Flows and units as the slow twins want them, and partitions in a form that can be compared."""

from collections.abc import Hashable, Iterable, Mapping

import numpy as np
from naive.walk import Walk

from minent.community.search.units import Units
from minent.community.walk.flow import Flow
from minent.data.networks.graph import Graph


def network_of(links: Mapping[tuple[int, int], float]) -> Graph:
    """An undirected network with each of the links once."""
    ends = np.array(list(links))
    return Graph.from_links(ends[:, 0], ends[:, 1], np.array(list(links.values())))


def walk_of(flow: Flow) -> Walk:
    source = np.repeat(np.arange(len(flow.visit)), np.diff(flow.network.indptr)).tolist()
    rates = np.broadcast_to(flow.link, len(source)).tolist()
    links = dict(zip(zip(source, flow.network.indices.tolist(), strict=True), rates, strict=True))
    teleports = [None if rate is None else rate.tolist() for rate in (flow.teleport_from, flow.teleport_to)]
    return Walk(links, flow.visit.tolist(), *teleports)


def neighbours_of(units: Units) -> list[list[int]]:
    rows = zip(units.indptr[:-1].tolist(), units.indptr[1:].tolist(), strict=True)
    return [units.indices[begin:end].tolist() for begin, end in rows]


def parts(labels: Iterable[Hashable]) -> list[list[int]]:
    """The nodes of each module; modules in order of their first nodes.

    >>> parts(["b", "a", "b"])
    [[0, 2], [1]]
    """
    modules: dict[Hashable, list[int]] = {}
    for node, label in enumerate(labels):
        modules.setdefault(label, []).append(node)
    return list(modules.values())
