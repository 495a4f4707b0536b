"""Two decoders, from left to right and from right to left, run together, and each attends to the other's history too.

    H = H_own + λ tanh(H_other),  H_own = softmax(QKᵀ/√d)V,  H_other = softmax(QK'ᵀ/√d)V'
where K', V' are the partner's, under the same mask: no further weights (Zhou, Zhang & Zong 2019, "Synchronous
bidirectional neural machine translation"). Fusion "linear" leaves out tanh; "gate" is r ∘ H_own + z ∘ H_other with
(r, z) = σ(W [H_own; H_other]).

The batch has two halves, left to right and right to left; the partner of row i is row (i + batch/2) mod batch. Both
halves attend to one memory.
"""

from typing import Literal, get_args

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn

from minent.errors import BadInput
from minent.nn.attention.heads import Cache
from minent.nn.attention.softmax import Softmax

Fusion = Literal["tanh", "linear", "gate"]


class Bidirectional(Softmax):
    """Self-attention of two decoders with one another; called as Softmax, with an even batch.

    `interaction` is λ: with 0 the halves have nothing to do with each other.

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
        rotary: bool = False,
        dropout: float = 0.0,
    ):
        super().__init__(dim, heads, rotary=rotary, dropout=dropout)
        if fusion not in get_args(Fusion):
            raise BadInput(f"fusion is one of {', '.join(get_args(Fusion))}; got {fusion!r}")
        self.interaction, self.fusion = interaction, fusion
        self.gate = nn.Linear(2 * dim // heads, 2 * dim // heads) if fusion == "gate" else None

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
        if self.gate is not None:
            keep, take = self.gate(torch.cat([own, other], dim=3)).sigmoid().chunk(2, dim=3)
            return keep * own + take * other
        return own + self.interaction * (other.tanh() if self.fusion == "tanh" else other)


class Shared(Softmax):
    """Attention of both halves of a batch to the memory of their sentences, whose keys and values are computed once.

    >>> Shared(8, 2)(torch.zeros(4, 3, 8), torch.zeros(2, 5, 8)).shape
    torch.Size([4, 3, 8])
    """

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
        halves = rearrange(x, "(half group row) n dim -> group (half row n) dim", half=2, group=len(memory))
        out = super().forward(halves, memory, padding_mask, causal, cache)
        return rearrange(out, "group (half row n) dim -> (half group row) n dim", half=2, n=x.shape[1])
