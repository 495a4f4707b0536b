"""A module is dissolved, its children then stand in its parent P, where that saves bits:

    cost of the module + plogp(use of P) − plogp(use of P − enter + Σ named by the module) > 0,

and all that is below a module goes where its nodes, directly in it, cost less (Rosvall & Bergstrom 2011).
"""

import numpy as np

from minent.community.search.nest import Nest
from minent.entropy import each_plogp

LEAST = 1e-10  # bits that a change must save


def dissolved(nest: Nest) -> Nest:
    """No module is left that is better dissolved into its parent: of neighbours in the tree, the best goes first."""
    (exit, enter), named, cost = nest.rates, nest.named.copy(), nest.costs.copy()
    parent, root, number = nest.parent.copy(), nest.number - 1, np.arange(nest.number)
    inner = np.arange(nest.leaves.number, root)
    cost = cost - each_plogp(exit + named)  # what does not change
    while len(inner):
        above = parent[inner]
        use, wider = exit[above] + named[above], exit[above] + named[above] - enter[inner] + named[inner]
        saved = cost[inner] + each_plogp(exit[inner] + named[inner]) + each_plogp(use) - each_plogp(wider)
        gain = np.zeros(nest.number)
        gain[inner] = np.where(saved > LEAST, saved, 0)
        most = np.zeros(nest.number)  # of the children
        np.maximum.at(most, above, gain[inner])
        going = inner[(gain[inner] > 0) & (gain[inner] >= most[above]) & (gain[inner] > gain[above])]
        going = going[gain[going] >= most[going]]
        going = going[np.unique(parent[going], return_index=True)[1]]
        if len(going) == 0:
            break
        named[parent[going]] += named[going] - enter[going]
        place = number.copy()
        place[going] = parent[going]
        parent[:-1] = place[parent[:-1]]
        inner = inner[~np.isin(inner, going)]
    return nest.shaped(parent)  # which leaves out those without children


def emptied(nest: Nest) -> Nest:
    """No module is left that were better without all that is below it."""
    whole = nest.summed(np.zeros(0), nest.costs)
    exit, enter = nest.rates
    visit = nest.modules.visit
    bare = each_plogp(exit + visit) - each_plogp(exit) - each_plogp(enter)
    if nest.leaves.words is not None:
        return nest
    leaf = np.flatnonzero(bare < whole - LEAST)
    leaf = leaf[(leaf >= nest.leaves.number) & (leaf < nest.number - 1)]
    if len(leaf) == 0:
        return nest
    top = np.arange(nest.number)  # the highest such module that holds each
    mark = np.zeros(nest.number, bool)
    mark[leaf] = True
    for level in nest.levels[::-1]:
        up = nest.parent[level]
        held = mark[top[up]] & (up < nest.number - 1)
        top[level[held]] = top[up[held]]
    return nest.gathered(top[: nest.leaves.number])
