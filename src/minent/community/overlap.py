"""A node may lie in several modules where that shortens the description of the walk (Esquivel & Rosvall 2011).

Each node is split into states, one for each module that the walker comes from, which are searched as any states are:
states of a node that end in one module are one membership. What that costs is then told by the walk of `membership`.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Int

from minent.community.options import PLAIN, Objective, Options
from minent.community.search.merging import merge
from minent.community.search.search import Search
from minent.community.search.two_level import fine_tuned
from minent.community.search.units import units_of
from minent.community.tree.grow import grow
from minent.community.tree.tree import Tree
from minent.community.trials import grown, searched, shortest
from minent.community.walk.flow import Flow
from minent.community.walk.membership import Pairs, distinct, shared_walk, visited_from
from minent.data import Bipartite, States
from minent.errors import BadInput
from minent.kernels import runner

ROUNDS = 10
UNSEEN = 1e-9  # of a node's visits, where the walker never comes to a state again
FINER = 0.5  # Markov time at which modules are smaller


def shared(tree: Tree, options: Options) -> Tree:
    """A tree of states, of which a node has one for each module it lies in, that costs less than the given tree; which
    is returned where there is none. Unless `effort` is "fast", smaller modules are begun from too, which may pay once
    they overlap."""
    flow = tree.flow
    if flow is None or not len(flow.network.indices):
        return tree
    plain = {"overlapping": False, "no_self_links": False, "weight_threshold": 0.0}
    options = replace(options, trials=1, **plain)
    found = [tree, _in_rounds(flow, tree, options, merging=True)]
    if options.effort != "fast":
        _, _, searches = searched(flow.network, options, None, Objective(markov_time=FINER), None, None)
        finer = grow(flow, *next(searches)[1:])
        found += [_in_rounds(flow, finer, options, merging) for merging in (True, False)]
    return min(found, key=lambda one: one.codelength)


def check_shareable(flow: Flow, options: Options, plain: bool) -> None:
    """Raises BadInput for a walk whose nodes cannot be split into states."""
    if isinstance(flow.network, States | Bipartite):
        raise BadInput(f"nodes that modules share are those of an ordinary network; got {flow.network!r}")
    if not plain or options.recorded or options.flow_model == "precomputed":
        said = "with another objective, metadata, recorded teleportation or precomputed flow"
        raise BadInput(f"modules overlap where a plain walk along links is described; not {said}")


def _in_rounds(flow: Flow, tree: Tree, options: Options, merging: bool) -> Tree:
    """Nodes are shared between modules, and those searched again, while that shortens the description; where modules
    are not `merging`, single states move first, as merging may pay only until modules overlap."""
    pairs, best = Pairs(np.arange(len(tree.module)), tree.module.astype(np.int64)), tree
    for _ in range(ROUNDS):
        states, node, start = _split(flow, best, pairs)
        found = _searched(states, start, options) if merging else _moved(states, start, options.seed)
        pairs = distinct(node, found.module)
        states = shared_walk(flow, pairs, np.ones(len(pairs.node), bool))
        seen = states.visit > UNSEEN * flow.visit[pairs.node]
        if (never := ~seen & (np.bincount(pairs.node, seen)[pairs.node] > 0)).any():
            pairs = Pairs(pairs.node[~never], pairs.module[~never])
            states = shared_walk(flow, pairs, np.ones(len(pairs.node), bool))
        found = grow(states, found.parent, pairs.module.astype(np.int32))
        if merging and found.codelength > best.codelength - 1e-10:
            break
        merging = True
        pairs, best = Pairs(pairs.node, found.module.astype(np.int64)), found
    return best


def _searched(states: Flow, start: Tree, options: Options) -> Tree:
    """The modules of states, from given ones."""
    options = replace(options, flow_model="rawdir", teleportation=Options.teleportation, to_nodes=False)
    _, given, searches = searched(states.network, options, True, PLAIN, None, start)
    return grown(states, shortest(searches), given)


def _moved(states: Flow, start: Tree, seed: int) -> Tree:
    """The modules that single states move to; none merge."""
    nodes, run = units_of(states), runner(2 * len(states.network.indices))
    search, label = Search(np.random.default_rng([seed, 0]), run), start.labels.astype(np.int32)
    label = fine_tuned(search, nodes, label, merge(nodes, label, int(label.max()) + 1, run))
    return grow(states, np.array([-1] + [0] * (int(label.max()) + 1), np.int32), label + np.int32(1))


def _split(flow: Flow, tree: Tree, pairs: Pairs) -> tuple[Flow, Int[np.ndarray, " states"], Tree]:
    """States for each module that a node lies in or is often visited from; their nodes; and modules to begin from."""
    more = visited_from(tree.flow or flow, flow.visit, pairs)
    both = distinct(np.append(pairs.node, more.node), np.append(pairs.module, more.module))
    count = int(both.module.max()) + 1
    member = np.isin(both.node * count + both.module, pairs.node * count + pairs.module)
    order = np.lexsort((-tree.visit, pairs.node))
    main = np.zeros(len(flow.visit), np.int64)
    main[pairs.node[order][::-1]] = pairs.module[order][::-1]
    placed = np.where(member, both.module, main[both.node])
    states = shared_walk(flow, both, member, placed)
    return states, both.node, grow(states, tree.parent, placed.astype(np.int32))
