"""What links and nodes weigh: links as a matrix, or of both directions together; nodes as shares of the whole."""

from typing import Any

import numpy as np

from minent.data.networks.folders.folder import Stored
from minent.data.networks.folders.matrix import Matrix
from minent.data.networks.graph import Graph
from minent.errors import BadInput


def weight_matrix(network: Graph) -> Any:
    """The `link_weights` as a sparse matrix (nodes, nodes), ones where there are none; on disk where the rows are."""
    from scipy.sparse import csr_array

    weights = link_weights(network.weights)
    if isinstance(network, Stored):
        rows = network.indptr, network.indices, weights
        back = rows if network.back is None else (*network.back[:2], link_weights(network.back[2]))
        return Matrix(rows, back)
    entries = np.ones(len(network.indices)) if weights is None else weights
    return csr_array((entries, network.indices, network.indptr), shape=(network.number_of_nodes,) * 2)


def link_weights(weights: np.ndarray | None) -> np.ndarray | None:
    """Weights of links; the heaviest becomes 1 where sums could overflow, or their inverses."""
    if weights is None or not len(weights) or 1e-200 < weights.max() < 1e200:
        return weights
    return weights / weights.max()


def without_direction(network: Graph) -> Graph:
    """The network with the weights of both directions added up."""
    from scipy.sparse import diags_array

    matrix = weight_matrix(network)
    matrix = (matrix + matrix.T - diags_array(matrix.diagonal())).tocsr()
    matrix.sort_indices()
    weights = None if (matrix.data == 1).all() else matrix.data
    return Graph(matrix.indptr, matrix.indices, weights, False, network.names, network.node_weights)


def node_shares(network: Graph) -> np.ndarray:
    """The weight of each node divided by their sum; all alike where nodes have none."""
    if network.node_weights is None:
        return shares(np.ones(network.number_of_nodes))
    if network.number_of_nodes and not network.node_weights.any():
        raise BadInput("node weights must not all be zero: the walk has no node to land on")
    return shares(network.node_weights)


def shares(amounts: np.ndarray) -> np.ndarray:
    """Amounts divided by their sum; zeros where that is none."""
    total = amounts.sum()
    return amounts / total if total > 0 else np.zeros(len(amounts))
