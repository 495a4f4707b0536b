"""A transformer repeats two steps: tokens attend to one another, and each is transformed by itself; both are added.

    x ← x + Attention(norm(x)),  [x ← x + Attention(norm(x), memory),]  x ← x + W₂ GELU(W₁ norm(x))
with the norm before each step (pre-norm: Xiong et al. 2020, "On layer normalization"), and one after the last layer.
"""

from typing import Any

from jaxtyping import Bool, Float
from torch import Tensor, nn

from minent.errors import BadInput
from minent.nn.attention import Cache, attention
from minent.nn.shape import Shape


def self_attention(shape: Shape) -> nn.Module:
    """One layer's attention within a sequence."""
    options: dict[str, Any] = {"rotary": True} if shape.positions == "rotary" else {}
    if shape.attention == "nystrom":
        options["landmarks"] = shape.landmarks
    if shape.attention in ("window", "window+landmarks"):
        options["window"] = shape.window
    if shape.attention == "synthesizer":
        if options:
            raise BadInput("rotary positions turn queries and keys, which a synthesizer has not; choose others")
        options.update(longest=shape.settled().longest, kind=shape.kind)
    return attention(shape.attention, shape.dim, shape.heads, **options)


class Feed(nn.Module):
    """Each token transformed by itself: W₂ GELU(W₁ x + b₁) + b₂."""

    def __init__(self, dim: int, hidden: int):
        super().__init__()
        self.into, self.out = nn.Linear(dim, hidden), nn.Linear(hidden, dim)

    def forward(self, x: Float[Tensor, "batch n dim"]) -> Float[Tensor, "batch n dim"]:
        return self.out(nn.functional.gelu(self.into(x)))


class EncoderLayer(nn.Module):
    """Tokens attend to one another, then each is transformed."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.attention, self.feed = self_attention(shape), Feed(shape.dim, shape.hidden)
        self.norms = nn.ModuleList(nn.LayerNorm(shape.dim) for _ in range(2))
        self.dropout = nn.Dropout(shape.dropout)

    def forward(
        self,
        x: Float[Tensor, "batch n dim"],
        padding_mask: Bool[Tensor, "batch keys"] | None = None,
        causal: bool = False,
        cache: Cache | None = None,
    ) -> Float[Tensor, "batch n dim"]:
        """`padding_mask` is True for real tokens, with a cache of all so far."""
        x = x + self.dropout(self.attention(self.norms[0](x), None, padding_mask, causal, cache))
        return x + self.dropout(self.feed(self.norms[1](x)))


class DecoderLayer(nn.Module):
    """Tokens attend to those before them, then to a memory, then each is transformed."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.attention, self.feed = self_attention(shape), Feed(shape.dim, shape.hidden)
        self.across = attention("softmax", shape.dim, shape.heads)
        self.norms = nn.ModuleList(nn.LayerNorm(shape.dim) for _ in range(3))
        self.dropout = nn.Dropout(shape.dropout)

    def forward(
        self,
        x: Float[Tensor, "batch n dim"],
        memory: Float[Tensor, "groups k dim"],
        padding_mask: Bool[Tensor, "batch keys"] | None = None,
        memory_mask: Bool[Tensor, "groups k"] | None = None,
        caches: tuple[Cache, Cache] | None = None,
    ) -> Float[Tensor, "batch n dim"]:
        """Masks are True for real tokens; `caches` are of the tokens before x, which `padding_mask` then speaks of too,
        and of the memory."""
        own, other = caches or (None, None)
        x = x + self.dropout(self.attention(self.norms[0](x), None, padding_mask, True, own))
        x = x + self.dropout(self.across(self.norms[1](x), memory, memory_mask, False, other))
        return x + self.dropout(self.feed(self.norms[2](x)))


class Encoder(nn.Module):
    """Layers in which tokens attend to one another.

    >>> import torch
    >>> Encoder(Shape(dim=8, heads=2, layers=2, hidden=16))(torch.zeros(1, 3, 8)).shape
    torch.Size([1, 3, 8])
    """

    def __init__(self, shape: Shape):
        super().__init__()
        self.layers = nn.ModuleList(EncoderLayer(shape) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.dim)

    def forward(
        self,
        x: Float[Tensor, "batch n dim"],
        padding_mask: Bool[Tensor, "batch keys"] | None = None,
        causal: bool = False,
        caches: list[Cache] | None = None,
    ) -> Float[Tensor, "batch n dim"]:
        """As `EncoderLayer.forward`; `caches` are one a layer (`[Cache() for _ in encoder.layers]` to begin with)."""
        for i, layer in enumerate(self.layers):
            x = layer(x, padding_mask, causal, None if caches is None else caches[i])
        return self.norm(x)


class Decoder(nn.Module):
    """Layers in which tokens attend to those before them and to a memory.

    >>> import torch
    >>> decoder = Decoder(Shape(dim=8, heads=2, layers=2, hidden=16))
    >>> decoder(torch.zeros(1, 3, 8), torch.zeros(1, 5, 8)).shape
    torch.Size([1, 3, 8])
    """

    def __init__(self, shape: Shape):
        super().__init__()
        self.layers = nn.ModuleList(DecoderLayer(shape) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.dim)

    def forward(
        self,
        x: Float[Tensor, "batch n dim"],
        memory: Float[Tensor, "groups k dim"],
        padding_mask: Bool[Tensor, "batch keys"] | None = None,
        memory_mask: Bool[Tensor, "groups k"] | None = None,
        caches: list[tuple[Cache, Cache]] | None = None,
    ) -> Float[Tensor, "batch n dim"]:
        """As `DecoderLayer.forward`; `caches` are two a layer (`decoder.caches()` to begin with)."""
        for i, layer in enumerate(self.layers):
            x = layer(x, memory, padding_mask, memory_mask, None if caches is None else caches[i])
        return self.norm(x)

    def caches(self) -> list[tuple[Cache, Cache]]:
        """Empty caches, for step by step decoding."""
        return [(Cache(), Cache()) for _ in self.layers]
