"""A module is dissolved, its children then stand in its parent P, where that saves bits:

    cost of the module + plogp(use of P) − plogp(use of P − enter + Σ named by the module) > 0,

where the use of P is its exit and all it names (Rosvall & Bergstrom 2011). So depths become ragged.
"""

import numpy as np

from minent.community.search.nested.nest import LEAST, Nest
from minent.entropy import each_plogp


def dissolved(nest: Nest, worth: float = 0.0) -> Nest:
    """No module is left that is better dissolved into its parent, or that saves less than `worth` bits a visit to what
    is in it: of neighbours in the tree, the best goes first."""
    (exit, enter), named, cost = nest.rates, nest.named.copy(), nest.costs.copy()
    parent, root, number = nest.parent.copy(), nest.number - 1, np.arange(nest.number)
    inner = np.arange(nest.leaves.number, root)
    cost, visit = cost - each_plogp(exit + named), nest.modules.visit  # what does not change
    while len(inner):
        above = parent[inner]
        use, wider = exit[above] + named[above], exit[above] + named[above] - enter[inner] + named[inner]
        saved = cost[inner] + each_plogp(exit[inner] + named[inner]) + each_plogp(use) - each_plogp(wider)
        saved += worth * visit[inner]
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
