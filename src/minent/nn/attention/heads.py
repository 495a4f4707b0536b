"""What all attentions share: a vector is split into heads, padding is ignored, and decoding remembers its past."""

from copy import copy
from operator import index
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from minent.errors import BadInput

BY_HAND = ("cpu",)  # devices where gradients written by hand are the faster ones
ROOM = 16  # tokens to come that a cache has space for when it grows


class Cache:
    """What decoded tokens leave for those to come: filled by the attention that it is handed to, step after step."""

    def __init__(self) -> None:
        self.length = 0
        self._key: Tensor | None = None
        self._value: Tensor | None = None

    @property
    def key(self) -> Float[Tensor, "batch head n dim"] | None:
        """The keys of all tokens so far; None where an attention has none, or before the first."""
        return None if self._key is None else self._key[:, :, : self.length]

    @property
    def value(self) -> Float[Tensor, "batch head n dim"] | None:
        """The values of all tokens so far; None before the first."""
        return None if self._value is None else self._value[:, :, : self.length]

    def append(self, key: Tensor | None, value: Tensor) -> tuple[Tensor | None, Tensor]:
        """Keys and values of new tokens; those of all tokens so far."""
        self._key = None if key is None else _appended(self._key, key, self.length)
        self._value = _appended(self._value, value, self.length)
        self.length += value.shape[2]
        return self.key, self._value[:, :, : self.length]

    def select(self, rows: Tensor) -> None:
        """Keep these rows of the batch, in this order (a beam search reorders its hypotheses)."""
        self._key = None if self._key is None else self._key.index_select(0, rows)
        self._value = None if self._value is None else self._value.index_select(0, rows)

    def of(self, rows: Tensor) -> "Cache":
        """Another cache, of these rows of the batch."""
        other = copy(self)
        other.select(rows)
        return other


def _appended(held: Tensor | None, new: Tensor, length: int) -> Tensor:
    """`new` behind the first `length` tokens held: in place where there is room and no gradient is asked for."""
    if held is None:
        return new
    if torch.is_grad_enabled():
        return torch.cat([held[:, :, :length], new], dim=2)
    batch, head, n, dim = new.shape
    if length + n > held.shape[2]:
        larger = held.new_empty(batch, head, length + n + ROOM, dim)
        larger[:, :, :length] = held[:, :, :length]
        held = larger
    held[:, :, length : length + n] = new
    return held


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


def whole(name: str, value: Any, least: int = 1) -> int:
    """`value`; raises BadInput where it is no whole number of at least `least`."""
    try:
        number = value if isinstance(value, int) else index(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise BadInput(f"{name} is a whole number, at least {least}; got {value!r}")
    return number


def share(name: str, value: float) -> float:
    """`value`; raises BadInput where it is no share of a whole."""
    if not 0 <= value <= 1:
        raise BadInput(f"{name} is a share, from 0 to 1; got {value}")
    return value


def plainly() -> bool:
    """Whether a compiler reads along or torch.func is at work: gradients by hand then give way to plain operators, of
    which both know everything."""
    return torch.compiler.is_compiling() or torch._C._functorch.peek_interpreter_stack() is not None  # type: ignore[attr-defined]


def by_hand(tokens: Tensor) -> bool:
    """Whether gradients are those written by hand: where they are faster, and nobody reads along."""
    return tokens.device.type in BY_HAND and not plainly()


def kept(tokens: Float[Tensor, "batch *head n dim"], padding_mask: Bool[Tensor, "batch n"] | None) -> Tensor:
    """Zeros in place of padding: whatever it held, infinity or no number among it, no weight of 0 could undo."""
    if padding_mask is None:
        return tokens
    return tokens.masked_fill(~(padding_mask[:, :, None] if tokens.dim() == 3 else padding_mask[:, None, :, None]), 0)


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


def check_tokens(tokens: Tensor, dim: int) -> None:
    """Raises BadInput for what is not (batch, n, dim) numbers."""
    if tokens.dim() != 3 or tokens.shape[2] != dim or not tokens.is_floating_point():
        raise BadInput(f"tokens are floats (batch, n, {dim}); got {tokens.dtype} {tuple(tokens.shape)}")


def check_mask(padding_mask: Tensor | None, batch: int, n: int) -> None:
    """Raises BadInput for a padding mask of another type or shape than (batch, n) truths."""
    if padding_mask is None:
        return
    if padding_mask.dtype != torch.bool or tuple(padding_mask.shape) != (batch, n):
        came = f"{padding_mask.dtype} {tuple(padding_mask.shape)}"
        raise BadInput(f"a padding mask is torch.bool ({batch}, {n}), True for real tokens; got {came}")
