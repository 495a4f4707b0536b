"""A walker stays in its module where the node it steps to lies in it, and else is in each of that node's modules alike.

With T the steps of the walk, and M_j the modules of node j:
    P(iα → jβ) = T_ij δ_αβ  for α in M_j,    T_ij / |M_j|  else      (Esquivel & Rosvall 2011)
Nodes are visited as before whatever their modules, and with one module a node this is the walk of the map equation.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from minent.community.options import PLAIN
from minent.community.walk.flow import Flow
from minent.community.walk.objective import walk_of
from minent.data import Graph, States

LEAST, MOST = 0.1, 5  # of a node's visits come from a module it may lie in, and how many such modules there are
SETTLED, STEPS = 1e-14, 2000


class Pairs(NamedTuple):
    """Which nodes lie in which modules of a tree, sorted by node; one for each of its states."""

    node: Int[np.ndarray, " pairs"]
    module: Int[np.ndarray, " pairs"]


def shared_walk(
    flow: Flow, pairs: Pairs, member: Bool[np.ndarray, " pairs"], inside: Int[np.ndarray, " pairs"] | None = None
) -> Flow:
    """The walk among states: a walker from a module in which a node has no state enters those that are its members.
    `inside` is the module that the walker is in at each state, where it is not that of the pair."""
    from scipy.sparse import csr_array

    node, module = pairs
    network, states, count = flow.network, len(node), int(module.max()) + 1
    begin = np.searchsorted(node, np.arange(network.number_of_nodes + 1))
    number = np.diff(begin)
    source = np.repeat(np.arange(network.number_of_nodes), np.diff(network.indptr))
    target, link = network.indices.astype(np.int64), np.broadcast_to(np.asarray(flow.link, float), len(source))

    def spread(over: Int[np.ndarray, " rows"]) -> tuple[np.ndarray, np.ndarray]:
        """Rows repeated for each state of their node, and the state."""
        row = np.repeat(np.arange(len(over)), number[over])
        first = np.cumsum(number[over]) - number[over]
        return row, begin[over][row] + np.arange(len(row)) - first[row]

    row, from_ = spread(source)
    target, link = target[row], link[row]
    code, wanted = node * count + module, target * count + (module if inside is None else inside)[from_]
    to = np.minimum(np.searchsorted(code, wanted), states - 1)
    stays = code[to] == wanted
    row, into = spread(target[~stays])
    share = member / np.bincount(node, member)[node]
    ends = np.append(from_[stays], from_[~stays][row]), np.append(to[stays], into)
    amount = np.append(link[stays], link[~stays][row] * share[into])
    step = csr_array((amount, (ends[1], ends[0])), shape=(states, states))
    total = np.bincount(node, step @ share)[node]
    for _ in range(STEPS):
        after = np.divide(step @ share, total, out=share.copy(), where=total > 0)
        change, share = np.abs(after - share).max(initial=0), (share + after) / 2  # a lazy walk: it does not swing
        if change < SETTLED:
            break
    graph = Graph.from_links(*ends, amount * share[ends[0]], directed=True, names=range(states))
    rest = graph.directed, graph.names, graph.node_weights
    physical = States(graph.indptr, graph.indices, graph.weights, *rest, node.astype(np.int32), network.names)
    return walk_of(physical, True, PLAIN, None, flow_model="rawdir")


def visited_from(walk: Flow, visit: Float[np.ndarray, " nodes"], pairs: Pairs) -> Pairs:
    """The modules that nodes are visited from, in a good part of their visits."""
    source = np.repeat(np.arange(len(pairs.node)), np.diff(walk.network.indptr))
    link = np.broadcast_to(np.asarray(walk.link, float), len(source))
    count = int(pairs.module.max()) + 1
    code, place = np.unique(pairs.node[walk.network.indices] * count + pairs.module[source], return_inverse=True)
    amount, (node, module) = np.bincount(place, link), np.divmod(code, count)
    order = np.lexsort((-amount, node))
    rank = np.empty(len(order), int)
    rank[order] = np.arange(len(order)) - np.searchsorted(node[order], node[order])
    keep = (rank < MOST) & (amount >= LEAST * visit[node])
    return Pairs(node[keep], module[keep])


def distinct(node: Int[np.ndarray, " _"], module: Int[np.ndarray, " _"]) -> Pairs:
    count = int(module.max(initial=0)) + 1
    return Pairs(*np.divmod(np.unique(node.astype(np.int64) * count + module), count))
