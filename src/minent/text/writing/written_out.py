"""A decoder's step for one more token a row, written out: what its modules compute, without the calls of modules.

    x ← x + W_o (softmax(qKᵀ/√d)V),  (q, k, v) = W norm(x),     k and v kept behind K and V
    x ← x + W_o (softmax(W_q norm(x) Mᵀ/√d)M'),                 M and M' of the source, kept since the first token
    x ← x + W₂ GELU(W₁ norm(x))
A step has few rows: it reads weights and does little else, so that calls of modules took as long as that. The weights
of the vocabulary are laid out anew on CPUs, by which a product with one row takes half the time.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minent.nn.attention import Cache
from minent.nn.attention.bidirectional import Bidirectional, Halves, Shared
from minent.nn.attention.heads import ignoring
from minent.nn.attention.softmax import Softmax
from minent.nn.positions import Embedding, rotated, waves
from minent.nn.transformer import Decoder, DecoderLayer, Feed
from minent.text.writing.model import Writer

KNOWN = {
    Decoder, DecoderLayer, Feed, Softmax, Bidirectional, Halves, Shared, Embedding,
    nn.Linear, nn.LayerNorm, nn.ModuleList, nn.Dropout, nn.Embedding,
}  # fmt: skip
AHEAD = 64  # positions whose waves are computed at once


def written_out(model: Writer) -> "WrittenOut | None":
    """The decoder's step; None where its modules are not what they were made as: others, hooked, in training."""
    for module in (*model.decoder.modules(), *model.embedding.modules()):
        hooked = module._forward_hooks or module._forward_pre_hooks or "forward" in vars(module)
        if type(module) not in KNOWN or hooked or module.training:
            return None
    kind = next(model.parameters()).device.type
    if torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind):
        return None
    return WrittenOut(model)


class WrittenOut:
    """Scores of what follows one more token in every row; see `written_out`."""

    def __init__(self, model: Writer):
        decoder: Any = model.decoder
        self.embedding, self.layers = model.embedding, [Layer(layer) for layer in decoder.layers]
        self.norm, self.vocabulary = normed(decoder.norm), model.embedding.tokens.weight.t()
        if self.vocabulary.device.type == "cpu":
            self.vocabulary = self.vocabulary.contiguous()
        self.places: Tensor | None = None

    def __call__(
        self,
        tokens: Int[Tensor, " rows"],
        start: int,
        caches: Sequence[tuple[Cache, Cache]],
        memory_mask: Bool[Tensor, "groups k"] | None,
        real: Bool[Tensor, "rows n"] | None,
    ) -> Float[Tensor, "rows vocabulary"]:
        """`tokens` stand at position `start`; `caches` hold those before them, and the memory; masks are those of
        `Decoder.forward`."""
        x = self.placed(tokens, start)
        other, past = (None if mask is None else ignoring(mask, x.dtype) for mask in (memory_mask, real))
        for layer, (own, memory) in zip(self.layers, caches, strict=True):
            x = x + layer.within(x, own, past, start)
            x = x + layer.across(x, memory, other)
            x = x + layer.out(F.gelu(layer.into(layer.norms[2](x))))
        return self.norm(x) @ self.vocabulary

    def placed(self, tokens: Tensor, start: int) -> Float[Tensor, "rows dim"]:
        """Vectors of tokens at a position, as those of `Embedding`, whose waves are computed anew for each step."""
        if self.embedding.positions != "sinusoidal":
            return self.embedding(tokens[:, None], start)[:, 0]
        vectors = F.embedding(tokens, self.embedding.tokens.weight)
        if self.places is None or start >= len(self.places):
            self.places = waves(0, start + AHEAD, vectors.shape[1], tokens.device).to(vectors.dtype)
        return vectors * vectors.shape[1] ** 0.5 + self.places[start]


class Layer:
    """A layer of the decoder, as functions of rows."""

    def __init__(self, layer: DecoderLayer):
        own: Any = layer.attention
        across: Any = layer.across
        self.attention, self.heads, self.sides = own, own.heads, 1 + isinstance(across, Shared)
        shared = getattr(across, "shared", True)  # rows of both sides ask the same heads, or each has its own
        self.order, self.side = ((1, 3, 0, 2, 4), 2) if shared else ((1, 0, 3, 2, 4), 1)
        self.back = (2, 0, 3, 1, 4) if shared else (1, 0, 3, 2, 4)
        self.norms = [normed(norm) for norm in layer.norms]
        self.read = [linear(part) for part in (own.query, own.key, own.value)]
        self.said, self.asked, self.told = linear(own.out), linear(across.query), linear(across.out)
        self.into, self.out = (linear(layer.feed, name) for name in ("into", "out"))

    def within(self, x: Tensor, cache: Cache, mask: Tensor | None, start: int) -> Float[Tensor, "rows dim"]:
        """What a row's token makes of those before it, and of its partner's."""
        x = self.norms[0](x)
        query, key, value = (part(x).view(len(x), self.heads, 1, -1) for part in self.read)
        if self.attention.rotary:
            query, key = rotated(query, start), rotated(key, start)
        keys, values = cache.append(key, value)
        assert keys is not None
        if not getattr(self.attention, "interaction", 0):
            return self.said(F.scaled_dot_product_attention(query, keys, values, mask).flatten(1))
        half = len(x) // 2  # either half asks both caches
        asked = torch.cat([query, query.roll(half, 0)], 2)
        one, other = F.scaled_dot_product_attention(asked, keys, values, mask).split(1, 2)
        return self.said(self.attention.fused(one, other.roll(half, 0)).flatten(1))

    def across(self, x: Tensor, cache: Cache, mask: Tensor | None) -> Float[Tensor, "rows dim"]:
        """What a row's token makes of the source: rows of a sentence, on both sides, ask one memory."""
        keys, values = cache.key, cache.value
        assert keys is not None and values is not None
        query = self.asked(self.norms[1](x)).view(self.sides, len(keys), -1, self.heads, keys.shape[3])
        query = query.permute(self.order)  # from (side, group, row, head)
        out = F.scaled_dot_product_attention(query.flatten(self.side, self.side + 1), keys, values, mask)
        return self.told(out.view(query.shape).permute(self.back).reshape(x.shape))


def linear(layer: Any, name: str = "") -> Any:
    """x ↦ W x + b of a layer, or of a part of it."""
    each = [getattr(one, name) if name else one for one in ways(layer)]
    return by_half([partial(F.linear, weight=one.weight, bias=one.bias) for one in each])


def normed(layer: Any) -> Any:
    """x ↦ norm(x)."""
    each = ways(layer)
    return by_half(
        [
            partial(F.layer_norm, normalized_shape=one.normalized_shape, weight=one.weight, bias=one.bias, eps=one.eps)
            for one in each
        ]
    )


def ways(layer: Any) -> list[Any]:
    """The layers that halves of the rows go through, or the one that all do."""
    return list(layer.ways) if isinstance(layer, Halves) else [layer]


def by_half(each: list[Any]) -> Any:
    """A function of all rows: the only one, or one for each half."""
    if len(each) == 1:
        return each[0]
    return lambda x: torch.cat([one(half) for one, half in zip(each, x.chunk(2), strict=True)])
