"""Blocks are counted from the first token of each text: else what is read would depend on how much padding is in front,
and so on its batch mates.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from minent.nn.attention.heads import kept

Queries = Float[Tensor, "batch head n dim"]
Keys = Float[Tensor, "batch head keys _"]
Real = Bool[Tensor, "batch keys"]


def one_by_one(
    query: Queries, key: Keys, value: Keys, real: Real, attend: Callable[..., Tensor], by_distance: Tensor | None
) -> Float[Tensor, "batch head n width"]:
    """Each text by itself, from its first token on."""
    rows, start = [], key.shape[2] - query.shape[2]
    for b, first in enumerate(real.int().argmax(1).tolist()):
        q, k, v = query[b : b + 1, :, max(first - start, 0) :], *(x[b : b + 1, :, first:] for x in (key, value))
        fewer = None if by_distance is None else by_distance[:, first : by_distance.shape[1] - first]
        out = attend(q, k, v, padding_mask=real[b : b + 1, first:] if real[b].any() else None, by_distance=fewer)
        rows.append(F.pad(out, (0, 0, max(first - start, 0), 0)))
    return torch.cat(rows)


def moved_to_blocks(
    query: Queries, key: Keys, value: Keys, real: Real, window: int, attend: Callable[..., Tensor]
) -> Float[Tensor, "batch head n width"]:
    """All texts at once, each moved by less than a block, so that its first token is the first of one: for compilers,
    which cannot ask where that is. Distances stay, and blocks of padding have no weight."""
    n, keys = query.shape[2], key.shape[2]
    start = (keys - n) // window * window  # of the block of the first query
    behind = torch.remainder(-real.int().argmax(1, keepdim=True), window)  # places that a text is moved
    place = torch.arange(keys + window, device=real.device)
    old = place - behind
    within = old.clamp(0, keys - 1)
    real = real.gather(1, within) & (old == within)
    key, value = (kept(_taken(x, within), real) for x in (key, value))
    out = attend(_taken(query, (old[:, start:] - (keys - n)).clamp(0, n - 1)), key, value, padding_mask=real)
    return _taken(out, behind + torch.arange(keys - n - start, keys - start, device=real.device))


def _taken(x: Float[Tensor, "batch head _ dim"], places: Tensor) -> Tensor:
    """These tokens of each text."""
    return x.gather(2, places[:, None, :, None].expand(-1, x.shape[1], -1, x.shape[3]))
