"""Whatever holds a network becomes a Graph; libraries are known by what their objects can do, and none is imported."""

import os
from dataclasses import replace
from typing import Any

from minent.data.networks.choices import Choices
from minent.data.networks.graph import Graph
from minent.data.networks.libraries.attributes_of_links import NONE
from minent.data.networks.libraries.direction import Noted, as_told
from minent.data.networks.libraries.edge_lists import graph_of_array, graph_of_list
from minent.data.networks.libraries.frames import graph_of_frame
from minent.data.networks.libraries.libraries import (
    graph_of_igraph,
    graph_of_networkit,
    graph_of_networkx,
    graph_of_pyg,
)
from minent.data.networks.libraries.matrices import graph_of_matrix
from minent.data.networks.plan import Plan
from minent.data.networks.read import BY_NAME, read_graph
from minent.errors import BadInput
from minent.kernels import log

ACCEPTED = (
    "a path, a tuple of arrays (source, target[, weight]), a list of links (u, v[, weight]), a (2, links) integer "
    "array, a square matrix (numpy, scipy sparse, torch), a graph of networkx, igraph, networkit or PyG, an AnnData "
    "with neighbours, or a table (pandas, polars, pyarrow)"
)


def as_graph(network: Any, directed: bool | None = None, *, weight: str | int | None = BY_NAME, **said: Any) -> Graph:
    """The Graph of anything that holds a network.

    Graph                            itself
    path, "-", open binary file      see `read_graph`
    [(u, v), (u, v, weight), …]      a list of links between names, in tuples; the third may be a dict of attributes
    (source, target[, weight])       a tuple of arrays, see `Graph.from_links`
    (2, links) integer array         row 0 the sources, row 1 the targets
    square matrix                    entry (i, j) is the weight of the link i → j: numpy, scipy sparse, torch (sparse or
                                     dense); pandas where rows and columns are called alike
    networkx, igraph, networkit      weights from the attribute "weight", 1 where missing; parallel links are summed;
                                     igraph's names from the attribute "name"
    PyG Data, integer (2, links) tensor   weights from edge_weight; a direction unless every link goes both ways
    AnnData                          its neighbours, obsp["connectivities"], between cells called by obs_names
    pandas, polars, pyarrow, …       a table: columns source, target and weight by name, else the first two or three;
                                     a pandas series with an index of two levels

    weight         the attribute, column or key of obsp that is the weight of links; None: links have no weights
    said           source, target, layer (and relax_limit, …) of tables, and for files what else `read_graph` takes
    directed=None  as the object says (a matrix by its symmetry, but for rounding, when the mean of both directions is
                   taken), else undirected. directed=False sums both directions of a directed network; directed=True
                   sends every link of an undirected one both ways.

    What was summed, or decided, stands in `Graph.plan.notes`, and is logged at level INFO (the logger "minent"). Raises
    BadInput.

    >>> as_graph([("a", "b"), ("b", "c", 2.5)]).links()[2].tolist()
    [1.0, 2.5]
    >>> import numpy as np
    >>> as_graph(np.array([[0, 1, 2], [1, 2, 3]]), directed=True)
    Graph(4 nodes, 3 links, directed)
    """
    called = None if weight == BY_NAME else NONE if weight is None else weight
    found, notes = graph_of_object(network, directed, called, **said)
    for note in notes:
        log.info("%s", note)
    if found is network:
        return found
    ids = "integers" if found.names is None or found.names.dtype.kind == "i" else "text"
    plan = found.plan or Plan(_kind(network), "object", ids=ids)
    return replace(found, plan=replace(plan, notes=(*plan.notes, *notes)))


def ordinary(network: Any, of: str) -> Graph:
    """As `as_graph`, of what has neither states nor features; `of` says in the error what those are nodes for."""
    network = as_graph(network)
    if type(network) is not Graph:
        raise BadInput(f"{of} of an ordinary network; got {network!r}")
    return network


def graph_of_object(network: Any, directed: bool | None, weight: str | int | None, **said: Any) -> Noted:
    """As `as_graph`, and notes; `weight` is "none" for no weights, and None for those that names tell."""
    if weight not in (None, NONE) and isinstance(network, Graph | tuple):
        raise BadInput(f"{_kind(network)} has no attributes of links; got weight={weight!r}")
    if isinstance(network, Graph):
        return as_told(replace(network, weights=None) if weight == NONE else network, directed), []
    if isinstance(network, str | os.PathLike) or callable(getattr(network, "read", None)):
        return read_graph(network, directed, weight=weight or BY_NAME, **said), []
    if hasattr(network, "__arrow_c_stream__"):
        relaxed = {name: said.pop(name) for name in [*said] if name.startswith("relax_")}
        return graph_of_frame(network, directed, Choices(weight=weight, **said), _kind(network), **relaxed)
    if said:
        raise BadInput(f"{', '.join(said)} may be said of files and tables; got {_kind(network)}")
    if isinstance(network, tuple):
        if len(network) not in (2, 3):
            raise BadInput(f"a tuple must be (source, target) or (source, target, weight); got {len(network)} things")
        return Graph.from_links(*network[: 2 if weight == NONE else 3], directed=bool(directed)), []
    if isinstance(network, list):
        return graph_of_list(network, directed, weight)
    if hasattr(network, "obsp") and hasattr(network, "obs_names"):
        return _of_cells(network, directed, weight)
    if hasattr(network, "is_directed") and hasattr(network, "adj"):
        return graph_of_networkx(network, directed, weight)
    if hasattr(network, "is_directed") and hasattr(network, "get_edgelist"):
        return graph_of_igraph(network, directed, weight)
    if hasattr(network, "isDirected") and hasattr(network, "iterEdges"):
        return graph_of_networkit(network, directed, weight)
    if hasattr(network, "edge_index") and hasattr(network, "num_nodes"):
        return graph_of_pyg(network, directed, weight)
    if any(hasattr(network, name) for name in ("tocoo", "to_sparse_coo", "__array__")):
        found, notes = graph_of_array(network, directed)
        return graph_of_object(found, None, weight)[0], notes
    raise BadInput(f"a network cannot be made of {_kind(network)}; wanted {ACCEPTED}")


def _kind(thing: Any) -> str:
    """
    >>> _kind([1]), _kind(ACCEPTED)
    ('a list', 'a str')
    """
    kind = type(thing)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__.split('.')[0]}.{kind.__name__}"
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _of_cells(data: Any, directed: bool | None, weight: str | int | None) -> Noted:
    """The neighbour graph of an AnnData."""
    key = "connectivities" if weight in (None, NONE) else weight
    if key not in data.obsp:
        there = f"; obsp has {', '.join(map(repr, data.obsp))}" if len(data.obsp) else ""
        raise BadInput(f"there is no obsp[{key!r}]: run scanpy.pp.neighbors(adata) first{there}")
    names = list(data.obs_names)
    if len(set(names)) < len(names):
        raise BadInput("cells must have names that differ: adata.obs_names_make_unique()")
    network, notes = graph_of_matrix(data.obsp[key], directed, names)
    return graph_of_object(network, None, NONE if weight == NONE else None)[0], notes
