"""Where a token stands is added to it as waves or as a learned vector, or turns its queries and keys.

Waves (Vaswani et al. 2017): p[t, 2i] = sin(t ω_i), p[t, 2i+1] = cos(t ω_i), ω_i = 10000^(−2i/dim).
Turning (Su et al. 2021, RoPE): each pair (x_i, x_{i+dim/2}) of a head turns by the angle t ω_i; scores then depend on
distances only.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from minent.errors import BadInput
from minent.nn.shape import Positions


def angles(start: int, n: int, dim: int, device: torch.device | None = None) -> Float[Tensor, "n half"]:
    """t ω_i for the positions t = start, …, start + n − 1."""
    frequency = 10000.0 ** (-torch.arange(0, dim, 2, device=device) / dim)
    return torch.arange(start, start + n, device=device)[:, None] * frequency


def waves(start: int, n: int, dim: int, device: torch.device | None = None) -> Float[Tensor, "n dim"]:
    """Sinusoidal positions.

    >>> waves(0, 2, 2).mul(100).round().tolist()
    [[0.0, 100.0], [84.0, 54.0]]
    """
    turn = angles(start, n, dim, device)
    return torch.stack([turn.sin(), turn.cos()], dim=2).flatten(1)[:, :dim]


def rotated(heads: Float[Tensor, "batch head n dim"], start: int = 0) -> Float[Tensor, "batch head n dim"]:
    """Queries or keys, turned by their positions from `start` on; heads are of even width."""
    n, dim = heads.shape[2:]
    turn = angles(start, n, dim, heads.device)
    cos, sin = turn.cos().to(heads.dtype), turn.sin().to(heads.dtype)
    first, second = heads.chunk(2, dim=3)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=3)


class Embedding(nn.Module):
    """Tokens to vectors, with their positions; and, by the same weights, vectors to scores of all tokens.

    `longest` bounds learned positions only. With "rotary" positions attention does the work; nothing is added here.

    >>> embedding = Embedding(vocabulary=10, dim=4)
    >>> vectors = embedding(torch.tensor([[1, 2, 3]]))
    >>> vectors.shape, embedding.scores(vectors).shape
    (torch.Size([1, 3, 4]), torch.Size([1, 3, 10]))
    """

    def __init__(
        self,
        vocabulary: int,
        dim: int,
        *,
        positions: Positions = "sinusoidal",
        longest: int = 512,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, dim)
        nn.init.normal_(self.tokens.weight, std=dim**-0.5)
        self.positions, self.longest = positions, longest
        self.learned = nn.Parameter(torch.randn(longest, dim) * 0.02) if positions == "learned" else None
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor, start: int = 0) -> Float[Tensor, "batch n dim"]:
        """`tokens` (batch, n) are ids, or vectors (batch, n, dim) in place of those in `self.tokens`; `start` is the
        position of the first."""
        n, dim = tokens.shape[1], self.tokens.embedding_dim
        vectors = (tokens if tokens.is_floating_point() else self.tokens(tokens)) * dim**0.5
        if self.learned is not None:
            if start + n > self.longest:
                raise BadInput(f"positions are learned for {self.longest} tokens; got {start + n}")
            vectors = vectors + self.learned[start : start + n]
        elif self.positions == "sinusoidal":
            vectors = vectors + waves(start, n, dim, tokens.device).to(vectors.dtype)
        return self.dropout(vectors)

    def scores(self, vectors: Float[Tensor, "batch n dim"]) -> Float[Tensor, "batch n vocabulary"]:
        """The logit of every token: its inner product with the vector."""
        return nn.functional.linear(vectors, self.tokens.weight)
