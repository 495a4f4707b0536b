"""Leaf modules change: nodes move between the leaf modules of one parent, or gather anew inside a module, as if that
were a network of its own with its exits kept. All modules are looked at in one sweep, each with a codebook of its own.
"""

import numpy as np

from minent.community.search.nested.nest import Nest
from minent.community.search.search import ONE, Field, Labels, Search
from minent.community.search.two_level import FINE
from minent.community.search.units import Units


def leaves_tuned(nest: Nest, search: Search) -> Nest:
    """Nodes move between the leaf modules of one parent; then these do."""
    leaves, last = nest.leaves.number, nest.number - 1
    home = nest.parent[:leaves][nest.label]
    (exit, enter), inner = nest.rates, np.arange(leaves, last)
    use = exit + np.bincount(nest.parent[inner], enter[inner], minlength=nest.number)  # what is not of leaves
    label, field = nest.label.copy(), within(home, use)
    if not search.move(nest.nodes, label, nest.leaves, field, least=FINE):
        return nest
    return releaved(nest, home, *search.climb(nest.nodes, label, field))


def regrown(nest: Nest, home: Labels, search: Search) -> Nest:
    """Each node gathers anew with others of the same module of the nest; what was below these modules is gone."""
    label, field = np.arange(nest.nodes.number, dtype=np.int32), within(home, nest.rates[0])
    search.move(nest.nodes, label, nest.nodes, field, sweeps=2.0)
    label, leaves = search.climb(nest.nodes, label, field)
    search.move(nest.nodes, label, leaves, field, by_module=True, least=FINE)
    return releaved(nest, home, *search.climb(nest.nodes, label, field))


def within(home: Labels, use: np.ndarray) -> Field:
    """Nodes stay in the module they are at home in, whose codebook is used at this rate beside."""
    modules, group = np.unique(home, return_inverse=True)
    return Field(group.astype(np.int32) if len(modules) > 1 else ONE, use[modules])


def releaved(nest: Nest, home: Labels, label: Labels, leaves: Units) -> Nest:
    """These leaf modules, each below the module that its nodes are at home in; modules without any are gone."""
    above = np.zeros(leaves.number, np.int32)
    above[label] = home
    parent = np.append(above, nest.parent) + leaves.number
    parent[-1] = -1
    return Nest(nest.nodes, label, leaves, parent, nest.run).shaped(parent)


def top_modules(nest: Nest) -> Labels:
    """The module below the root that each node is in."""
    top = np.arange(nest.number)
    for level in nest.levels[-2::-1]:
        top[level] = top[nest.parent[level]]
    return top[nest.label]
