"""Nested partitions: nodes, their modules, the modules' modules, … A level may be inserted between units and their
parents, and units may move between their siblings' modules. Both look at all parents at once, each with a codebook of
its own, and are exact: a codebook changes only where its own children or their grouping do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from minent.community.search.merging import lifted, merge, renumber
from minent.community.search.search import NONE, ONE, Field, Labels, Search
from minent.community.search.units import Units, crossings, frozen
from minent.entropy import each_plogp, sum_plogp

LEAST = 1e-10  # bits that a change must save
Bools = Bool[np.ndarray, " _"]
Rates = Float[np.ndarray, " modules"]


class Level(NamedTuple):
    """Where a level may be inserted: units, the parent of each, the exit rate `above` of every parent; who stands
    together at first, the modules that makes, and the units that are moved."""

    units: Units
    parent: Labels
    above: Rates
    label: Labels
    modules: Units
    active: Labels | None

    def field(self, weight: Float[np.ndarray, " _"] = NONE) -> Field:
        return Field(self.parent if len(self.above) > 1 else ONE, self.above, weight)

    def of_parents(self, rate: Float[np.ndarray, " units"]) -> Float[np.ndarray, " parents"]:
        """The sum over the units of each parent."""
        return np.bincount(self.parent, rate, minlength=len(self.above))


@dataclass(frozen=True, eq=False)
class Levels:
    """`up[k]` is the module, a unit of level k + 1, of each unit of level k; level 0 holds the nodes.

    Of two modules where one is the only child of the other, only one is in the tree, and only one is paid for.
    """

    units: tuple[Units, ...]
    up: tuple[Labels, ...]

    def replaced(self, up: Sequence[Labels], search: Search) -> "Levels":
        """These labels instead; what they share with the old from the bottom on is kept."""
        units = list(self.units[:1])
        for k, label in enumerate(up):
            if k + 1 == len(units) and k < len(self.up) and label is self.up[k] and units[k] is self.units[k]:
                units.append(self.units[k + 1])
            else:
                units.append(merge(units[k], label, int(label.max()) + 1, search.run))
        return Levels(tuple(units), tuple(up))

    def cost(self) -> float:
        """The codelength, less the entropy of the nodes."""
        total = sum_plogp(crossings(self.units[-1])[1].sum(keepdims=True))
        if (words := self.units[-1].words) is not None and words.preferred >= 0:
            total += abs(self.units[-1].number - words.preferred)
        return total + sum(float(self.own_cost(k, label, self.units[k + 1]).sum()) for k, label in enumerate(self.up))

    def own_cost(self, k: int, label: Labels, modules: Units) -> Rates:
        """What each of these modules of units of level k adds to the codelength, its children as they are."""
        exit, enter = crossings(modules)
        inside = np.bincount(label, self.rates(k), minlength=modules.number)
        cost = each_plogp(exit + inside) - each_plogp(exit) - each_plogp(enter)
        if modules.words is not None:
            cost += modules.words.price + (0.0 if k else modules.words.costs())
        if k:
            cost[np.bincount(label, minlength=modules.number) == 1] = 0
        return cost

    def rates(self, k: int) -> Float[np.ndarray, " units"]:
        """How often the codebook above names each unit of level k: when a node is visited, a module entered."""
        return crossings(self.units[k])[1] if k else self.units[0].visit

    def named(self, k: int) -> Units:
        """Units of level k as the codebook above sees them."""
        if k == 0:
            return self.units[0]
        words = None if (words := self.units[k].words) is None else words.without(self.units[k].number)
        return frozen(self.units[k]._replace(visit=self.rates(k), words=words))

    def insert(self, k: int, search: Search, open: Bools | None = None) -> tuple["Levels", Bools] | None:
        """A level between units of level k and their parents (of the `open` ones), wherever one pays: with it, and
        which modules of it are new. None where none pays."""
        level = self.opened(k, open)
        found = None if len(level.above) == level.units.number else self.gathered(k, level, search)
        if found is None or not (pays := self.pays(k, level, *found)).any():
            return None
        return self.inserted(k, level.parent, found[0], pays, search)

    def opened(self, k: int, open: Bools | None) -> Level:
        """Each unit of level k alone, below its parent; those of parents that are not open stand together."""
        units, top = self.named(k), k == len(self.up)
        parent = np.zeros(units.number, np.int32) if top else self.up[k]
        above = np.zeros(1) if top else crossings(self.units[k + 1])[0]
        label = np.arange(units.number, dtype=np.int32)
        if open is None:
            return Level(units, parent, above, label, units, None)
        whole = lifted(label, parent, len(above))
        shut = self.units[k + 1]
        size = np.bincount(parent, units.visit, minlength=len(above))
        rates = np.where(open[parent], [units.out, units.into, units.visit], 0)
        rates[:, whole[~open]] = np.array([shut.out, shut.into, size])[:, ~open]
        modules = frozen(units._replace(out=rates[0], into=rates[1], visit=rates[2]))
        label = np.where(open[parent], label, whole[parent])
        return Level(units, parent, above, label, modules, np.flatnonzero(open[parent]))

    def gathered(self, k: int, level: Level, search: Search) -> tuple[Labels, Units] | None:
        """The modules that units gather in, none larger than its parent; None where all stay alone."""
        units, _, _, label, modules, active = level
        if not search.move(units, label, modules, level.field(), active=active, sweeps=2.0):
            return None
        label, modules = search.climb(units, label, level.field())
        loose = level.field(np.ones(units.number) if k else NONE)
        if search.move(units, label, modules, loose, active=active):
            label, modules = search.climb(units, label, loose)
        return label, modules

    def pays(self, k: int, level: Level, label: Labels, modules: Units) -> Bools:
        """Below which parents the codebooks cost less with these modules than without."""
        before = each_plogp(level.above + level.of_parents(self.rates(k)))
        if k == 0 and (words := level.units.words) is not None:
            before += words.merged(level.parent, len(level.above)).costs()
        below = level._replace(parent=lifted(level.parent, label, modules.number))
        after = each_plogp(level.above + below.of_parents(crossings(modules)[1]))
        return after + below.of_parents(self.own_cost(k, label, modules)) < before - LEAST

    def inserted(self, k: int, parent: Labels, label: Labels, pays: Bools, search: Search) -> tuple["Levels", Bools]:
        """With these modules below the parents where that pays, and one module below each other."""
        label = np.where(pays[parent], label, lifted(label, parent, len(pays))[parent])
        home = lifted(parent, label, search.run(renumber)(label))
        up = [*self.up[:k], label] if k == len(self.up) else [*self.up[:k], label, home, *self.up[k + 1 :]]
        return self.replaced(up, search), pays[home]

    def tune(self, k: int, search: Search) -> "Levels":
        """Units of level k moved between their siblings' modules, wherever that pays."""
        units, label, top = self.named(k), self.up[k].copy(), k + 1 == len(self.up)
        above = np.zeros(1) if top else crossings(self.units[k + 2])[0]
        group = ONE if len(above) == 1 else self.up[k + 1][label]
        field = Field(group, above, np.ones(units.number) if k else NONE)
        if not search.move(units, label, merge(units, label, self.units[k + 1].number, search.run), field):
            return self
        label, modules = search.climb(units, label, field)
        up = [*self.up[:k], label, *self.up[k + 1 :]]
        if not top:
            up[k + 1] = lifted(self.up[k + 1][self.up[k]], label, modules.number)
        tuned = self.replaced(up, search)
        return tuned if tuned.cost() < self.cost() - LEAST else self

    def above(self, k: int) -> Labels:
        """For each node, the unit of level k it lies in."""
        label = np.arange(self.units[0].number, dtype=np.int32)
        for up in self.up[:k]:
            label = up[label]
        return label

    def tree(self) -> tuple[Int[np.ndarray, " modules"], Int[np.ndarray, " nodes"]]:
        """The parent of each module (module 0 is the root) and the leaf module of each node."""
        parents = [np.array([-1], np.int32)]
        first = 1
        parents.append(np.zeros(self.units[-1].number, np.int32))
        for k in range(len(self.up) - 1, 0, -1):
            parents.append(self.up[k] + first)
            first += self.units[k + 1].number
        return np.concatenate(parents).astype(np.int32), (self.up[0] + first).astype(np.int32)
