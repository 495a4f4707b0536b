"""Two decoders, from left to right and from right to left, run together, and each attends to the other's history too.

    H = H_own + λ tanh(H_other),  H_own = softmax(QKᵀ/√d)V,  H_other = softmax(QK'ᵀ/√d)V'
where K', V' are the partner's, under the same mask: no further weights (Zhou, Zhang & Zong 2019, "Synchronous
bidirectional neural machine translation"). Fusion "linear" leaves out tanh; "gate" is r ∘ H_own + z ∘ H_other with
(r, z) = σ(W [H_own; H_other]). In training numbers of H_other are dropped out before that, as in the authors' code.

The batch has two halves, left to right and right to left; the partner of row i is row (i + batch/2) mod batch. Both
halves attend to one memory. They share their weights, or each has its own.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal, get_args

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn

from minent.errors import BadInput
from minent.nn.attention.heads import Cache, check_mask, joined, kept, split
from minent.nn.attention.softmax import Softmax

Fusion = Literal["tanh", "linear", "gate"]


class Halves(nn.Module):
    """Each half of a batch goes through a module of its own.

    >>> Halves(lambda: nn.Linear(8, 4))(torch.zeros(6, 3, 8)).shape
    torch.Size([6, 3, 4])
    """

    def __init__(self, made: Callable[[], nn.Module]):
        super().__init__()
        self.ways = nn.ModuleList(made() for _ in range(2))

    def forward(self, x: Float[Tensor, "batch *n dim"]) -> Float[Tensor, "batch *n width"]:
        return torch.cat([way(half) for way, half in zip(self.ways, x.chunk(2), strict=True)])


class Bidirectional(Softmax):
    """Self-attention of two decoders with one another; called as Softmax, with an even batch.

    `interaction` is λ: with 0 the halves have nothing to do with each other. `drop` is the share of the partner's part
    that is dropped in training. Without `shared`, each half has weights of its own.

    >>> attention = Bidirectional(8, 2)
    >>> attention(torch.zeros(4, 3, 8), causal=True).shape
    torch.Size([4, 3, 8])
    """

    def __init__(
        self,
        dim: int,
        heads: int,
        *,
        interaction: float = 0.1,
        fusion: Fusion = "tanh",
        drop: float = 0.0,
        shared: bool = True,
        rotary: bool = False,
        dropout: float = 0.0,
    ):
        super().__init__(dim, heads, rotary=rotary, dropout=dropout)
        if fusion not in get_args(Fusion):
            raise BadInput(f"fusion is one of {', '.join(get_args(Fusion))}; got {fusion!r}")
        self.interaction, self.fusion, self.drop = interaction, fusion, drop
        gate = partial(nn.Linear, 2 * dim // heads, 2 * dim // heads)
        self.gate = None if fusion != "gate" else gate() if shared else Halves(gate)
        if not shared:
            self.query, self.key, self.value, self.out = (Halves(partial(nn.Linear, dim, dim)) for _ in range(4))

    def attend(self, query: Tensor, key: Tensor, value: Tensor, padding_mask: Tensor | None, causal: bool) -> Tensor:
        """H for heads (batch, head, n, dim). Raises BadInput for a batch without halves."""
        if len(query) % 2:
            raise BadInput(f"a batch has two halves, one for each direction; got {len(query)} rows")
        half = len(query) // 2
        own = super().attend(query, key, value, padding_mask, causal)
        if self.interaction == 0:
            return own
        partner = (None if x is None else x.roll(half, 0) for x in (key, value, padding_mask))
        other = super().attend(query, *partner, causal)  # type: ignore[arg-type]
        return self.fused(own, nn.functional.dropout(other, self.drop, self.training))

    def fused(self, own: Tensor, other: Tensor) -> Tensor:
        """H of H_own and H_other."""
        if self.gate is not None:
            keep, take = self.gate(torch.cat([own, other], dim=3)).sigmoid().chunk(2, dim=3)
            return keep * own + take * other
        return own + self.interaction * (other.tanh() if self.fusion == "tanh" else other)


class Shared(Softmax):
    """Attention of both halves of a batch to the memory of their sentences, whose keys and values are computed once.
    Without `shared`, each half has weights of its own: its heads stand beside the other's.

    >>> Shared(8, 2)(torch.zeros(4, 3, 8), torch.zeros(2, 5, 8)).shape
    torch.Size([4, 3, 8])
    """

    def __init__(self, dim: int, heads: int, *, shared: bool = True):
        super().__init__(dim, heads)
        self.shared = shared
        if not shared:
            self.query, self.out = (Halves(partial(nn.Linear, dim, dim)) for _ in range(2))
            self.key, self.value = (nn.Linear(dim, 2 * dim) for _ in range(2))

    def forward(
        self,
        x: Float[Tensor, "batch n dim"],
        memory: Float[Tensor, "groups k dim"] | None = None,
        padding_mask: Bool[Tensor, "groups keys"] | None = None,
        causal: bool = False,
        cache: Cache | None = None,
    ) -> Float[Tensor, "batch n dim"]:
        """As `Softmax.forward`, always of a memory; in each half, every row of it serves as many consecutive rows as
        there are."""
        assert memory is not None
        check_mask(padding_mask, *memory.shape[:2])
        one, each = "(half group row) head n d", "head (half row n)" if self.shared else "(half head) (row n)"
        query = rearrange(split(self.query(x), self.heads), f"{one} -> group {each} d", half=2, group=len(memory))
        key, value = self.memorised(kept(memory, padding_mask), cache)
        out = self.attend(query, key, value, padding_mask, causal)
        return self.out(joined(rearrange(out, f"group {each} d -> {one}", half=2, head=self.heads, n=x.shape[1])))

    def memorised(self, memory: Tensor, cache: Cache | None) -> tuple[Tensor, Tensor]:
        """Keys and values of a memory, as the cache holds them or is to hold them."""
        if cache is not None and cache.key is not None and cache.value is not None:
            return cache.key, cache.value
        heads = self.heads if self.shared else 2 * self.heads
        key, value = split(self.key(memory), heads), split(self.value(memory), heads)
        if cache is not None:
            cache.append(key, value)
        return key, value
