"""The tree that a partition of a walk's nodes makes: canonical, with its rates and what it costs."""

import numpy as np
from jaxtyping import Int

from minent.community.tree.canonical import canonical
from minent.community.tree.codelength import codelength_parts, module_flow, one_level_codelength
from minent.community.tree.tree import Tree
from minent.community.walk.flow import Flow
from minent.data.networks.states import States


def grow(flow: Flow, parent: Int[np.ndarray, " modules"], module: Int[np.ndarray, " nodes"]) -> Tree:
    """The canonical tree of a partition given as two arrays (see `canonical`), with its flows and codelengths.

    >>> from minent.community.walk.models import flow_of
    >>> from minent.data.networks.graph import Graph
    >>> two_triangles = Graph.from_links([0, 1, 2, 3, 4, 5, 2], [1, 2, 0, 4, 5, 3, 3])
    >>> tree = grow(flow_of(two_triangles), np.array([-1, 0, 0]), np.array([2, 2, 2, 1, 1, 1]))
    >>> tree
    Tree(6 nodes, 2 modules, depth 1, codelength 2.3207 bits of 2.5567)
    >>> tree.labels.tolist(), tree.paths
    ([0, 0, 0, 1, 1, 1], ['', '1', '2'])
    >>> [(module.path, module.size, module.top) for module in tree.modules(top=1)]
    [('1', 3, (2,)), ('2', 3, (3,))]
    """
    parent, module = canonical(parent, module, flow.visit)
    if len(module):
        inside, enter, leave = rates = module_flow(flow, parent, module)
        index, modules = codelength_parts(flow, parent, module, rates)
    else:
        inside, enter, leave = np.zeros((3, 1))
        index = modules = 0.0
    one_level = one_level_codelength(flow) if len(module) else 0.0
    told = parent, module, flow.visit, inside, enter, leave, index, modules, one_level
    network = flow.network
    if not isinstance(network, States) or network.physical is None:
        return Tree(*told, network.names, flow)
    names = None if network.physical_names is None else network.physical_nodes
    return Tree(*told, names, flow, network.state_names, network.physical, network.layers, network.node_ids)
