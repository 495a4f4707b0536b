"""A step is taken on a few batches of an epoch, one after another; none reaches over the epoch's end."""

import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from minent.errors import BadInput

Arrays = Mapping[str, np.ndarray | Tensor]
Group = tuple[int, int, list[Arrays], bool]


@runtime_checkable
class Batches(Protocol):
    """What a model is trained on: `len` batches an epoch, the same whenever the same number, from 1, is asked for.

    A batch is arrays or tensors by name; "id", where it is one of them, holds the ids of the batch's examples."""

    def epoch(self, number: int) -> Iterator[Arrays]: ...

    def __len__(self) -> int: ...


def groups(
    batches: Batches, size: int, epoch: int, position: int, passed: Callable[[Any], object] = lambda batch: None
) -> Iterator[Group]:
    """What each step is taken on, from `position` in `epoch` on and for ever: the epoch, the position of the first
    batch, `size` batches or the fewer that are left, and whether they are the epoch's last. The batch right before them
    is first told to `passed`.

    Raises BadInput for an epoch without batches, and for a batch that is no arrays by name.
    """
    rest = iter(batches.epoch(epoch))
    for batch in deque(islice(rest, position), maxlen=1):
        passed(batch)
    while True:
        group = list(islice(rest, size))
        if not group and position == 0:
            raise BadInput(f"an epoch must have a batch; got none in epoch {epoch}")
        while group:
            if other := [one for one in group if not isinstance(one, Mapping)]:
                raise BadInput(f"a batch is arrays or tensors by name, a dict of them; got a {type(other[0]).__name__}")
            following = list(islice(rest, size))
            yield epoch, position, group, not following
            position, group = position + len(group), following
        epoch, position = epoch + 1, 0
        rest = iter(batches.epoch(epoch))


def digest(batch: Arrays) -> int:
    """What tells a batch from others: of its arrays of numbers.

    >>> digest({"x": np.array([1.0, 2.0])}) == digest({"x": torch.tensor([1.0, 2.0]).double()})
    True
    """
    found = 0
    for name in sorted(batch):
        tensor = torch.as_tensor(batch[name]).detach().cpu().contiguous().flatten()
        found = zlib.crc32(tensor.view(torch.uint8).numpy().data, zlib.crc32(name.encode(), found))
    return found
