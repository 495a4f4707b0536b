"""Graphs of other libraries, known by what they can do; no library is imported for them.

networkx    is_directed, adj           nodes are called as there
igraph      is_directed, get_edgelist  …by the attribute "name", else by numbers
networkit   isDirected, iterEdges      …by their ids
PyG         edge_index                 …by numbers
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from minent.data.networks.arrays import array_of
from minent.data.networks.libraries.attributes_of_links import NONE, weight_name, weights
from minent.data.networks.libraries.direction import Noted, graph_of_numbers
from minent.data.networks.libraries.matrices import graph_of_matrix
from minent.errors import BadInput

KNOWN = ("weight",)  # what an attribute that nobody names must be called to be a weight


def graph_of_networkx(
    network: Any, directed: bool | None, weight: str | int | None, known: Sequence[str] = KNOWN, names: Any = None
) -> Noted:
    """The network of a graph of networkx, and notes; `names` in place of those of its nodes. Raises BadInput."""
    nodes, notes = list(network.nodes), []
    place = {name: i for i, name in enumerate(nodes)}
    links = list(network.edges(data=True))
    source, target = ([place[link[end]] for link in links] for end in (0, 1))
    attributes = list(dict.fromkeys(name for _, _, data in links for name in data))
    name = weight_name(attributes, weight, known, notes)
    weighed = None if name is None else weights([data.get(name) for _, _, data in links], notes)
    names = nodes if names is None else names
    network, told = graph_of_numbers(source, target, weighed, names, network.is_directed(), directed)
    return network, notes + told


def graph_of_igraph(network: Any, directed: bool | None, weight: str | int | None) -> Noted:
    links, notes = np.array(network.get_edgelist(), np.int64).reshape(-1, 2), []
    name = weight_name(network.es.attributes(), weight, KNOWN, notes)
    weighed = None if name is None else weights(network.es[name], notes)
    names: Any = range(network.vcount())
    if "name" in network.vs.attributes():
        called = network.vs["name"]
        if len(set(called)) == len(called):
            names = called
        else:
            notes.append("nodes are called by their numbers, for their names repeat")
    network, told = graph_of_numbers(links[:, 0], links[:, 1], weighed, names, network.is_directed(), directed)
    return network, notes + told


def graph_of_networkit(network: Any, directed: bool | None, weight: str | int | None) -> Noted:
    if weight not in (None, NONE, "weight"):
        raise BadInput(f"links of a networkit graph have one weight each or none, without a name; got {weight!r}")
    nodes = list(network.iterNodes())  # ids have gaps where nodes were removed
    weighed = network.isWeighted() and weight != NONE
    if weight == "weight" and not weighed:
        raise BadInput("this networkit graph has no weights")
    links = np.array(list(network.iterEdgesWeights() if weighed else network.iterEdges()), float)
    links = links.reshape(-1, 3 if weighed else 2)
    place = np.full(max(nodes, default=-1) + 1, -1)
    place[nodes] = np.arange(len(nodes))
    source, target = (place[links[:, end].astype(np.int64)] for end in (0, 1))
    return graph_of_numbers(source, target, links[:, 2] if weighed else None, nodes, network.isDirected(), directed)


def graph_of_pyg(data: Any, directed: bool | None, weight: str | int | None) -> Noted:
    """The network of a Data object of PyG, whose links have a direction unless each goes both ways."""
    notes: list[str] = []
    keys = list(map(str, data.keys()))
    there = [name for name in keys if name.startswith("edge_") and name not in ("edge_index", "edge_label_index")]
    name = weight_name(there, "edge_weight" if weight is None and "edge_weight" in there else weight, (), notes)
    weighed = None if name is None else array_of(data[name])
    if weighed is not None and weighed.ndim == 2 and weighed.shape[1] == 1:
        weighed = weighed[:, 0]
    network, told = graph_of_edge_index(data.edge_index, directed, weighed, data.num_nodes)
    return network, notes + told


def graph_of_edge_index(edge_index: Any, directed: bool | None, weight: Any = None, nodes: Any = None) -> Noted:
    """The network of a (2, links) tensor of integers; links have a direction unless each goes both ways."""
    from scipy.sparse import coo_array

    ends = array_of(edge_index)
    if ends.ndim != 2 or ends.shape[0] != 2 or ends.dtype.kind not in "iu":
        raise BadInput(f"an edge_index is integers of shape (2, links); got {ends.dtype} of shape {ends.shape}")
    if ends.min(initial=0) < 0:
        raise BadInput(f"node numbers must not be negative; got {ends.min()}")
    nodes = max(int(ends.max(initial=-1)) + 1, nodes or 0)
    weight = np.ones(ends.shape[1]) if weight is None else weight
    if weight.shape != ends.shape[1:]:
        raise BadInput(f"link weights must be one for each of the {ends.shape[1]} links; got shape {weight.shape}")
    matrix = coo_array((weight, (ends[0], ends[1])), shape=(nodes, nodes))
    network, notes = graph_of_matrix(matrix, directed)
    pairs = len(np.unique(ends[0].astype(np.int64) * nodes + ends[1]))
    if pairs < ends.shape[1]:
        notes.append(f"parallel links are summed: {ends.shape[1]} make {pairs}")
    return network, notes
