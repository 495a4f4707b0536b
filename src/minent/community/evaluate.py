"""What given modules of a network cost, without a search."""

from typing import Any

from minent.community.options import PLAIN, Objective
from minent.community.tree.codelength import codelength_parts
from minent.community.tree.given import tree_of
from minent.community.tree.grow import grow
from minent.community.tree.tree import Tree
from minent.community.walk.objective import walk_of


def codelength(
    network: Any,
    modules: Any,
    *,
    directed: bool | None = None,
    flow_model: str | None = None,
    teleportation: float = 0.15,
    recorded: bool = False,
    to_nodes: bool = False,
    no_self_links: bool = False,
    weight_threshold: float = 0.0,
    objective: Objective = PLAIN,
    metadata: Any = None,
) -> float:
    """Bits per step that describe a walk on `network` with the given modules.

    `network` is anything that `minent.data.as_graph` takes. `modules` are one of these; other options are those of
    `find`; directed=None: as `flow_model` asks, or else as the network says.

    - a Tree; a path (or "-", or an open binary file) is read as `Tree.read` does
    - a label for each node (integers, strings, …) in the order of `as_graph(network).nodes`
    - labels by name: a mapping, a pandas series by its index, a table as `Tree.to_frame` makes it. A series that is
      only counted, 0, 1, 2, …, is in the order of the nodes, unless these are their names
    - sets of nodes, as networkx has communities, each node in one of them
    - a partition of igraph or networkit

    Labels that are tuples, or the rows of an array, are paths: modules in modules, the top modules first. In a network
    of states, labels by the names of its nodes are those of all their states.

    Raises BadInput where nodes and modules do not match, and as `as_graph` and `flow_of` do.

    >>> triangles = [0, 1, 2, 3, 4, 5, 2], [1, 2, 0, 4, 5, 3, 3]
    >>> round(codelength(triangles, ["a", "a", "a", "b", "b", "b"]), 4), round(codelength(triangles, [0] * 6), 4)
    (2.3207, 2.5567)
    """
    walk = {"flow_model": flow_model, "teleportation": teleportation, "recorded": recorded, "to_nodes": to_nodes}
    walk |= {"no_self_links": no_self_links, "weight_threshold": weight_threshold}
    flow = walk_of(network, directed, objective, metadata, **walk)
    parent, module = tree_of(modules, flow.network)
    return sum(codelength_parts(flow, parent, module))


def evaluate(network: Any, modules: Any, **options: Any) -> Tree:
    """The tree of given modules with its rates and codelengths, without a search; arguments as of `codelength`.

    >>> evaluate(([0, 1, 2, 3, 4, 5, 2], [1, 2, 0, 4, 5, 3, 3]), ["a", "a", "a", "b", "b", "b"])
    Tree(6 nodes, 2 modules, depth 1, codelength 2.3207 bits of 2.5567)
    """
    objective, metadata = options.pop("objective", PLAIN), options.pop("metadata", None)
    flow = walk_of(network, options.pop("directed", None), objective, metadata, **options)
    return grow(flow, *tree_of(modules, flow.network))
