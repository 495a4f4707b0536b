"""What is added to scores of neighbours and of landmarks: what may be seen, how many tokens a landmark stands for, and
what a model adds by distance (T5's buckets), which for a landmark is that of the middle of its real tokens.

It is exact where a model adds the same from some distance on, and windows are at least as wide: T5 and MPNet
know no distances beyond 128.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


class Blocks(NamedTuple):
    """Queries in `number` blocks from the `first` on, and all keys, in blocks of `window`."""

    first: int
    number: int
    window: int
    causal: bool
    reach: int | None

    def near(self, blocks: Tensor) -> list[Tensor]:
        """For each block of queries the one before it, itself and, where it may be seen, the one behind it, of `blocks`
        (batch, head, count, window, dim) with a block of zeros before them."""
        return [blocks[:, :, self.first + i : self.first + i + self.number] for i in range(2 if self.causal else 3)]

    def distances(self, device: torch.device) -> Int[Tensor, "window near"]:
        """From each query of a block to each neighbour."""
        place = torch.arange(-self.window, self.window * (1 if self.causal else 2), device=device)
        return place - torch.arange(self.window, device=device)[:, None]


def added_near(
    real: Bool[Tensor, "_ 1 count window 1"], blocks: Blocks, by_distance: Tensor | None, dtype: torch.dtype
) -> Float[Tensor, "_ _ blocks _ near"]:
    """To scores of keys nearby, for all queries of a block alike where order and distance do not count."""
    add = low(torch.cat(blocks.near(real), 3)[..., 0], dtype)[:, :, :, None]
    if not blocks.causal and blocks.reach is None and by_distance is None:
        return add
    distance = blocks.distances(real.device)
    if blocks.causal or blocks.reach is not None:
        within = distance.abs() <= (2 * blocks.window if blocks.reach is None else blocks.reach)
        add = torch.minimum(add, low(within & (distance <= 0) if blocks.causal else within, dtype))
    return add if by_distance is None else add + _at(by_distance, distance)[:, None]


def added_far(
    real: Bool[Tensor, "_ count window"], blocks: Blocks, by_distance: Tensor | None, dtype: torch.dtype
) -> Float[Tensor, "_ _ blocks _ count"]:
    """To scores of landmarks: how many tokens they stand for, as a logarithm; those near the query, and empty ones, get
    no weight."""
    size = real.sum(2)
    own = torch.arange(blocks.first, blocks.first + blocks.number, device=size.device)[:, None]
    other = torch.arange(size.shape[1], device=size.device)
    seen = (other < own - 1) if blocks.causal else (other - own).abs() > 1
    share = size.clamp(min=1).to(dtype).log().to(dtype)[:, None]
    low = torch.finfo(dtype).min / 2
    add = share.masked_fill(~(seen & (size > 0)[:, None]), low)[:, None, :, None]
    if by_distance is None:
        return add
    within = torch.arange(blocks.window, device=size.device)
    middle = other * blocks.window + (real * within).sum(2) // size.clamp(min=1)
    place = own * blocks.window + within
    return add + _at(by_distance, middle[:, None, None] - place[:, :, None]).transpose(0, 1)


def _at(by_distance: Float[Tensor, "head places"], distance: Int[Tensor, "..."]) -> Float[Tensor, "head ..."]:
    """What is added at these distances; it is there for all of −(keys − 1) to keys − 1."""
    most = by_distance.shape[1] // 2
    return by_distance[:, distance.clamp(-most, most) + most]


def dense(by_distance: Float[Tensor, "head places"], n: int, keys: int) -> Float[Tensor, "1 head n keys"]:
    """For each of the last n queries and each key."""
    place = torch.arange(keys, device=by_distance.device)
    return _at(by_distance, place - place[keys - n :, None])[None]


def low(seen: Bool[Tensor, "..."], dtype: torch.dtype) -> Tensor:
    """What to add to scores so that only what is `seen` gets weight."""
    return torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill(~seen, torch.finfo(dtype).min / 2)
