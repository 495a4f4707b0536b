"""The links of each module, between its children: a link counts in the deepest module that holds both its ends."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int

from minent.community.tree.description import Description
from minent.errors import BadInput


def module_links(tree: Description) -> tuple[Int[np.ndarray, "links 3"], Float[np.ndarray, " links"]]:
    """(owner module, source child, target child) and the flow between them, children counted from 1 as in the paths.

    Sorted by owner, source, target. Undirected: each pair once (source < target), with the flow of both directions.
    Self-links count nowhere. Raises BadInput where the tree knows no flow.
    """
    if tree.flow is None:
        raise BadInput("link flows are known to a tree that was found or evaluated; this one was read from a file")
    network = tree.flow.network
    source = np.repeat(np.arange(len(tree.module)), np.diff(network.indptr))
    target, flow = network.indices, np.broadcast_to(tree.flow.link, len(source))
    rows, flows = [np.zeros((0, 3), int)], [np.zeros(0)]
    for depth in range(tree.depth + 1):
        owner, below = tree.ancestors(depth)[tree.module], tree.ancestors(depth + 1)[tree.module]
        child = np.where(owner == below, tree.node_rank, tree.rank[below])
        apart = child[source] != child[target]
        rows.append(np.stack([owner[source[apart]], child[source[apart]], child[target[apart]]], axis=1))
        flows.append(flow[apart])
        source, target, flow = source[~apart], target[~apart], flow[~apart]
    row, flow = np.concatenate(rows), np.concatenate(flows)
    if not network.directed:
        row[:, 1:].sort(axis=1)
    order = np.lexsort(row.T[::-1])
    row, flow = row[order], flow[order]
    first = np.flatnonzero(np.r_[True, (row[1:] != row[:-1]).any(axis=1)][: len(row)])
    return row[first], np.add.reduceat(flow, first) if len(first) else flow


def link_lines(tree: Description) -> Iterator[str]:
    """The lines of an .ftree that say what flows over the links of each module."""
    row, flow = module_links(tree)
    directed = tree.flow is not None and tree.flow.network.directed
    yield f"*Links {'directed' if directed else 'undirected'}\n#*Links path enterFlow exitFlow numEdges numChildren\n"
    bounds = np.searchsorted(row[:, 0], np.arange(len(tree.parent) + 1)).tolist()
    children = np.bincount(np.r_[tree.parent[1:], tree.module], minlength=len(tree.parent)).tolist()
    links = list(zip(row[:, 1].tolist(), row[:, 2].tolist(), flow.tolist(), strict=True))
    for m in tree.depth_first.tolist():
        enter, leave = (float(tree.enter[m]), float(tree.exit[m])) if m else (0, 0)
        yield f"*Links {tree.paths[m] or 'root'} {enter!r} {leave!r} {bounds[m + 1] - bounds[m]} {children[m]}\n"
        for source, target, rate in links[bounds[m] : bounds[m + 1]]:
            yield f"{source} {target} {rate!r}\n"
