"""A masked language model says of a token that it does not see which it may be, given all others: p(x_t | x_∖t).

    h = encoder(LN(√dim E[x] + positions)),  logits_t = E LN(GELU(W h_t + b)) + c
(Devlin et al. 2019, arXiv:1810.04805; pre-norm layers). With softmax attention these are the layers of
RoBERTa-PreLayerNorm in transformers, and a saved model is a folder for both (see `minent.text.masked.names`).
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minent.files import write_text
from minent.nn.positions import Embedding
from minent.nn.shape import Shape
from minent.nn.transformer import Encoder
from minent.text.masked.names import config_of, ours, shared, theirs, tokenizer_config
from minent.text.masked.sites import layer_at
from minent.training.saved import Saved


class MaskedLM(Saved):
    """A masked language model; `minent text train --task masked-lm` makes one, `from_pretrained(folder)` loads it.

    >>> model = MaskedLM(20, Shape(dim=8, heads=2, layers=1, hidden=16)).eval()
    >>> tokens, real = torch.tensor([[5, 4, 7]]), torch.ones(1, 3, dtype=torch.bool)
    >>> model(tokens, real).shape, model(tokens, real, torch.tensor([[1]])).shape  # all sites; one of them
    (torch.Size([1, 3, 20]), torch.Size([1, 1, 20]))
    """

    def __init__(self, vocabulary: int, shape: Shape):
        super().__init__()
        shape = shape.settled()
        self.vocabulary, self.shape = vocabulary, shape
        self.embedding = Embedding(vocabulary, shape.dim, positions=shape.positions, longest=shape.longest)
        self.norm, self.dropout = nn.LayerNorm(shape.dim), nn.Dropout(shape.dropout)
        self.encoder = Encoder(shape)
        self.dense, self.last = nn.Linear(shape.dim, shape.dim), nn.LayerNorm(shape.dim)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(
        self,
        tokens: Int[Tensor, "batch n"],
        padding_mask: Bool[Tensor, "batch n"] | None = None,
        positions: Int[Tensor, "batch k"] | None = None,
    ) -> Float[Tensor, "batch sites vocabulary"]:
        """The logits at all sites, or at `positions` only; `padding_mask` is True for real tokens."""
        return F.linear(self.vectors(tokens, padding_mask, positions), self.embedding.tokens.weight, self.bias)

    def vectors(
        self,
        tokens: Int[Tensor, "batch n"],
        padding_mask: Bool[Tensor, "batch n"] | None = None,
        positions: Int[Tensor, "batch k"] | None = None,
    ) -> Float[Tensor, "batch sites dim"]:
        """What the logits are products of, with the embeddings of all tokens."""
        if padding_mask is not None and bool(padding_mask.all()):
            padding_mask = None
        x = self.dropout(self.norm(self.embedding(tokens)))
        if positions is None:
            x = self.encoder(x, padding_mask)
        else:
            *layers, last = self.encoder.layers
            for layer in layers:
                x = layer(x, padding_mask)
            x = self.encoder.norm(layer_at(last, x, padding_mask, positions))
        return self.last(F.gelu(self.dense(x)))

    def _stored(self) -> dict[str, Tensor]:
        return theirs(self) if shared(self.shape) else super()._stored()

    def _restored(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        return ours(tensors, self) if shared(self.shape) else tensors

    def describe(self, folder: Path) -> None:
        super().describe(folder)
        if shared(self.shape):
            file = folder / "config.json"
            config = {**json.loads(file.read_text(encoding="utf-8")), **config_of(self)}
            write_text(file, json.dumps(config, indent=2, ensure_ascii=False))
            if self.tokenizer is not None:
                told = json.dumps(tokenizer_config(self.tokenizer), indent=2)
                write_text(folder / "tokenizer_config.json", told)
