"""Whatever holds a network becomes a Graph; libraries are known by what their objects can do, and none is imported."""

import os
from typing import Any

import numpy as np

from minent.data.networks.bipartite import Bipartite
from minent.data.networks.graph import Graph
from minent.data.networks.link_tables import graph_of_table
from minent.data.networks.read import read_graph
from minent.data.networks.states import States
from minent.errors import BadInput

ACCEPTED = (
    "a path, a tuple of arrays (source, target[, weight]), a (2, links) integer array, a scipy sparse matrix, "
    "a networkx or igraph graph, or a table (pandas, polars, pyarrow)"
)


def as_graph(network: Any, directed: bool | None = None) -> Graph:
    """The Graph of anything that holds a network.

    Graph                            itself
    path, "-", open binary file      see `read_graph`
    (source, target[, weight])       a tuple of arrays, see `Graph.from_links`
    (2, links) integer array         row 0 the sources, row 1 the targets
    scipy sparse                     entry (i, j) is the weight of the link i → j
    networkx                         weights from the attribute "weight", 1 where missing; parallel links are summed
    igraph                           weights and names from the attributes "weight" and "name"
    pandas, polars, pyarrow, …       a table: columns source, target and weight by name, else the first two or three

    directed=None: as the object says (a matrix by its symmetry), else undirected. directed=False sums both directions
    of a directed network; directed=True sends every link of an undirected one both ways. Raises BadInput.

    >>> as_graph(([0, 1, 2], [1, 2, 0], [1.0, 2.0, 0.5]))
    Graph(3 nodes, 3 links, undirected, weighted)
    >>> as_graph(np.array([[0, 1], [1, 2]]), directed=True)
    Graph(3 nodes, 2 links, directed)
    """
    if isinstance(network, Graph):
        return _directed_as_told(network, directed)
    if isinstance(network, str | os.PathLike) or callable(getattr(network, "read", None)):
        return read_graph(network, directed)
    if isinstance(network, tuple):
        if len(network) not in (2, 3):
            raise BadInput(f"a tuple must be (source, target) or (source, target, weight); got {len(network)} things")
        return Graph.from_links(*network, directed=bool(directed))
    if hasattr(network, "tocoo"):
        return _of_matrix(network, directed)
    if hasattr(network, "is_directed") and hasattr(network, "adj"):
        return _of_networkx(network, directed)
    if hasattr(network, "is_directed") and hasattr(network, "get_edgelist"):
        return _of_igraph(network, directed)
    if hasattr(network, "__arrow_c_stream__"):
        return graph_of_table(_table(network), bool(directed))
    if hasattr(network, "__array__"):
        return _of_array(np.asarray(network), directed)
    raise BadInput(f"a network cannot be made of {_kind(network)}; wanted {ACCEPTED}")


def _kind(thing: Any) -> str:
    """
    >>> _kind([1]), _kind(np.float64(3))
    ('a list', 'a numpy.float64')
    """
    kind = type(thing)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__.split('.')[0]}.{kind.__name__}"
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _directed_as_told(network: Graph, directed: bool | None) -> Graph:
    if directed is None or directed == network.directed:
        return network
    if isinstance(network, States | Bipartite):
        plain = Graph(*(getattr(network, name) for name in ("indptr", "indices", "weights", "directed", "names")))
        made = _directed_as_told(plain, directed)
        if isinstance(network, States):
            return States.of(made, network.physical_nodes)
        return made if network.features is None else Bipartite.of(made, network.features)
    if directed:  # every row already holds the links of its node
        return Graph(network.indptr, network.indices, network.weights, True, network.names, network.node_weights)
    names = range(network.number_of_nodes) if network.names is None else network.names
    return Graph.from_links(*network.links(), names=names, node_weights=network.node_weights)


def _of_links(source: Any, target: Any, weight: Any, names: Any, links_directed: bool, directed: bool | None) -> Graph:
    """The network of numbered links, made as directed as told."""
    network = Graph.from_links(source, target, weight, directed=links_directed and directed is not False, names=names)
    return _directed_as_told(network, directed)


def _of_matrix(matrix: Any, directed: bool | None) -> Graph:
    if matrix.shape[0] != matrix.shape[1]:
        raise BadInput(f"a matrix of links must be square; got {matrix.shape[0]} × {matrix.shape[1]}")
    matrix = matrix.tocsr()
    symmetric = (matrix != matrix.T).nnz == 0
    entries = matrix.tocoo()
    source, target, weight = entries.row, entries.col, entries.data
    if symmetric and not directed:
        once = source <= target
        source, target, weight = source[once], target[once], weight[once]
    if (weight == 1).all():
        weight = None
    return _of_links(source, target, weight, range(matrix.shape[0]), not symmetric or bool(directed), directed)


def _of_networkx(network: Any, directed: bool | None) -> Graph:
    names = list(network.nodes)
    place = {name: i for i, name in enumerate(names)}
    links = [(place[source], place[target], weight) for source, target, weight in network.edges(data="weight")]
    source, target, weight = zip(*links, strict=True) if links else ((), (), ())
    weighted = any(w is not None for w in weight)
    weight = [1.0 if w is None else w for w in weight] if weighted else None
    return _of_links(source, target, weight, names, network.is_directed(), directed)


def _of_igraph(network: Any, directed: bool | None) -> Graph:
    links = np.array(network.get_edgelist(), np.int64).reshape(-1, 2)
    weight = network.es["weight"] if "weight" in network.es.attributes() else None
    names = network.vs["name"] if "name" in network.vs.attributes() else range(network.vcount())
    return _of_links(links[:, 0], links[:, 1], weight, names, network.is_directed(), directed)


def _table(network: Any) -> Any:
    import pyarrow as pa

    try:
        return pa.table(network)
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise BadInput(f"{_kind(network)} cannot be read as a table of links: {error}") from None


def _of_array(array: np.ndarray, directed: bool | None) -> Graph:
    if array.ndim == 2 and array.shape[0] == 2:
        return Graph.from_links(array[0], array[1], directed=bool(directed))
    hint = ""
    if array.ndim == 2 and array.shape[1] == 2:
        hint = ": transpose it"
    elif array.ndim == 2 and array.shape[0] == array.shape[1]:
        hint = ": for a matrix of link weights pass scipy.sparse.csr_array(matrix)"
    raise BadInput(f"an array of links must have shape (2, links); got {array.shape}{hint}")
