"""What every search is made of: units move between modules, and modules merge into units that move as one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from minent.community.search.engine import ALONE, Engine, large
from minent.community.search.merging import lifted, merge, renumbered
from minent.community.search.sweep import moves
from minent.community.search.together.sweeps import move_together
from minent.community.search.units import Units

Labels = Int[np.ndarray, " _"]
ONE = np.zeros(1, np.int32)
NONE = np.zeros(1)
CLIMBED = 0.005  # merging is done when no more than this share of the merged units moved
LIGHT = 2.0**-60  # flow of every link, of which integers do not hold the whole
LARGE = 1 << 18  # more units than this do not fit the cache


class Field(NamedTuple):
    """Where units may go: within their group (parent module), which the walker leaves at the group's rate `above`.

    `group` is of length 1 where all units are one group. `weight`, where not of length 1, tells how many children each
    unit is: a module of a single child then costs nothing, because the tree will hold the child in its place.
    """

    group: Int[np.ndarray, " _"] = ONE
    above: Float[np.ndarray, " _"] = NONE
    weight: Float[np.ndarray, " _"] = NONE

    def merged(self, label: Labels, count: int) -> "Field":
        """The field of the units that `label` makes of these."""
        group = lifted(self.group, label, count) if len(self.group) > 1 else self.group
        weight = np.bincount(label, self.weight, minlength=count) if len(self.weight) > 1 else self.weight
        return Field(group, self.above, weight)


ALL = Field()  # units of one network, free to go anywhere


@dataclass(frozen=True)
class Search:
    """The source of every random order, and how kernels are run (`kernels.interpreted` or `compiled`)."""

    random: np.random.Generator
    run: Callable
    engine: Engine = ALONE

    def move(
        self,
        units: Units,
        label: Labels,
        modules: Units,
        field: Field = ALL,
        *,
        active: Int[np.ndarray, " active"] | None = None,
        by_module: bool = False,
        sweeps: float = 50.0,
        least: float = 1e-10,
    ) -> int:
        """Move units (only the active ones to begin with) from the modules in `label`, in place; how many moves.

        The order is random; `by_module`, in a large network, it is module after module, to stay in the cache.
        `modules` are those in `label`, as units; where each unit is a module of its own, the units themselves."""
        if len(units.indices) == 0:
            return 0
        plain = units.words is None and len(units.port_from) == 1 and len(field.weight) == 1 and active is None
        plain = plain and (len(units.flow) > 1 or units.flow[0] * units.pace > LIGHT)
        if plain and large(len(units.indices), units.number):
            seed = int(self.random.integers(1 << 31))
            told = units, label, modules, field, seed, sweeps, least / units.number
            return move_together(self.run, self.engine, *told)
        order = np.arange(units.number) if active is None else active.astype(np.int64)
        if by_module and units.number > LARGE:
            order = np.argsort(label, kind="stable")
        else:
            self.random.shuffle(order)  # of 64 bits: numpy takes half as long as for 32
        order = order.astype(np.int32)
        began, limits = (modules.out, modules.into, modules.visit), (int(sweeps * len(order)), least / units.number)
        return moves(self.run, units, field, label, began, order, limits)

    def climb(self, units: Units, label: Labels, field: Field = ALL) -> tuple[Labels, Units]:
        """Merge what carries the same label, move the merged, and so on: labels 0, 1, …, and the modules as units."""
        module = np.arange(units.number, dtype=np.int32)
        while True:
            count = renumbered(self.run, label)
            module = label[module]
            units = merge(units, label, count, self.run, self.engine)
            field = field.merged(label, count)
            label = np.arange(count, dtype=np.int32)
            if self.move(units, label, units, field) <= CLIMBED * count:
                count, last = renumbered(self.run, label), count
                return label[module], units if count == last else merge(units, label, count, self.run, self.engine)
