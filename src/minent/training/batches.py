"""A step is taken on a few batches of an epoch, one after another; none reaches over the epoch's end."""

from collections.abc import Iterator
from itertools import islice
from typing import Protocol, runtime_checkable

import numpy as np

from minent.errors import BadInput

Group = tuple[int, int, list[dict[str, np.ndarray]], bool]


@runtime_checkable
class Batches(Protocol):
    """What a model is trained on: `len` batches an epoch, the same whenever the same number, from 1, is asked for.

    A batch is arrays by name; "id", where it is one of them, holds the ids of the batch's examples."""

    def epoch(self, number: int) -> Iterator[dict[str, np.ndarray]]: ...

    def __len__(self) -> int: ...


def groups(batches: Batches, size: int, epoch: int, position: int) -> Iterator[Group]:
    """What each step is taken on, from `position` in `epoch` on and for ever: the epoch, the position of the first
    batch, `size` batches or the fewer that are left, and whether they are the epoch's last.

    Raises BadInput for an epoch without batches.
    """
    while True:
        rest = islice(batches.epoch(epoch), position, None)
        group = list(islice(rest, size))
        if not group and position == 0:
            raise BadInput(f"an epoch must have a batch; got none in epoch {epoch}")
        while group:
            following = list(islice(rest, size))
            yield epoch, position, group, not following
            position, group = position + len(group), following
        epoch, position = epoch + 1, 0
