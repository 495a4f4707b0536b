"""Sweeps of units that move at once, until few still do; where a journal is kept, they go on where they were ended."""

import time
from typing import Any

import numpy as np

from minent.community.search.engine import Engine
from minent.community.search.together.apart import Apart
from minent.community.search.together.together import TURNS, Labels, Together
from minent.community.search.units import Units
from minent.kernels import lasting, log, read_only

SETTLED = 0.005  # a sweep that moves no more than this share of the units is the last


def move_together(
    run: Any,
    engine: Engine,
    units: Units,
    label: Labels,
    modules: Units,
    field: Any,
    seed: int,
    sweeps: float,
    least: float,
) -> int:
    """Move units from the modules in `label`, in place (values below the number of units), until so few move that it is
    not worth another sweep, or `sweeps` times as many as there are have been looked at; how many moves."""
    journal, (sweep, moves, patience) = engine.journal, (0, 0, int(sweeps * units.number))
    kept = journal.recalled(label, seed) if journal else None
    if kept and kept[0]:
        label[:] = np.frombuffer(kept[2], label.dtype)
        return kept[1][1]
    told, far = (run, engine, units, label, modules, read_only_field(field)), engine.far(units)
    together = Together(*told) if far is None else Apart(*told, far)
    if kept:
        sweep, moves, patience = kept[1]
        together.restore(kept[2])
    progress = Sweeps(units.number)
    while patience > 0:
        moved = 0
        for turn in range(TURNS):
            more, looks = together.turn(((seed + 97 * sweep) % (1 << 31), TURNS, turn), least)
            moved, patience = moved + more, patience - looks
        moves, sweep = moves + moved, sweep + 1
        if moved <= SETTLED * units.number:
            break
        progress.told(sweep, moved)
        if journal:
            journal.noted(False, (sweep, moves, patience), *together.kept())
    if journal:
        journal.noted(True, (sweep, moves, patience), label)
    return moves


class Sweeps:
    """How far sweeps are, and about how long the rest takes where each moves as much less as the last did."""

    def __init__(self, units: int) -> None:
        self.least, self.units, self.before = SETTLED * units, units, 0
        self.start = self.last = time.perf_counter()

    def told(self, sweep: int, moved: int) -> None:
        """Tell of a sweep that moved so many."""
        now = time.perf_counter()
        took, self.last = now - self.last, now
        falls = moved / self.before if 0 < moved < self.before else 0.5
        left = took * max(1.0, np.log(self.least / moved) / np.log(falls))
        self.before = moved
        where = f"{self.units:,} nodes or modules move: sweep {sweep}, {100 * moved / self.units:.1f} % moved"
        log.info("%s, about %s left of this step", where, lasting(left))


def read_only_field(field: Any) -> Any:
    """As kernels see it."""
    return field._replace(group=read_only(field.group), above=read_only(field.above))
