"""A sequence is written token by token, given another: p(y | x) = Π_t p(y_t | y_<t, x); or from its end; or from both
ends at once, each direction reading what the other has written (see `minent.nn.attention.bidirectional`).

A right-to-left model writes y_n, …, y_1. A bidirectional one has a decoder for each direction, or one for both, told
apart by their first vector; its batches hold all sequences from left to right, then all from right to left. One to the
middle is the same, but that the one from the left writes the first half, and the one from the right the other (see
`middle`).

A text often repeats tokens of its source: a model that copies adds to the score of each token v that occurs in x a
learned c_v + c (the prior of Su 2019, kexue.fm/archives/5861).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Literal, get_args

import torch
from jaxtyping import Bool, Float, Int
from tokenizers import Tokenizer
from torch import Tensor, nn

from minent.errors import BadInput
from minent.nn.attention.bidirectional import Bidirectional, Fusion, Halves, Shared
from minent.nn.positions import Embedding
from minent.nn.shape import Shape
from minent.nn.transformer import Decoder, Encoder, Feed
from minent.training.saved import Saved

Direction = Literal["left-to-right", "right-to-left", "bidirectional", "to-middle"]
Share = Literal["all", "embeddings"]


class Writer(Saved):
    """p(y | x): what a `Seq2Seq` is but for the search, which asks it (see `minent.text.writing.write`).

    `source_vocabulary`: tokens of the sources, where these are not those of the targets; read by `source_tokenizer`,
    which is set, saved and set again as `tokenizer` is."""

    tokenizers = "tokenizer", "source_tokenizer"

    def __init__(
        self,
        vocabulary: int,
        shape: Shape,
        decoder: Direction = "left-to-right",
        interaction: float = 0.1,
        fusion: Fusion = "tanh",
        copy: bool = False,
        end: int = 3,
        share: Share = "all",
        interaction_dropout: float = 0.0,
        source_vocabulary: int = 0,
    ):
        super().__init__()
        if decoder not in get_args(Direction):
            raise BadInput(f"the decoder is one of {', '.join(get_args(Direction))}; got {decoder!r}")
        if share not in get_args(Share):
            raise BadInput(f"directions share {' or '.join(get_args(Share))}; got {share!r}")
        if copy and source_vocabulary:
            raise BadInput("tokens are copied where both sides have one vocabulary; got one for the sources alone")
        shape = shape.settled()
        self.vocabulary, self.shape, self.direction, self.end = vocabulary, shape, decoder, end
        self.source_vocabulary = source_vocabulary
        self.directions = 2 if decoder in ("bidirectional", "to-middle") else 1
        longest = max(shape.longest, shape.written)
        options = {"positions": shape.positions, "longest": longest + 1, "dropout": shape.dropout}
        self.embedding = Embedding(vocabulary, shape.dim, **options)
        self.source_embedding = Embedding(source_vocabulary, shape.dim, **options) if source_vocabulary else None
        self.source_tokenizer: Tokenizer | None = None
        self.starts = nn.Parameter(torch.randn(self.directions, shape.dim))
        self.copying = nn.Parameter(torch.zeros(vocabulary + 1)) if copy else None
        self.encoder = Encoder(shape)
        writing = "softmax" if shape.attention == "nystrom" else shape.attention
        layers = shape.decoder_layers or shape.layers
        self.decoder = Decoder(replace(shape, attention=writing, longest=shape.written + 1, layers=layers))
        if self.directions == 2:
            if writing != "softmax":
                raise BadInput(f"directions attend to one another by softmax; got {writing} attention")
            options = {"interaction": interaction, "fusion": fusion, "drop": interaction_dropout}
            writer: Any = self.decoder
            for layer in writer.layers:
                layer.attention = Bidirectional(
                    shape.dim, shape.heads, shared=share == "all", rotary=shape.positions == "rotary", **options
                )
                layer.across = Shared(shape.dim, shape.heads, shared=share == "all")
                if share == "embeddings":
                    layer.feed = Halves(partial(Feed, shape.dim, shape.hidden))
                    layer.norms = nn.ModuleList(Halves(partial(nn.LayerNorm, shape.dim)) for _ in layer.norms)
            if share == "embeddings":
                writer.norm = Halves(partial(nn.LayerNorm, shape.dim))

    def forward(
        self,
        source: Int[Tensor, "batch k"],
        source_mask: Bool[Tensor, "batch k"] | None,
        history: Int[Tensor, "rows n"],
        history_mask: Bool[Tensor, "rows n"],
    ) -> Float[Tensor, "rows n1 vocabulary"]:
        """Scores of what follows each prefix of `history` (see `histories`), from the empty one to the whole."""
        scores = self.embedding.scores(self.decoded(source, source_mask, history, history_mask))
        if (prior := self.prior(source, source_mask)) is not None:
            scores = scores + prior.repeat(self.directions, 1)[:, None]
        return scores

    def decoded(
        self,
        source: Int[Tensor, "batch k"],
        source_mask: Bool[Tensor, "batch k"] | None,
        history: Int[Tensor, "rows n"] | Float[Tensor, "rows n dim"],
        history_mask: Bool[Tensor, "rows n"],
    ) -> Float[Tensor, "rows n1 dim"]:
        """The decoder's vectors, of which `forward` gives the scores; a history may hold vectors in place of those of
        tokens."""
        memory = self.encoded(source, source_mask)
        vectors = torch.cat([self.start(len(history)), self.embedding(history, start=1)], dim=1)
        real = None
        if self.directions == 2:  # one direction may have written less than the other
            real = torch.cat([history_mask.new_ones(len(history), 1), history_mask], dim=1)
        return self.decoder(vectors, memory, real, source_mask)

    def encoded(
        self, source: Int[Tensor, "batch k"], mask: Bool[Tensor, "batch k"] | None
    ) -> Float[Tensor, "batch k dim"]:
        """What the encoder makes of sources."""
        embedding = self.embedding if self.source_embedding is None else self.source_embedding
        return self.encoder(embedding(source), mask)

    @property
    def reader(self) -> Tokenizer | None:
        """The tokenizer of sources: `source_tokenizer` where they have a vocabulary of their own. Raises BadInput where
        that is missing."""
        if self.source_embedding is not None and self.source_tokenizer is None:
            raise BadInput("sources have a tokenizer of their own; this model has none: set model.source_tokenizer")
        return self.tokenizer if self.source_embedding is None else self.source_tokenizer

    def prior(
        self, source: Int[Tensor, "batch k"], source_mask: Bool[Tensor, "batch k"] | None
    ) -> Float[Tensor, "batch vocabulary"] | None:
        """What is added to the scores of tokens that occur in the source; None for a model that does not copy."""
        if self.copying is None:
            return None
        there = torch.ones_like(source, dtype=torch.float) if source_mask is None else source_mask.float()
        occurs = there.new_zeros(len(source), self.vocabulary).scatter_reduce_(1, source, there, "amax")
        return occurs * (self.copying[:-1] + self.copying[-1])

    def start(self, rows: int) -> Float[Tensor, "rows 1 dim"]:
        """The first vector of every row, by its direction."""
        return self.starts.repeat_interleave(rows // self.directions, 0)[:, None]

    def histories(
        self, target: Int[Tensor, "batch n"], mask: Bool[Tensor, "batch n"]
    ) -> tuple[Int[Tensor, "rows m"], Bool[Tensor, "rows m"]]:
        """Targets, or halves of them, in the order in which each direction writes them, padding last: (directions ·
        batch, m)."""
        if self.direction == "left-to-right":
            return target, mask
        back = reversed_tokens(target, mask)
        if self.directions == 1:
            return back, mask
        if self.direction == "bidirectional":
            return torch.cat([target, back]), mask.repeat(2, 1)
        half, length = (target.shape[1] + 1) // 2, mask.sum(1, keepdim=True)
        place = torch.arange(half, device=mask.device)
        return torch.cat([target, back])[:, :half], torch.cat([place < (length + 1) // 2, place < length // 2])


def reversed_tokens(tokens: Int[Tensor, "batch n"], mask: Bool[Tensor, "batch n"]) -> Int[Tensor, "batch n"]:
    """Each row's real tokens, which come first, in reverse.

    >>> reversed_tokens(torch.tensor([[5, 6, 7, 0]]), torch.tensor([[True, True, True, False]])).tolist()
    [[7, 6, 5, 0]]
    """
    place = torch.arange(tokens.shape[1], device=tokens.device)
    turned = torch.where(mask, mask.sum(1, keepdim=True) - 1 - place, place)
    return tokens.gather(1, turned)


@contextmanager
def alone(model: Writer) -> Iterator[None]:
    """Within the block directions know nothing of each other."""
    layers: list[Any] = [layer.attention for layer in model.decoder.layers]
    before = [layer.interaction for layer in layers]
    try:
        for layer in layers:
            layer.interaction = 0.0
        yield
    finally:
        for layer, interaction in zip(layers, before, strict=True):
            layer.interaction = interaction
