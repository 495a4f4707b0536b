"""What stands out of a map: the strongest roads between modules, their most visited nodes, and hues."""

import numpy as np
from jaxtyping import Float, Int

from minent.plot.territories import Links, Territories

HUES = 9
ROADS_OF_A_MODULE, TOP_NODES = 6, 3


def strongest_of_each(links: Links, modules: int) -> Links:
    """Those among the `ROADS_OF_A_MODULE` strongest links of one of their ends, strongest first."""
    ends, flow = np.append(links.source, links.target), np.tile(links.flow, 2)
    order = np.lexsort((-flow, ends))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order)) - np.searchsorted(ends[order], ends[order])
    keep = np.flatnonzero((rank.reshape(2, -1) < ROADS_OF_A_MODULE).any(0))
    keep = keep[np.argsort(-links.flow[keep], kind="stable")]
    return Links(links.source[keep], links.target[keep], links.flow[keep])


def top_nodes(
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


def hues(lands: Territories, parent: Int[np.ndarray, " modules"]) -> Int[np.ndarray, " modules"]:
    """A hue for each top module, largest first, each the one least seen around it."""
    hue = np.zeros(len(parent), int)
    tops = np.flatnonzero(parent == 0)
    tops = tops[np.argsort(-lands.radius[tops], kind="stable")]
    for rank, m in enumerate(tops):
        seen = tops[: min(rank, 2000)]
        gap = np.maximum(np.abs(lands.centre[seen] - lands.centre[m]) - lands.radius[seen], 0) / lands.radius[m]
        hue[m] = np.argmin(np.round(np.bincount(hue[seen], 1 / gap.clip(0.5) ** 3, HUES), 9))
    return hue
