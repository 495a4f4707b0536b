"""The multilevel search: a two-level partition, modules above it, then leaf modules anew inside these, and so on. What
is found costs no more than what was there: of two nests the better inside of every module is kept (`fused`).
"""

from minent.community.search.nested.dissolving import dissolved
from minent.community.search.nested.fusing import fused
from minent.community.search.nested.nest import Nest
from minent.community.search.nested.regrouping import gathered, moved
from minent.community.search.nested.regrowing import leaves_tuned, regrown, top_modules
from minent.community.search.nested.sampling import saved_inside
from minent.community.search.search import Labels, Search
from minent.community.search.two_level import SMALL, confirmed, two_level_partition
from minent.community.search.units import Units
from minent.entropy import sum_plogp

NESTED = 0.005  # of the codelength: where modules of modules save less, the two-level partition is worth more time;
INSIDE = 2e-4  # where modules in its modules are likely to save more, they are looked for
SAVING, ROUNDS = 1e-3, 3  # of the best search: bits that a round must save for another, of so many
WORTH = 2e-3  # bits that a module must save whenever what is in it is visited: else chains of hundreds of levels stay


def multilevel(search: Search, nodes: Units, effort: str, begin: Nest | None = None) -> Nest:
    """Nested modules of any depth, from scratch or from given ones, than which they cost no more."""
    nest = nested(search, nodes, effort) if begin is None else renewed(begin, search)
    if effort != "best":
        return nest
    if nest.depth.max() > 1:  # a two-level partition is of several searches already
        nest = fused(nest, nested(search, nodes, effort))
    for _ in range(ROUNDS):
        last = nest.cost()
        nest = renewed(nest, search)
        nest = anew(nest, search, nest.label)
        nest = anew(nest, search)
        if last - nest.cost() < SAVING:
            break
    pruned = dissolved(nest, WORTH)
    return pruned if begin is None or pruned.cost() <= begin.cost() else nest


def nested(search: Search, nodes: Units, effort: str) -> Nest:
    """Nested modules from a two-level partition, on which more time is spent where nesting it saves little."""
    label, leaves = two_level_partition(search, nodes, "fast")
    flat = Nest.flat(nodes, label, leaves, search.run)
    nest = shaped(flat, search)
    bits = flat.cost() - sum_plogp(nodes.visit)
    if flat.cost() - nest.cost() > NESTED * bits:
        nest = anew(nest, search, top_modules(nest))
        return anew(nest, search) if effort == "fast" else renewed(nest, search)
    if effort != "fast":
        found = confirmed(search, nodes, label) if effort == "balanced" else two_level_partition(search, nodes, effort)
        nest = fused(nest, shaped(Nest.flat(nodes, *found, search.run), search))
    if len(nodes.indices) <= SMALL or saved_inside(nest, search) > INSIDE * bits:
        return anew(nest, search, nest.label)
    return nest


def renewed(nest: Nest, search: Search) -> Nest:
    """Everything above the leaf modules anew, nodes between these, and then these anew."""
    flat = Nest.flat(nest.nodes, nest.label, nest.leaves, nest.run)
    nest = fused(nest, shaped(flat, search))
    return anew(leaves_tuned(nest, search), search)


def shaped(nest: Nest, search: Search) -> Nest:
    """New modules of modules, some dissolved, some moved."""
    return moved(dissolved(gathered(nest, search)), search)


def anew(nest: Nest, search: Search, home: Labels | None = None) -> Nest:
    """Leaf modules anew below these modules, which nodes are at home in; below their parents if not given."""
    home = nest.parent[nest.label] if home is None else home
    return fused(nest, shaped(regrown(nest, home, search), search))
