"""A sequence is written token by token, given another: p(y | x) = Π_t p(y_t | y_<t, x); or from its end; or from both
ends at once, each direction reading what the other has written (see `minent.nn.attention.bidirectional`).

A right-to-left model writes y_n, …, y_1. A bidirectional one has one decoder for both, told apart by their first
vector; its batches hold all sequences from left to right, then all from right to left.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minent.errors import BadInput
from minent.nn.attention.bidirectional import Bidirectional, Fusion
from minent.nn.positions import Embedding
from minent.nn.shape import Shape
from minent.nn.transformer import Decoder, Encoder
from minent.training.saved import Saved

Direction = Literal["left-to-right", "right-to-left", "bidirectional"]
END = 3  # </s>


class Seq2Seq(Saved):
    """A model that writes a sequence for a sequence; `minent text train --task seq2seq` makes one.

    The decoder attends by softmax where the encoder's attention cannot (Nyström).

    >>> model = Seq2Seq(20, Shape(dim=8, heads=2, layers=1, hidden=16), "bidirectional").eval()
    >>> source, target, real = torch.tensor([[5, 6, 7]]), torch.tensor([[8, 9]]), torch.ones(1, 2, dtype=torch.bool)
    >>> model(source, None, *model.histories(target, real)).shape  # two directions, two tokens and the end
    torch.Size([2, 3, 20])
    """

    def __init__(
        self,
        vocabulary: int,
        shape: Shape,
        decoder: Direction = "left-to-right",
        interaction: float = 0.1,
        fusion: Fusion = "tanh",
    ):
        super().__init__()
        if decoder not in get_args(Direction):
            raise BadInput(f"the decoder is one of {', '.join(get_args(Direction))}; got {decoder!r}")
        self.shape, self.direction = shape, decoder
        self.directions = 2 if decoder == "bidirectional" else 1
        options = {"positions": shape.positions, "longest": shape.longest + 1, "dropout": shape.dropout}
        self.embedding = Embedding(vocabulary, shape.dim, **options)
        self.starts = nn.Parameter(torch.randn(self.directions, shape.dim))
        self.encoder = Encoder(shape)
        writing = "softmax" if shape.attention == "nystrom" else shape.attention
        self.decoder = Decoder(replace(shape, attention=writing, longest=shape.longest + 1))
        if self.directions == 2:
            if writing != "softmax":
                raise BadInput(f"directions attend to one another by softmax; got {writing} attention")
            for layer in self.decoder.layers:
                rotary = shape.positions == "rotary"
                layer.attention = Bidirectional(
                    shape.dim, shape.heads, interaction=interaction, fusion=fusion, rotary=rotary
                )

    def forward(
        self,
        source: Int[Tensor, "batch k"],
        source_mask: Bool[Tensor, "batch k"] | None,
        history: Int[Tensor, "rows n"],
        history_mask: Bool[Tensor, "rows n"],
    ) -> Float[Tensor, "rows n1 vocabulary"]:
        """Scores of what follows each prefix of `history` (see `histories`), from the empty one to the whole."""
        memory, source_mask = self.read(source, source_mask)
        vectors = torch.cat([self.start(len(history)), self.embedding(history, start=1)], dim=1)
        real = None
        if self.directions == 2:  # one direction may have written less than the other
            real = torch.cat([history_mask.new_ones(len(history), 1), history_mask], dim=1)
        return self.embedding.scores(self.decoder(vectors, memory, real, source_mask))

    def write(self, texts: Sequence[str], **search: Any) -> list[str]:
        """What the model writes for each text; options are those of `Search` (beam=4, longest=128, …).

        Raises BadInput without a tokenizer."""
        from minent.text.options import Search
        from minent.text.write import n_best

        return [found[0].text for found in n_best(self, texts, Search(**search))]

    def read(
        self, source: Int[Tensor, "batch k"], source_mask: Bool[Tensor, "batch k"] | None
    ) -> tuple[Float[Tensor, "rows k dim"], Bool[Tensor, "rows k"] | None]:
        """What the decoder attends to, and its mask, for each direction."""
        memory = self.encoder(self.embedding(source), source_mask).repeat(self.directions, 1, 1)
        return memory, None if source_mask is None else source_mask.repeat(self.directions, 1)

    def start(self, rows: int) -> Float[Tensor, "rows 1 dim"]:
        """The first vector of every row, by its direction."""
        return self.starts.repeat_interleave(rows // self.directions, 0)[:, None]

    def histories(
        self, target: Int[Tensor, "batch n"], mask: Bool[Tensor, "batch n"]
    ) -> tuple[Int[Tensor, "rows n"], Bool[Tensor, "rows n"]]:
        """Targets in the order in which each direction writes them, padding last: (directions · batch, n)."""
        if self.direction == "left-to-right":
            return target, mask
        back = reversed_tokens(target, mask)
        return (back, mask) if self.directions == 1 else (torch.cat([target, back]), mask.repeat(2, 1))


def reversed_tokens(tokens: Int[Tensor, "batch n"], mask: Bool[Tensor, "batch n"]) -> Int[Tensor, "batch n"]:
    """Each row's real tokens, which come first, in reverse.

    >>> reversed_tokens(torch.tensor([[5, 6, 7, 0]]), torch.tensor([[True, True, True, False]])).tolist()
    [[7, 6, 5, 0]]
    """
    place = torch.arange(tokens.shape[1], device=tokens.device)
    turned = torch.where(mask, mask.sum(1, keepdim=True) - 1 - place, place)
    return tokens.gather(1, turned)


def loss(model: Seq2Seq, batch: dict[str, Tensor], smoothing: float = 0.0) -> tuple[Float[Tensor, ""], Int[Tensor, ""]]:
    """Cross entropies of all tokens and ends, of all directions, summed, and how many they are.

    `batch` holds "source", "target" (batch, _) and their masks. Where it also holds "forward" and "backward", what each
    direction wrote of itself in its own order, each direction learns the target from the other's writing instead of
    the other's gold history, which gives away what is to be learned (see `minent.text.two_pass`)."""
    source, source_mask = batch["source"], batch["source_mask"]
    history, mask = model.histories(batch["target"], batch["target_mask"])
    if "forward" not in batch:
        return cross_entropy(model(source, source_mask, history, mask), history, mask, smoothing)
    gold, n = (history.chunk(2), mask.chunk(2)), history.shape[1]
    both = []
    for own, other in ((0, "backward"), (1, "forward")):
        seen = [(gold[0][own], gold[1][own]), (batch[other], batch[f"{other}_mask"])]
        tokens, real = (_stacked([pair[k] for pair in (seen if own == 0 else seen[::-1])]) for k in (0, 1))
        scores = model(source, source_mask, tokens, real).chunk(2)[own][:, : n + 1]
        both.append(cross_entropy(scores, gold[0][own], gold[1][own], smoothing))
    return both[0][0] + both[1][0], both[0][1] + both[1][1]


def _stacked(halves: list[Tensor]) -> Tensor:
    """(batch, n) tensors one above the other, the narrower one padded by zeros."""
    width = max(half.shape[1] for half in halves)
    return torch.cat([nn.functional.pad(half, (0, width - half.shape[1])) for half in halves])


def cross_entropy(
    scores: Float[Tensor, "rows n1 vocabulary"],
    history: Int[Tensor, "rows n"],
    mask: Bool[Tensor, "rows n"],
    smoothing: float = 0.0,
) -> tuple[Float[Tensor, ""], Int[Tensor, ""]]:
    """−Σ log p over the tokens of each history and the end after it, and how many they are."""
    rows = torch.arange(len(history), device=history.device)
    length = mask.sum(1)
    wanted = torch.cat([history, history.new_zeros(len(history), 1)], dim=1)
    wanted[rows, length] = END
    counts = torch.arange(wanted.shape[1], device=wanted.device) <= length[:, None]
    wanted = wanted.masked_fill(~counts, -100)
    total = nn.functional.cross_entropy(
        scores.flatten(0, 1).float(), wanted.flatten(), ignore_index=-100, label_smoothing=smoothing, reduction="sum"
    )
    return total, counts.sum()
