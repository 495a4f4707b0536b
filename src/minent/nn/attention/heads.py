"""What all attentions share: a vector is split into heads, padding is ignored, and decoding remembers its past."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from minent.errors import BadInput


@dataclass
class Cache:
    """What decoded tokens leave for those to come: filled by the attention that it is handed to, step after step."""

    length: int = 0
    key: Float[Tensor, "batch head n dim"] | None = None
    value: Float[Tensor, "batch head n dim"] | None = None

    def append(self, key: Tensor | None, value: Tensor) -> tuple[Tensor | None, Tensor]:
        """Keys and values of new tokens; those of all tokens so far."""
        if self.value is not None:
            value = torch.cat([self.value, value], dim=2)
            key = None if key is None or self.key is None else torch.cat([self.key, key], dim=2)
        self.key, self.value, self.length = key, value, value.shape[2]
        return key, value

    def select(self, rows: Tensor) -> None:
        """Keep these rows of the batch, in this order (a beam search reorders its hypotheses)."""
        self.key = None if self.key is None else self.key[rows]
        self.value = None if self.value is None else self.value[rows]


def split(tokens: Float[Tensor, "batch n width"], heads: int) -> Float[Tensor, "batch {heads} n dim"]:
    """The heads of every token, as a view."""
    return tokens.unflatten(2, (heads, -1)).transpose(1, 2)


def joined(tokens: Float[Tensor, "batch head n dim"]) -> Float[Tensor, "batch n width"]:
    """The heads of every token side by side again."""
    return tokens.transpose(1, 2).flatten(2)


def head_size(dim: int, heads: int) -> int:
    """The width of a head; raises BadInput where heads do not share `dim` evenly."""
    if heads < 1 or dim % heads:
        raise BadInput(f"heads must share the width evenly; got {heads} heads for a width of {dim}")
    return dim // heads


def ignoring(
    padding_mask: Bool[Tensor, "batch n"] | None,
    dtype: torch.dtype,
    causal: tuple[int, int] | None = None,
    device: torch.device | None = None,
) -> Float[Tensor, "_ 1 _ _"] | None:
    """What to add to scores (queries, keys) so that padding and, where `causal` tells how many queries and keys there
    are (the last query sees all keys), the future get no weight. Finite: a sample that is all padding stays finite."""
    low = torch.finfo(dtype).min / 2
    add = None
    if padding_mask is not None:
        add = torch.zeros(padding_mask.shape, dtype=dtype, device=padding_mask.device)
        add = add.masked_fill(~padding_mask, low)[:, None, None, :]
    if causal is not None and causal[0] > 1:
        queries, keys = causal
        later = torch.full((1, 1, queries, keys), low, dtype=dtype, device=device).triu(1 + keys - queries)
        add = later if add is None else torch.minimum(add, later)
    return add


def check_mask(padding_mask: Tensor | None, batch: int, n: int) -> None:
    """Raises BadInput for a padding mask of another type or shape than (batch, n) truths."""
    if padding_mask is None:
        return
    if padding_mask.dtype != torch.bool or tuple(padding_mask.shape) != (batch, n):
        came = f"{padding_mask.dtype} {tuple(padding_mask.shape)}"
        raise BadInput(f"a padding mask is torch.bool ({batch}, {n}), True for real tokens; got {came}")
