"""Modules change places in the tree: under every second parent from the root on, its children's children are units that
move between its children, stand alone, or gather anew. Each parent has a codebook of its own and all that changes is
judged there, exactly; so all parents are looked at in one sweep. A module of one child costs nothing: it will be left
out, so a submodule that leaves its parent is lifted, and a child may join a sibling or make a new module with one.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from minent.community.search.merging import lifted, merge
from minent.community.search.nested.nest import LEAST, Nest
from minent.community.search.nested.pairs import rows
from minent.community.search.search import NONE, Field, Labels, Search
from minent.community.search.units import Units, crossings, frozen
from minent.entropy import each_plogp


class Siblings(NamedTuple):
    """Units that may stand together: which modules of the nest they are, below which parent each, and who stands
    together now, at what cost of codebooks below each parent and its own."""

    units: Units
    module: Int[np.ndarray, " units"]
    parents: Int[np.ndarray, " groups"]
    field: Field
    label: Labels
    before: Float[np.ndarray, " groups"]


def siblings(nest: Nest, one, other, flow, module, group, label) -> Siblings:
    """Modules as units with these flows between them; `group` and `label` are modules of the nest."""
    parents, group = np.unique(group, return_inverse=True)
    between, exit = np.unique(label[label >= nest.leaves.number]), nest.rates[0]
    between = between[~np.isin(between, module)]
    before = each_plogp(exit[parents] + nest.named[parents])
    np.add.at(before, np.searchsorted(parents, nest.parent[between]), nest.costs[between])
    place = np.zeros(nest.number, np.int32)
    place[module] = np.arange(len(module))
    indptr, indices, sums = rows(nest.run, place[one], place[other], flow, len(module))
    all, words = nest.modules, nest.leaves.words
    visit, out, into = nest.rates[1][module], all.out[module], all.into[module]
    above, port_from, port_to = nest.rates[0][parents], all.port_from, all.port_to
    if len(nest.leaves.port_from) > 1:  # what all others teleport is that of one more unit, which stays alone
        port_from, port_to = np.append(port_from[module], 0), np.append(port_to[module], 0)
        port_from[-1] = all.port_from[-1] - port_from.sum()
        visit, out, into = np.append(visit, 0), np.append(out, 0), np.append(into, 0)
        indptr, group, above = np.append(indptr, indptr[-1:]), np.append(group, len(parents)), np.append(above, 0)
        label = np.append(label, nest.number)
    if all.into is all.out:
        into = out
    words = None if words is None else words.without(len(visit))
    units = frozen(Units(indptr, indices, sums, visit, out, into, port_from, port_to, words=words))
    label = np.unique(label, return_inverse=True)[1].astype(np.int32)
    field = Field(group.astype(np.int32), above, np.ones(len(visit)))
    return Siblings(units, module, parents, field, label, before)


def children(nest: Nest) -> Siblings:
    """Modules under each parent, each alone."""
    met, flow = nest.met
    module = np.arange(nest.number - 1)
    return siblings(nest, met[1], met[2], flow, module, nest.parent[:-1], module)


def grandchildren(nest: Nest, odd: int) -> Siblings:
    """Modules under each parent's parent of odd or even depth, by their parents; and its leaves."""
    (met, flow), root, leaves = nest.met, nest.number - 1, nest.leaves.number
    over = nest.depth % 2 == odd
    module = np.arange(root)
    parent = nest.parent[:-1]
    grand = np.where(parent < root, nest.parent[parent], root)
    deep = (parent < root) & over[grand]
    taken = deep | ((module < leaves) & over[parent])
    group, label = np.where(deep, grand, parent), np.where(deep, parent, module)
    here = over[met[0]]
    kept = here | (met[0] < root)
    one, other = np.where(here, met[3], met[1])[kept], np.where(here, met[4], met[2])[kept]
    return siblings(nest, one, other, flow[kept], module[taken], group[taken], label[taken])


def moved(nest: Nest, search: Search) -> Nest:
    """Modules move between the parents below one grandparent, stand alone there, or join a sibling."""
    for odd in (0, 1):
        of = grandchildren(nest, odd)
        if not len(of.module):
            continue
        label = of.label.copy()
        modules = merge(of.units, label, int(label.max()) + 1, search.run)
        search.move(of.units, label, modules, of.field)
        nest = regrouped(nest, of, *search.climb(of.units, label, of.field))
    return nest


def gathered(nest: Nest, search: Search) -> Nest:
    """Children of one parent gather in new modules below it, wherever that pays; at first as if a module of one child
    were paid for."""
    of = children(nest)
    tight = of.field._replace(weight=NONE)
    label = np.arange(of.units.number, dtype=np.int32)
    search.move(of.units, label, of.units, tight, sweeps=2.0)
    label, modules = search.climb(of.units, label, tight)
    search.move(of.units, label, modules, of.field)
    return regrouped(nest, of, *search.climb(of.units, label, of.field))


def regrouped(nest: Nest, of: Siblings, label: Labels, modules: Units) -> Nest:
    """The nest with these modules of units, below parents where that pays."""
    units, home = len(of.module), lifted(of.field.group, label, modules.number)
    exit, enter = crossings(modules)
    cost = each_plogp(exit + np.bincount(label, of.units.visit)) - each_plogp(exit) - each_plogp(enter)
    if of.units.words is not None:
        cost += of.units.words.price
    cost[np.bincount(label) == 1] = 0  # will be left out
    groups = len(of.field.above)
    after = each_plogp(of.field.above + np.bincount(home, enter, groups)) + np.bincount(home, cost, groups)
    pays = after[: len(of.parents)] < of.before - LEAST
    if not pays.any():
        return nest
    label, group = label[:units], of.field.group[:units]
    parent = np.append(nest.parent, np.append(of.parents, -2)[home])
    parent[of.module] = np.where(pays[group], nest.number + label, nest.parent[of.module])
    return nest.shaped(parent)
