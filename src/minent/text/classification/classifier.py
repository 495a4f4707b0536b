"""A classifier reads a text as tokens that attend to one another; the mean of what they become is scored by label.

scores = W norm-encoder(tokens) averaged over the real tokens + b,   p(label | text) = softmax(scores)
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minent.data.ragged import Ragged
from minent.nn.positions import Embedding
from minent.nn.shape import Shape
from minent.nn.transformer import Encoder
from minent.text.classification.labelling import Labelling
from minent.text.cut import Cut
from minent.text.token_ids import sequences, token_array
from minent.training.saved import Saved


class Classifier(Labelling, Saved):
    """A text classifier; `minent text train --task classify` makes one, `from_pretrained(folder)` loads it.

    >>> from minent.text.tokenizer import train_tokenizer
    >>> classifier = Classifier(300, ["bad", "good"], Shape(dim=8, heads=2, layers=1, hidden=16)).eval()
    >>> classifier.tokenizer = train_tokenizer(["一个好例子"], kind="characters", vocabulary=300)
    >>> classifier.probabilities(["好", "good"]).shape
    (2, 2)
    """

    def __init__(self, vocabulary: int, labels: list[str], shape: Shape, norm: bool = False):
        """`norm`: the embeddings are normalised, as those of a `MaskedLM` that it began as."""
        super().__init__()
        shape = shape.settled()
        self.labels, self.shape, self.longest = labels, shape, shape.longest
        self.embedding = Embedding(
            vocabulary, shape.dim, positions=shape.positions, longest=shape.longest, dropout=shape.dropout
        )
        self.norm = nn.LayerNorm(shape.dim) if norm else nn.Identity()
        self.encoder = Encoder(shape)
        self.scores = nn.Linear(shape.dim, len(labels))

    def forward(
        self, tokens: Int[Tensor, "batch n"], padding_mask: Bool[Tensor, "batch n"] | None = None
    ) -> Float[Tensor, "batch labels"]:
        """The score of every label; `padding_mask` is True for real tokens."""
        if padding_mask is not None and bool(padding_mask.all()):
            padding_mask = None
        vectors = self.encoder(self.norm(self.embedding(tokens)), padding_mask)
        if padding_mask is None:
            return self.scores(vectors.mean(1))
        real = padding_mask[:, :, None]
        return self.scores((vectors * real).sum(1) / real.sum(1).clamp(min=1))

    def tokens(self, texts: Sequence[str], cut: Cut | None = None) -> list[Int[np.ndarray, " n"]]:
        """The first `shape.longest` token ids of each text; a text without any gets an unknown one. `cut` counts what
        is lost."""
        return sequences(self.tokenizer, texts, self.shape.longest, cut)

    def token_array(self, texts: Sequence[str], cut: Cut | None = None) -> Ragged:
        """The first `longest` token ids of each text, an unknown one where it has none; `cut` counts what is lost."""
        return token_array(self.tokenizer, texts, Cut(self.longest) if cut is None else cut)
