"""The scores B of a Synthesizer that no key has part in; rows of queries at positions from `start` on, `keys` columns.

Each part is called with (x, start, keys), x (batch, n, dim), and returns (batch or 1, head, n, keys).
"""

import math

import torch
from einops import einsum
from jaxtyping import Float
from torch import Tensor, nn

from minent.errors import BadInput
from minent.nn.attention.heads import split

MOST = 2**28  # numbers of random scores in a layer: a GiB
Scores = Float[Tensor, "_ head n keys"]


class Random(nn.Module):
    """Trained scores, normally distributed to begin with."""

    def __init__(self, dim: int, heads: int, longest: int):
        super().__init__()
        if (numbers := heads * longest**2) > MOST:
            raise BadInput(
                f"random scores of {heads} heads for {longest:,} tokens are {numbers:,} numbers a layer, "
                f"{numbers / 2**28:.0f} GiB; at most {MOST:,} are built: choose factorised-random, or fewer tokens"
            )
        self.scores = nn.Parameter(torch.randn(heads, longest, longest))

    def forward(self, x: Tensor, start: int, keys: int) -> Scores:
        return self.scores[None, :, start : start + x.shape[1], :keys]


class Fixed(Random):
    """The same, not trained."""

    def __init__(self, dim: int, heads: int, longest: int):
        super().__init__(dim, heads, longest)
        self.scores.requires_grad_(False)


class FactorisedRandom(nn.Module):
    """R₁R₂ᵀ of rank 8."""

    def __init__(self, dim: int, heads: int, longest: int, rank: int = 8):
        super().__init__()
        self.rows, self.columns = (nn.Parameter(torch.randn(heads, longest, rank) * rank**-0.25) for _ in range(2))

    def forward(self, x: Tensor, start: int, keys: int) -> Scores:
        return (self.rows[:, start : start + x.shape[1]] @ self.columns[:, :keys].mT)[None]


class Dense(nn.Module):
    """A row of scores for each token, by a network of two layers."""

    def __init__(self, dim: int, heads: int, longest: int):
        super().__init__()
        self.heads, self.hidden = heads, nn.Linear(dim, dim)
        self.scores = _Heads(heads, dim // heads, longest)

    def forward(self, x: Tensor, start: int, keys: int) -> Scores:
        return self.scores(split(self.hidden(x).relu(), self.heads), keys)


class FactorisedDense(nn.Module):
    """Two short rows for each token: one tiled, the other with every element repeated, and their product."""

    def __init__(self, dim: int, heads: int, longest: int):
        super().__init__()
        self.heads, self.hidden = heads, nn.Linear(dim, dim)
        short = math.isqrt(longest - 1) + 1
        self.tiled = _Heads(heads, dim // heads, short)
        self.repeated = _Heads(heads, dim // heads, -(-longest // short))

    def forward(self, x: Tensor, start: int, keys: int) -> Scores:
        hidden = split(self.hidden(x).relu(), self.heads)
        tiled, repeated = self.tiled(hidden), self.repeated(hidden)
        return einsum(repeated, tiled, "b head n q, b head n p -> b head n q p").flatten(3)[..., :keys]


class _Heads(nn.Module):
    """A linear map of its own for each head."""

    def __init__(self, heads: int, dim: int, width: int):
        super().__init__()
        bound = dim**-0.5
        self.weight = nn.Parameter(torch.empty(heads, dim, width).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(heads, 1, width))

    def forward(self, x: Float[Tensor, "batch head n dim"], columns: int | None = None) -> Tensor:
        return x @ self.weight[..., :columns] + self.bias[..., :columns]
