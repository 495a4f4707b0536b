"""Nested partitions: nodes, their modules, the modules' modules, … A level may be inserted between units and their
parents, and units may move between their siblings' modules. Both look at all parents at once, each with a codebook of
its own, and are exact: a codebook changes only where its own children or their grouping do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from minent.community.search.search import NONE, ONE, Field, Labels, Search
from minent.community.search.units import Units, crossings, frozen, merge, renumber, sum_plogp

LEAST = 1e-10  # bits that a change must save
Bools = Bool[np.ndarray, " modules"]


def plogp(rates: Float[np.ndarray, " _"]) -> Float[np.ndarray, " _"]:
    return rates * np.log2(rates, out=np.zeros(len(rates)), where=rates > 0)


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

    def own_cost(self, k: int, label: Labels, modules: Units) -> Float[np.ndarray, " modules"]:
        """What each of these modules of units of level k adds to the codelength, its children as they are."""
        exit, enter = crossings(modules)
        inside = np.bincount(label, self.rates(k), minlength=modules.number)
        cost = plogp(exit + inside) - plogp(exit) - plogp(enter)
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
        units = self.units[k]
        words = None if units.words is None else units.words.without(units.number)
        return frozen(*units._replace(visit=self.rates(k))[:8])._replace(words=words)

    def insert(self, k: int, search: Search, open: Bools | None = None) -> tuple["Levels", Bools] | None:
        """A level between units of level k and their parents (of the `open` ones), wherever one pays: with it, and
        which modules of it are new. None where none pays."""
        units, top = self.named(k), k == len(self.up)
        parent = np.zeros(units.number, np.int32) if top else self.up[k]
        above = np.zeros(1) if top else crossings(self.units[k + 1])[0]
        if not top and len(above) == units.number:
            return None
        whole = np.zeros(len(above), np.int32)
        whole[parent] = np.arange(units.number)
        label, active, modules = np.arange(units.number, dtype=np.int32), None, units
        if open is not None:
            active = np.flatnonzero(open[parent])
            label = np.where(open[parent], label, whole[parent])
            rates = np.where(open[parent], [units.out, units.into, units.visit], 0)
            shut, size = self.units[k + 1], np.bincount(parent, units.visit, minlength=len(above))
            rates[:, whole[~open]] = np.array([shut.out, shut.into, size])[:, ~open]
            modules = frozen(*units._replace(out=rates[0], into=rates[1], visit=rates[2])[:8])
        group = parent if len(above) > 1 else ONE
        if not search.move(units, label, modules, Field(group, above), active=active, sweeps=2.0):
            return None
        label, modules = search.climb(units, label, Field(group, above))
        loose = Field(group, above, np.ones(units.number) if k else NONE)
        if search.move(units, label, modules, loose, active=active):
            label, modules = search.climb(units, label, loose)
        home = np.zeros(modules.number, np.int32)
        home[label] = parent
        enter, cost = crossings(modules)[1], self.own_cost(k, label, modules)
        before = plogp(above + np.bincount(parent, self.rates(k), minlength=len(above)))
        if k == 0 and units.words is not None:
            before += units.words.merged(parent, len(above)).costs()
        after = plogp(above + np.bincount(home, enter, minlength=len(above)))
        pays = after + np.bincount(home, cost, minlength=len(above)) < before - LEAST
        if not pays.any():
            return None
        whole[parent] = label
        label = np.where(pays[parent], label, whole[parent])
        home = np.zeros(search.run(renumber)(label), np.int32)
        home[label] = parent
        up = [*self.up[:k], label] if top else [*self.up[:k], label, home, *self.up[k + 1 :]]
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
            up[k + 1] = np.zeros(modules.number, np.int32)
            up[k + 1][label] = self.up[k + 1][self.up[k]]
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
