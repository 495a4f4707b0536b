"""Local moving of many units at a time, the same on any number of threads: in turns drawn by a hash each unit looks
where it would go, all others staying; what moves is applied exactly; and where that made the map equation longer, for
units were wrong together, half of them go back, and so on: it never rises.
"""

from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Int

from minent.community.search.engine import Engine, shards
from minent.community.search.modules import lines
from minent.community.search.together.exact import applied, began, booked, recounted, tallied
from minent.community.search.together.proposals import drawn, proposed
from minent.community.search.units import Units
from minent.kernels import kernel, log, read_only

Labels = Int[np.ndarray, " units"]
TURNS = 4  # of a sweep
NONE = read_only(np.zeros(0, np.int32))
HALVES = 6  # how often half of what moved goes back, before all of it does


@kernel
def represented(label):
    """Name each module by the first of its units, in place; those names, -1 for a module without units."""
    first = np.full(label.max() + 1, -1, np.int32)
    for i in range(label.shape[0]):
        if first[label[i]] < 0:
            first[label[i]] = i
        label[i] = first[label[i]]
    return first


@kernel
def half(ids, seed):
    """Every second of these units, by a hash, and which."""
    kept = np.empty(ids.shape[0], np.bool_)
    for q in range(ids.shape[0]):
        kept[q] = drawn(ids[q], seed) % 2 == 0
    return kept


class Together:
    """Units that move, and their modules, in shards."""

    def __init__(self, run: Any, engine: Engine, units: Units, label: Labels, modules: Units, field: Any) -> None:
        n, uniform = units.number, len(units.flow) == 1
        self.run, self.engine, self.units, self.label, self.field = run, engine, units, label, field
        total = max(float(units.flow.sum()) * units.pace, 2.0)
        self.scale = 1 / (units.flow[0] * units.pace) if uniform else 2.0 ** (61 - np.ceil(np.log2(total)))
        self.unit = 0.5 / self.scale
        if not uniform and units.flow.min() * units.pace * self.scale < 0.5:
            light = np.count_nonzero(units.flow < 0.5 / (self.scale * units.pace))
            log.warning("%d of %d links weigh too little to count while nodes move", light // 2, len(units.flow) // 2)
        self.rows = shards(units.indptr)
        bounds = np.linspace(0, n, min(len(self.rows), 16) + 1).astype(int).tolist()
        self.ranges = list(pairwise(bounds))
        groups = len(field.above)
        self.exact, self.state, self.cost = np.zeros((n, 4), np.int64), lines(n), np.zeros(n)
        self.book = np.zeros((groups, 3))
        self.active = np.ones(n, np.uint8)
        kept = self.exact, self.state, self.cost, label, field.group, groups
        self.entered = run(began)(
            run(represented)(label), (modules.out, modules.into, modules.visit), self.scale, *kept
        )
        self.wish, self.bits = label.copy(), self.counted()

    def kept(self) -> tuple[np.ndarray, ...]:
        """All that cannot be reckoned from the rest."""
        return self.label, self.exact, self.active

    def restore(self, kept: bytes) -> None:
        """As it was when this was `kept`."""
        n, groups = self.units.number, len(self.entered)
        self.label[:] = np.frombuffer(kept, np.int32, n)
        self.exact[:] = np.frombuffer(kept, np.int64, 4 * n, 4 * n).reshape(n, 4)
        self.active[:] = np.frombuffer(kept, np.uint8, n, 36 * n)
        self.wish[:] = self.label
        rest = self.unit, self.exact, self.state, self.cost, self.field.group, groups
        self.entered = self.run(recounted)(self.label, *rest)
        self.bits = self.counted()

    def propose(self, draw: tuple[int, int, int], least: float) -> tuple[list[Int[np.ndarray, " _"]], int]:
        """Units of each shard that wish to move, their turn being drawn; how many were looked at."""
        run, groups = self.run(proposed), (self.field.group, self.field.group)
        modules = groups, self.label, NONE, self.state, self.book
        rest = self.units[:9], *modules, self.active, draw, least, self.wish
        found = list(self.engine.map(lambda first, last: run(first, last, 0, *rest), self.rows))
        return [ids for ids, _ in found], sum(looks for _, looks in found)

    def apply(self, ids: list[Int[np.ndarray, " _"]]) -> tuple[Int[np.ndarray, " moved"], Int[np.ndarray, "moved 4"]]:
        """These units go where they wish, in all but `label`; they, and what that changes."""
        moved, change = np.concatenate(ids), np.concatenate(self.changes(ids))
        self.signed(moved, change, 1)
        return moved, change

    def changes(self, ids: list[Int[np.ndarray, " _"]]) -> list[Int[np.ndarray, "_ 4"]]:
        """What each of these units changes; those next to it are to be looked at again."""
        links, rates = self.units[:3], self.units[3:6]
        run, rest = self.run(tallied), (rates, self.units.pace, self.scale, self.label, self.wish, self.active)
        tasks = [(those,) for those in ids if len(those)]
        return list(self.engine.map(lambda those: run(those, 0, *links, *rest), tasks))

    def signed(self, moved: Int[np.ndarray, " moved"], change: Int[np.ndarray, "moved 4"], sign: int) -> None:
        """Modules with these changes, or without them."""
        rest = moved, change, self.label, self.wish, sign, self.unit
        kept = self.exact, self.state, self.cost, self.field.group, len(self.entered)
        run = self.run(applied)
        for entered in self.engine.map(lambda first, last: run(first, last, *rest, *kept), self.ranges):
            self.entered += entered
        self.bits = self.counted()

    def counted(self) -> float:
        """What all codebooks cost, those of modules and those that name them."""
        return self.run(booked)(self.book, self.field.above, self.entered, self.unit) + float(self.cost.sum())

    def turn(self, draw: tuple[int, int, int], least: float) -> tuple[int, int]:
        """Units whose turn it is move: how many, and how many were looked at."""
        before, (ids, looks) = self.bits, self.propose(draw, least)
        for again in range(HALVES + 1):
            if not any(len(those) for those in ids):
                return 0, looks
            moved, change = self.apply(ids)
            if self.bits <= before:
                self.label[moved] = self.wish[moved]
                return len(moved), looks
            self.signed(moved, change, -1)
            kept = [self.run(half)(those, draw[0] + again + 1) & (again < HALVES) for those in ids]
            for those, stay in zip(ids, kept, strict=True):
                self.wish[those[~stay]] = self.label[those[~stay]]
                self.active[those[~stay]] = 1
            ids = [those[stay] for those, stay in zip(ids, kept, strict=True)]
        return 0, looks
