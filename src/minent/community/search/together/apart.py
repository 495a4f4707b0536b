"""Units move together whose rows lie apart, on other machines: tasks are given all that they read beside the rows, and
return what they found, which is applied here. What they find is what threads do, to the last bit.

Of the modules only those that have units are told, in their order, by their places among them.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from minent.community.search.engine import Engine, Far, Rows
from minent.community.search.modules import SIZE
from minent.community.search.together.exact import tallied
from minent.community.search.together.proposals import proposed
from minent.community.search.together.together import Labels, Together
from minent.community.search.units import NO_PORT, Units
from minent.kernels import compiled


class Own(NamedTuple):
    """Rates of the same units, and their groups (of length 1 where there is one)."""

    visit: Float[np.ndarray, " units"]
    out: Float[np.ndarray, " units"]
    into: Float[np.ndarray, " units"]
    group: Int[np.ndarray, " _"]


class Seen(NamedTuple):
    """What all see of the modules: names, what is kept of each and of one without units, groups, their codebooks."""

    names: Int[np.ndarray, " modules"]
    state: Float[np.ndarray, "_ 8"]
    home: Int[np.ndarray, " _"]
    book: Float[np.ndarray, "groups 3"]


def wishes(
    label: Labels,
    seen: Seen,
    pace: float,
    draw: tuple[int, int, int],
    least: float,
    rows: Rows,
    own: Own,
    active: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """A task: the units of these rows that wish to move, where to, which are still to be looked at, how many were."""
    (first, *links), count = rows, len(own.visit)
    active, wish = active.copy(), label[first : first + count].copy()
    units = *links, *own[:3], NO_PORT, NO_PORT, pace
    modules = (own.group, seen.home), label, seen.names, seen.state, seen.book
    ids, looks = compiled(proposed)(first, first + count, first, units, *modules, active, draw, least, wish)
    return ids, wish[ids - first], active, looks


def changes(
    label: Labels, wish: Labels, pace: float, scale: float, rows: Rows, own: Own, ids: Int[np.ndarray, " _"]
) -> tuple[np.ndarray, np.ndarray]:
    """A task: what these units change, see `tallied`, and which are to be looked at again."""
    first, *links = rows
    woken = np.zeros(len(label), np.uint8)
    change = compiled(tallied)(ids, first, *links, own[:3], pace, scale, label, wish, woken)
    return change, np.flatnonzero(woken.view(np.bool_)).astype(np.int32)  # of truths, soon found


class Apart(Together):
    """Units whose rows lie apart."""

    def __init__(self, run: Any, engine: Engine, units: Units, label: Labels, modules: Units, field: Any, far: Far):
        super().__init__(run, engine, units, label, modules, field)
        self.rows, self.far, group = [(first, last) for first, last, _ in far], far, field.group
        rates = units.visit, units.out, units.into
        self.own = []
        for a, b in self.rows:
            visit, out, into = (rate[a:b] for rate in rates)
            self.own.append(engine.put(Own(visit, out, into, group[a:b] if len(group) > 1 else group)))

    def propose(self, draw: tuple[int, int, int], least: float) -> tuple[list[Int[np.ndarray, " _"]], int]:
        """As of `Together`."""
        names = np.flatnonzero(self.state[:, SIZE] > 0).astype(np.int32)
        self.place = np.full(len(self.label), -1, np.int32)
        self.place[names] = np.arange(len(names), dtype=np.int32)
        state, group = np.zeros((len(names) + 1, 8)), self.field.group
        state[:-1] = self.state[names]
        seen = self.engine.put(Seen(names, state, group[names] if len(group) > 1 else group, self.book))
        self.stands = self.engine.put(self.place[self.label])
        at = [k for k, (a, b) in enumerate(self.rows) if self.active[a:b].any()]
        items = ((self.far[k][2], self.own[k], self.active[slice(*self.rows[k])]) for k in at)
        found, looks = [np.zeros(0, np.int32)] * len(self.rows), 0
        told = self.stands, seen, self.units.pace, draw, least
        for k, (ids, wish, active, more) in zip(at, self.engine.each(wishes, told, items), strict=True):
            self.wish[ids] = np.where(wish < 0, -1 - wish, names[np.maximum(wish, 0)])
            self.active[slice(*self.rows[k])] = active
            found[k], looks = ids, looks + more
        return found, looks

    def changes(self, ids: list[Int[np.ndarray, " _"]]) -> list[Int[np.ndarray, "_ 4"]]:
        """As of `Together`."""
        wish = self.place[self.wish]
        told = self.stands, self.engine.put(np.where(wish < 0, -1 - self.wish, wish)), self.units.pace, self.scale
        items = ((self.far[k][2], self.own[k], those) for k, those in enumerate(ids) if len(those))
        found = []
        for change, woken in self.engine.each(changes, told, items):
            self.active[woken] = 1
            found.append(change)
        return found
