"""Attention whose weights are made without comparing tokens: softmax(B)V, where B is a function of the position or of
the querying token alone (Tay et al. 2020, Synthesizer). For each head, B is

    dense              ReLU(x W₁ + b₁) W₂ + b₂, a row for the token x
    random             trained numbers; fixed: numbers that stay as they were drawn
    factorised-dense   B_j = a_{j mod p} b_{⌊j/p⌋}: a short row tiled, times another with each element repeated
    factorised-random  R₁R₂ᵀ, of rank 8
    softmax            QKᵀ/√d, the usual scores, to mix with others
A mixture "random+softmax" is softmax(Σ_i α_i B_i) with α = softmax of trained numbers, one for each.
"""

import functools
from typing import Any

import torch
import torch.nn.functional as F
from einops import einsum
from jaxtyping import Bool, Float
from torch import Tensor, nn

from minent.errors import BadInput
from minent.nn.attention.heads import (
    Cache,
    check_mask,
    check_tokens,
    head_size,
    ignoring,
    joined,
    kept,
    share,
    split,
    whole,
)  # fmt: skip
from minent.nn.attention.scores import Dense, FactorisedDense, FactorisedRandom, Fixed, Random
from minent.nn.attention.softmax import softmax_attention

KINDS: dict[str, Any] = {
    "dense": Dense,
    "random": Random,
    "fixed": Fixed,
    "factorised-dense": FactorisedDense,
    "factorised-random": FactorisedRandom,
    "softmax": None,
}


class Synthesizer(nn.Module):
    """Multi-head self-attention with synthesised weights, for inputs of at most `longest` tokens, and any shorter ones.

    `kind`: one of KINDS, or several joined by "+". `dropout`: the share of attention weights dropped in training.

    >>> attention = Synthesizer(8, 2, longest=16, kind="random+dense")
    >>> attention(torch.zeros(1, 3, 8), causal=True).shape
    torch.Size([1, 3, 8])
    """

    def __init__(self, dim: int, heads: int, *, longest: int = 512, kind: str = "random", dropout: float = 0.0):
        super().__init__()
        kinds = kind.split("+")
        if unknown := [name for name in kinds if name not in KINDS]:
            raise BadInput(f"a synthesizer is one of {', '.join(KINDS)}, or several joined by +; got {unknown[0]!r}")
        if len(set(kinds)) < len(kinds) or kinds == ["softmax"]:
            raise BadInput(f"a synthesizer mixes different kinds, not only softmax; got {kind!r}")
        longest = whole("longest", longest)
        head_size(dim, heads)
        self.dim, self.heads, self.longest, self.dropout = dim, heads, longest, share("dropout", dropout)
        self.value, self.out = nn.Linear(dim, dim), nn.Linear(dim, dim)
        compared = "softmax" in kinds
        self.query, self.key = (nn.Linear(dim, dim) if compared else None for _ in range(2))
        self.parts = nn.ModuleDict({name: KINDS[name](dim, heads, longest) for name in kinds if KINDS[name]})
        self.mixture = nn.ParameterDict({name: torch.zeros(()) for name in kinds}) if len(kinds) > 1 else None

    def forward(
        self,
        x: Float[Tensor, "batch n dim"],
        memory: Float[Tensor, "batch k dim"] | None = None,
        padding_mask: Bool[Tensor, "batch keys"] | None = None,
        causal: bool = False,
        cache: Cache | None = None,
    ) -> Float[Tensor, "batch n dim"]:
        """As `Softmax.forward`, of one sequence. Raises BadInput for more than `longest` tokens, a memory, and a mask
        that does not fit."""
        if memory is not None:
            raise BadInput('a synthesizer attends within one sequence, not to a memory; use "softmax"')
        check_tokens(x, self.dim)
        start = 0 if cache is None else cache.length
        keys = start + x.shape[1]
        if keys > self.longest:
            raise BadInput(f"this synthesizer is built for at most {self.longest} tokens; got {keys}")
        check_mask(padding_mask, len(x), keys)
        x = kept(x, None if padding_mask is None else padding_mask[:, start:])
        value = split(self.value(x), self.heads)
        query, key = (None if linear is None else split(linear(x), self.heads) for linear in (self.query, self.key))
        if cache is not None:
            key, value = cache.append(key, value)
        scores = self._scores(x, start, keys, padding_mask, causal)
        if query is not None and key is not None:
            query = query if self.mixture is None else query * self._shares()["softmax"]
            dropout = self.dropout if self.training else 0.0
            return self.out(joined(softmax_attention(query, key, value, scores, dropout=dropout)))
        weights = F.dropout(scores.softmax(-1), self.dropout, self.training).to(value.dtype)
        if len(weights) == 1:  # one product for the whole batch
            out = einsum(weights[0], value, "head q k, batch head k dim -> batch head q dim")
        else:
            out = weights @ value
        return self.out(joined(out))

    def _shares(self) -> dict[str, Tensor]:
        """α, by kind."""
        assert self.mixture is not None
        return dict(zip(self.mixture, torch.stack(list(self.mixture.values())).softmax(0).unbind(), strict=True))

    def _scores(
        self, x: Tensor, start: int, keys: int, padding_mask: Tensor | None, causal: bool
    ) -> Float[Tensor, "_ head n keys"]:
        """Σ α_i B_i of all kinds but softmax, what is not to be seen masked; of batch size 1 where no kind looks at x
        and nothing is padding."""
        if self.mixture is None:
            (part,) = self.parts.values()
            scores = part(x, start, keys)
        else:
            share = self._shares()
            terms = [share[name] * part(x, start, keys) for name, part in self.parts.items()]
            scores = functools.reduce(torch.add, terms)
        mask = ignoring(padding_mask, x.dtype, (x.shape[1], keys) if causal else None, x.device)
        return scores if mask is None else scores + mask
