"""The multilevel search: a two-level partition, modules above it, then leaf modules anew inside these, and so on. What
is found costs no more than what was there: of two nests the better inside of every module is kept (`fused`).
"""

from collections.abc import Callable

from minent.community.search.dissolving import dissolved
from minent.community.search.fusing import fused
from minent.community.search.nest import Nest
from minent.community.search.regrouping import gathered, moved
from minent.community.search.regrowing import leaves_tuned, regrown
from minent.community.search.search import Search
from minent.community.search.two_level import two_level_partition
from minent.community.search.units import Units

SAVING = 1e-4  # bits that a round must save for another
Step = Callable[[Nest, Search], Nest]


def multilevel(search: Search, nodes: Units, effort: str, begin: Nest | None = None) -> Nest:
    """Nested modules of any depth, from a two-level partition or from given ones."""
    if begin is None:
        begin = shaped(Nest.flat(nodes, *two_level_partition(search, nodes, "fast"), search.run), search)
    nest = anew(begin, search)
    if effort == "fast":
        return nest
    return anew(leaves_tuned(rebuilt(nest, search), search), search)


def shaped(nest: Nest, search: Search, rounds: int = 2) -> Nest:
    """New modules of modules, some dissolved, some moved, until that saves little."""
    for _ in range(rounds):
        last = nest.cost()
        nest = moved(dissolved(gathered(nest, search)), search)
        if last - nest.cost() < SAVING:
            break
    return nest


def anew(nest: Nest, search: Search) -> Nest:
    """Leaf modules anew below their parents."""
    return fused(nest, shaped(regrown(nest, nest.parent[nest.label], search), search))


def rebuilt(nest: Nest, search: Search) -> Nest:
    """Everything above the leaf modules anew."""
    return fused(nest, shaped(Nest.flat(nest.nodes, nest.label, nest.leaves, nest.run), search))
