"""A walk is described by one codebook a module, naming what is inside it and leaving it, at Shannon's price.

With plogp(x) = x log₂ x, over all modules m, the root with its index codebook among them (nothing leaves the root):
    L = Σ_m [plogp(q↶_m + Σ_{i in m} x_i) − plogp(q↶_m) − Σ_{i in m} plogp(x_i)]
where q↶_m is the exit rate and x_i the visit rate of a node, or enter rate of a module, that is directly in m
(Rosvall & Bergstrom 2008, 2011).
"""

import numpy as np
from jaxtyping import Float, Int

from minent.community.tree.canonical import depths, levels
from minent.community.walk.flow import Flow
from minent.entropy import sum_plogp
from minent.kernels import kernel, read_only, runner

Rates = tuple[Float[np.ndarray, " modules"], Float[np.ndarray, " modules"], Float[np.ndarray, " modules"]]


def codelength_parts(
    flow: Flow, parent: Int[np.ndarray, " modules"], module: Int[np.ndarray, " nodes"], rates: Rates | None = None
) -> tuple[float, float]:
    """Bits per step for the root's codebook (the index) and for all others; the codelength is their sum.

    `parent` (modules,) is -1 for module 0, the root, and parent[m] < m; `module` (nodes,) is each node's leaf module;
    `rates` is their `module_flow`, where it is known already.

    >>> from minent.community.walk.models import flow_of
    >>> from minent.data import Graph
    >>> flow = flow_of(Graph.from_links([0, 1, 2, 3, 4, 5, 2], [1, 2, 0, 4, 5, 3, 3]))
    >>> codelength_parts(flow, np.array([-1, 0, 0]), np.array([1, 1, 1, 2, 2, 2]))
    (0.142857..., 2.177...)
    """
    _, enter, exit = rates or module_flow(flow, parent, module)
    children = np.bincount(parent[1:], enter[1:], minlength=len(parent))
    use = exit + children + np.bincount(module, flow.visit, minlength=len(parent))
    top = enter[1:][parent[1:] == 0]
    index = sum_plogp(use[:1]) - sum_plogp(top)
    below = enter[1:][parent[1:] > 0]
    plain = sum_plogp(use[1:]) - sum_plogp(exit) - sum_plogp(below)
    if (words := flow.words) is None:
        return index, plain - sum_plogp(flow.visit)
    said = float(words.merged(module, len(parent)).costs().sum()) - (0.0 if words.shared else sum_plogp(flow.visit))
    more = len(flow.visit) + len(parent) - 1 - len(top) if len(top) > 1 else len(flow.visit) - 1
    wrong = abs(_gathered(flow, parent, module) - words.preferred) if words.preferred >= 0 else 0
    return index + words.price * max(len(top) - 1, 0), plain + said + words.price * more + wrong


def _gathered(flow: Flow, parent: Int[np.ndarray, " modules"], module: Int[np.ndarray, " nodes"]) -> int:
    """The number of top modules, where each lone node counts as one wherever it is."""
    top = np.arange(len(parent))
    while (deeper := parent[top] > 0).any():
        top[deeper] = parent[top[deeper]]
    return len(np.unique(top[module[~flow.lone]])) + int(flow.lone.sum())


def one_level_codelength(flow: Flow) -> float:
    """Bits per step without modules: the entropy of the visit rates."""
    whole = sum_plogp(flow.visit.sum(keepdims=True))
    if (words := flow.words) is None:
        return whole - sum_plogp(flow.visit)
    nodes = np.zeros(len(flow.visit), np.int32)
    said = float(words.merged(nodes, 1).costs().sum()) - (0.0 if words.shared else sum_plogp(flow.visit))
    wrong = abs(_gathered(flow, np.array([-1, 0]), nodes + 1) - words.preferred) if words.preferred >= 0 else 0
    return whole + said + words.price * (len(nodes) - 1) + wrong


def module_flow(flow: Flow, parent: Int[np.ndarray, " modules"], module: Int[np.ndarray, " nodes"]) -> Rates:
    """The rates per step of visiting, entering and leaving each module of a tree, recorded teleportation included."""
    modules, depth = len(parent), depths(parent)

    def inside(rate: np.ndarray) -> np.ndarray:
        total = np.zeros(modules) + np.bincount(module, rate, minlength=modules)
        for level in levels(depth)[:0:-1]:
            total += np.bincount(parent[level], total[level], minlength=modules)
        return total

    network = flow.network
    amount, pace = (read_only(np.atleast_1d(np.asarray(one, float))) for one in (flow.amount, flow.pace))
    run, one, other = runner(len(network.indices) // 4), read_only(parent), read_only(module)
    exit, enter = np.zeros(modules), np.zeros(modules)
    run(crossed)(network.indptr, network.indices, amount, pace, one, other, exit, enter)
    if flow.reversible:
        enter = exit.copy()  # to the last digit
    if flow.teleport_from is not None and flow.teleport_to is not None:
        away, landing = inside(flow.teleport_from), inside(flow.teleport_to)
        exit += away * np.maximum(1 - landing, 0)
        enter += np.maximum(away[0] - away, 0) * landing
        exit[0] = enter[0] = 0
    return inside(flow.visit), enter, exit


@kernel
def crossed(indptr, indices, amount, pace, parent, module, exit, enter):
    """Adds the flow over the border of each module of a tree, outwards and inwards. As parent[m] < m, of two modules
    the one with the larger number does not hold the other, so climbing from there leads to the smallest module that
    holds both."""
    uniform, even = amount.shape[0] == 1, pace.shape[0] == 1
    for i in range(indptr.shape[0] - 1):
        for k in range(indptr[i], indptr[i + 1]):
            a, b = module[i], module[indices[k]]
            flow = (amount[0] if uniform else amount[k]) * (pace[0] if even else pace[i])
            while a != b:
                if a > b:
                    exit[a] += flow
                    a = parent[a]
                else:
                    enter[b] += flow
                    b = parent[b]
