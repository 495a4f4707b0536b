"""Nested modules while they are searched: a tree of any shape, each of whose codebooks costs (Rosvall & Bergstrom 2011)

    plogp(exit + Σ named) − plogp(exit) − plogp(enter)

bits per step, with the visits of its nodes or the entries of its modules for `named`: what a module adds depends on its
own children alone, so whatever is changed below one module is judged there.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from minent.community.search.merging import merge
from minent.community.search.nested.pairs import meetings
from minent.community.search.nested.parents import depths, regular
from minent.community.search.search import Labels
from minent.community.search.units import Units
from minent.entropy import each_plogp

LEAST = 1e-10  # bits that a change must save
Rates = Float[np.ndarray, " modules"]


@dataclass(frozen=True, eq=False)
class Nest:
    """`label` is the leaf module of each node, `leaves` these as units; `parent` that of each module, leaves first, the
    root last (-1), and every parent after its children. No module but a leaf or the root has fewer than two children.
    """

    nodes: Units
    label: Labels
    leaves: Units
    parent: Int[np.ndarray, " modules"]
    run: Callable

    @classmethod
    def flat(cls, nodes: Units, label: Labels, leaves: Units, run: Callable) -> "Nest":
        """The root and leaf modules."""
        return cls(nodes, label, leaves, np.append(np.full(leaves.number, leaves.number), -1).astype(np.int32), run)

    @classmethod
    def of(cls, nodes: Units, parent: Int[np.ndarray, " _"], label: Int[np.ndarray, " nodes"], run: Callable) -> "Nest":
        """Modules in any order; the parent of the root is -1, of a module that is left out -2."""
        leaf, label = np.unique(label, return_inverse=True)
        rest = parent > -2
        rest[leaf] = False
        kept = np.append(leaf, np.flatnonzero(rest))
        place = np.full(len(parent) + 1, -1, np.int32)
        place[kept] = np.arange(len(kept))
        leaves = merge(nodes, label.astype(np.int32), len(leaf), run)
        return cls(nodes, label.astype(np.int32), leaves, place[kept], run).shaped(place[parent[kept]])

    @property
    def number(self) -> int:
        return len(self.parent)

    @cached_property
    def depth(self) -> Int[np.ndarray, " modules"]:
        return depths(self.parent, self.number - 1)

    @cached_property
    def levels(self) -> list[Int[np.ndarray, " _"]]:
        """The modules of each depth but the root's, the deepest first."""
        order = np.argsort(-self.depth, kind="stable")
        return np.split(order, np.cumsum(np.bincount(self.depth)[:0:-1]))[:-1]

    @cached_property
    def met(self) -> tuple[Int[np.ndarray, "5 pairs"], Float[np.ndarray, " pairs"]]:
        """Where pairs of leaf modules meet, see `meetings`."""
        units, pairs = self.leaves, len(self.leaves.indices) // 2  # each entry has its mirror image
        met, flow = np.empty((5, pairs), np.int32), np.empty(pairs)
        self.run(meetings)(units.indptr, units.indices, units.flow, self.parent, met, flow)
        flow *= units.pace
        return met, flow

    def summed(self, rate: Float[np.ndarray, " leaves"], own: Rates | float = 0.0) -> Rates:
        """What leaves and all modules below hold in sum; `own` is what each adds."""
        total = np.zeros(self.number) + own
        total[: len(rate)] += rate
        for level in self.levels:
            total += np.bincount(self.parent[level], total[level], minlength=self.number)
        return total

    @cached_property
    def modules(self) -> Units:
        """All modules as units, without links."""
        units, inside = self.leaves, np.zeros(self.number)
        if self.number > units.number + 1:
            met, flow = self.met
            inside = -np.bincount(met[0], flow, minlength=self.number).astype(float)
        else:  # all pairs meet in the root: they take much memory, and need not be listed
            every = len(units.indices) if len(units.flow) == 1 else 1
            inside[-1] = -0.5 * units.pace * every * float(units.flow.sum())
        out = into = np.maximum(0, self.summed(units.out, inside))
        if units.into is not units.out:
            into = np.maximum(0, self.summed(units.into, inside))
        ports = units.port_from, units.port_to
        away, landing = map(self.summed, ports) if len(units.port_from) > 1 else ports
        none = np.zeros(0, np.int32)
        return Units(none, none, np.zeros(0), self.summed(units.visit), out, into, away, landing)

    @cached_property
    def rates(self) -> tuple[Rates, Rates]:
        """Exit and enter rate of each module, recorded teleportation included."""
        units = self.modules
        if len(self.leaves.port_from) == 1:
            return units.out, units.into
        away, total = units.port_from, units.port_from[-1]
        exit = units.out + away * np.maximum(0, 1 - units.port_to)
        enter = units.into + np.maximum(0, total - away) * units.port_to
        exit[-1] = enter[-1] = 0
        return exit, enter

    @cached_property
    def named(self) -> Rates:
        """How often each codebook names a node or a module."""
        named = np.bincount(self.parent[:-1], self.rates[1][:-1], minlength=self.number)
        named[: self.leaves.number] += self.leaves.visit
        return named

    @cached_property
    def costs(self) -> Rates:
        """What each module adds to the codelength, the root its index codebook."""
        exit, enter = self.rates
        cost = each_plogp(exit + self.named) - each_plogp(exit) - each_plogp(enter)
        if (words := self.leaves.words) is not None:
            cost[:-1] += words.price
            cost[: self.leaves.number] += words.costs()
        return cost

    def cost(self) -> float:
        """The codelength, less the entropy of the nodes."""
        words, top = self.leaves.words, np.count_nonzero(self.parent == self.number - 1)
        wrong = 0 if words is None or words.preferred < 0 else abs(top - words.preferred)
        return float(self.costs.sum()) + wrong

    def shaped(self, parent: Int[np.ndarray, " _"]) -> "Nest":
        """These parents instead, of the same leaves and any other modules, -1 for the root: those of fewer than two
        children are left out."""
        return replace(self, parent=regular(parent, self.leaves.number))

    def held(self, what: Int[np.ndarray, " nodes"]) -> Int[np.ndarray, " modules"]:
        """The exact sum over the nodes that each module holds."""
        total = np.zeros(self.number, np.int64)
        np.add.at(total, self.label, what)
        for level in self.levels:
            np.add.at(total, self.parent[level], total[level])
        return total

    def tree(self) -> tuple[Int[np.ndarray, " modules"], Int[np.ndarray, " nodes"]]:
        """The parent of each module (module 0 is the root) and the leaf module of each node."""
        last = self.number - 1
        parent = (last - self.parent[::-1]).astype(np.int32)
        parent[0] = -1
        return parent, (last - self.label).astype(np.int32)
