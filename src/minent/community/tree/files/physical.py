"""A tree of physical nodes: the states of a node that lie in one module stand there once, together."""

from dataclasses import fields
from typing import Any

import numpy as np
from jaxtyping import Int

from minent.community.tree.description import Description
from minent.community.walk.flow import Flow
from minent.data import Graph


def physical(tree: Description) -> Description:
    """The tree of the nodes whose states a tree of states holds: a node stands once in each of its leaf modules. It
    costs what that tree costs; what flows between states flows between their nodes."""
    if tree.states is None or tree.physical is None:
        return tree
    names = np.array(tree.node_names, object) if tree.names is None else tree.names
    pair = tree.physical.astype(np.int64) * len(tree.parent) + tree.module
    pair, first, place = np.unique(pair, return_index=True, return_inverse=True)
    told: dict[str, Any] = {field.name: getattr(tree, field.name) for field in fields(Description)}
    told |= {"module": tree.module[first], "visit": np.bincount(place, tree.visit, minlength=len(pair))}
    told |= {"names": names[first], "physical": tree.physical[first]}
    told |= {"ids": None if tree.ids is None else tree.ids[first]}
    told |= {"flow": tree.flow and _together(tree.flow, place, len(pair)), "states": None, "layers": None}
    return Description(**told)


def _together(flow: Flow, place: Int[np.ndarray, " states"], nodes: int) -> Flow:
    """The flow between nodes, where each state stands at `place` among them; none from a node to itself."""
    from scipy.sparse import coo_array

    network = flow.network
    source, target = np.repeat(place, np.diff(network.indptr)), place[network.indices]
    apart = source != target
    rate = np.broadcast_to(flow.link, len(source))[apart]
    links = coo_array((rate, (source[apart], target[apart])), (nodes, nodes)).tocsr()  # sums what is between the same
    links.sort_indices()
    visit, out, into = (np.bincount(place, rates, nodes) for rates in (flow.visit, flow.out, flow.into))
    return Flow(Graph(links.indptr, links.indices, None, network.directed), visit, out, into, links.data)
