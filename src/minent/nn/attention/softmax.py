"""Attention answers each query with a mean of values, weighed by how well their keys match: softmax(QKᵀ/√d)V
(Vaswani et al. 2017)."""

from contextlib import nullcontext

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from minent.errors import BadInput
from minent.nn.attention.heads import (
    Cache,
    check_mask,
    check_tokens,
    head_size,
    ignoring,
    joined,
    kept,
    plainly,
    share,
    split,
)  # fmt: skip
from minent.nn.positions import rotated


def softmax_attention(
    query: Float[Tensor, "batch head n dim"],
    key: Float[Tensor, "batch head keys dim"],
    value: Float[Tensor, "batch head keys width"],
    mask: Tensor | None = None,
    *,
    causal: bool = False,
    dropout: float = 0.0,
    scale: float | None = None,
) -> Float[Tensor, "batch head n width"]:
    """softmax(QKᵀ/√d + mask)V by PyTorch, in float32 where that is faster on the way back."""
    dtype = query.dtype
    # on CPUs PyTorch's backward kernel for bfloat16 took ten times as long as that for float32
    wide = query.device.type == "cpu" and query.element_size() < 4 and torch.is_grad_enabled()
    if wide:
        query, key, value = query.float(), key.float(), value.float()
        mask = mask.float() if mask is not None and mask.dtype == dtype else mask
    transformed = plainly() and not torch.compiler.is_compiling()
    # under torch.func no kernel but the plain one has all derivatives
    kernel = sdpa_kernel(SDPBackend.MATH) if transformed else nullcontext()
    with kernel, torch.autocast(query.device.type, enabled=False) if wide else nullcontext():
        return F.scaled_dot_product_attention(
            query, key, value, mask, dropout_p=dropout, is_causal=causal, scale=scale
        ).to(dtype)


class Softmax(nn.Module):
    """Multi-head attention by PyTorch's `scaled_dot_product_attention`.

    `rotary`: queries and keys turn with their positions. `dropout`: the share of attention weights dropped in training.

    >>> import torch
    >>> attention = Softmax(8, 2)
    >>> attention(torch.zeros(1, 3, 8)).shape
    torch.Size([1, 3, 8])
    """

    def __init__(self, dim: int, heads: int, *, rotary: bool = False, dropout: float = 0.0):
        super().__init__()
        if head_size(dim, heads) % 2 and rotary:
            raise BadInput(f"rotary positions turn pairs; {heads} heads of a width of {dim} are of odd width")
        self.dim, self.heads, self.rotary, self.dropout = dim, heads, rotary, share("dropout", dropout)
        self.query, self.key, self.value, self.out = (nn.Linear(dim, dim) for _ in range(4))

    def forward(
        self,
        x: Float[Tensor, "batch n dim"],
        memory: Float[Tensor, "groups k dim"] | None = None,
        padding_mask: Bool[Tensor, "groups keys"] | None = None,
        causal: bool = False,
        cache: Cache | None = None,
    ) -> Float[Tensor, "batch n dim"]:
        """Queries are of `x`; keys and values of `memory`, or else of `x` and, before it, what `cache` holds.

        `padding_mask` (batch, keys) is True for real keys. `causal`: none sees a later one. A memory is read into the
        cache once and not again; one of fewer rows than `x` serves as many consecutive rows each (the beam of a
        sentence). Raises BadInput for tokens of another width and a mask that does not fit."""
        for tokens in (x, memory) if memory is not None else (x,):
            check_tokens(tokens, self.dim)
        if memory is not None and len(memory) < len(x):
            return self(x.reshape(len(memory), -1, x.shape[2]), memory, padding_mask, causal, cache).reshape(x.shape)
        held = cache.length if cache is not None and memory is None else 0
        check_mask(padding_mask, len(x), x.shape[1] + held if memory is None else memory.shape[1])
        if padding_mask is not None and memory is None:
            x = kept(x, padding_mask[:, held:])
        elif memory is not None:
            memory = kept(memory, padding_mask)
        query, key, value = self.parts(x, memory, cache)
        return self.out(joined(self.attend(query, key, value, padding_mask, causal)))

    def parts(self, x: Tensor, memory: Tensor | None, cache: Cache | None) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, with those that the cache holds."""
        kind = x.device.type
        if torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind):  # once, not for each of the three
            x = x.to(torch.get_autocast_dtype(kind))
        query = split(self.query(x), self.heads)
        if memory is not None and cache is not None and cache.key is not None and cache.value is not None:
            return query, cache.key, cache.value
        source, start = (x, cache.length if cache else 0) if memory is None else (memory, 0)
        key, value = split(self.key(source), self.heads), split(self.value(source), self.heads)
        if self.rotary and memory is None:
            query, key = rotated(query, start), rotated(key, start)
        if cache is not None:
            key, value = cache.append(key, value)
        assert key is not None
        return query, key, value

    def attend(self, query: Tensor, key: Tensor, value: Tensor, padding_mask: Tensor | None, causal: bool) -> Tensor:
        """softmax(QKᵀ/√d)V for heads (batch, head, n, dim)."""
        n, keys = query.shape[2], key.shape[2]
        plain = causal and padding_mask is None and n == keys
        mask = None if plain else ignoring(padding_mask, query.dtype, (n, keys) if causal else None, query.device)
        dropout = self.dropout if self.training else 0.0
        return softmax_attention(query, key, value, mask, causal=plain, dropout=dropout)
