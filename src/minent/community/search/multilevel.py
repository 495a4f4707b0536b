"""The multilevel search: a two-level partition, one level above it, then everything below that level anew, level by
level; then levels wherever one more pays, and units at every level moved between their siblings' modules.
"""

from minent.community.search.levels import Levels
from minent.community.search.search import Labels, Search
from minent.community.search.two_level import tuned as tuned_from
from minent.community.search.two_level import two_level_partition
from minent.community.search.units import Units

STARTS = {"fast": ["fast"], "balanced": ["balanced"], "best": ["balanced", "balanced", "best"]}
ROUNDS = {"fast": 0, "balanced": 1, "best": 8}


def multilevel(search: Search, nodes: Units, effort: str, begin: Labels | None = None) -> Levels:
    """Nested partitions of any depth: the best that grow from two-level partitions of these efforts, or a given one."""
    if begin is not None:
        return nested(search, nodes, tuned_from(search, nodes, begin), ROUNDS[effort])
    starts = (two_level_partition(search, nodes, start) for start in STARTS[effort])
    return min((nested(search, nodes, start, ROUNDS[effort]) for start in starts), key=Levels.cost)


def nested(search: Search, nodes: Units, start: tuple[Labels, Units], rounds: int) -> Levels:
    """Nested partitions that grow from a two-level one."""
    label, modules = start
    flat = Levels((nodes, modules), (label,))
    above = flat.insert(1, search)
    levels = topped(below(above[0], search) if above else split(flat, search), search)
    for _ in range(rounds):
        last = levels.cost()
        for change in rebuilt, tuned, topped:
            levels = min(change(levels, search), levels, key=Levels.cost)
        if last - levels.cost() < 1e-4:
            break
    return min(levels, flat, key=Levels.cost)


def split(levels: Levels, search: Search) -> Levels:
    """Modules of nodes cut into smaller ones, again and again."""
    open = None
    while found := levels.insert(0, search, open):
        levels, open = found
    return levels


def filled(levels: Levels, search: Search) -> Levels:
    """Levels wherever one pays between two others."""
    k = 1
    while k < len(levels.up):
        if found := levels.insert(k, search):
            levels = found[0]
        else:
            k += 1
    return levels


def topped(levels: Levels, search: Search) -> Levels:
    """Levels above all others, and between them."""
    levels = filled(levels, search)
    while found := levels.insert(len(levels.up), search):
        levels = found[0]
    return levels


def below(levels: Levels, search: Search) -> Levels:
    """Everything below the top level anew."""
    top = Levels((levels.units[0], levels.units[-1]), (levels.above(len(levels.up)),))
    return filled(split(top, search), search)


def rebuilt(levels: Levels, search: Search) -> Levels:
    """Everything above the lowest modules anew."""
    return topped(Levels(levels.units[:2], levels.up[:1]), search)


def tuned(levels: Levels, search: Search) -> Levels:
    """Units moved between their siblings' modules at every level."""
    for k in range(len(levels.up)):
        levels = levels.tune(k, search)
    return levels
