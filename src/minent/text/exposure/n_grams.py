"""TeaForN: a model learns to go on from its own expectations (Goodman, Ding & Soricut 2020, arXiv:2010.03494).

It reads gold, then the mean vectors of the tokens that it then expects in their places, then of those that it expects
after these, N times in all, by the same weights; gradients flow through all. Loss: Σ_s δˢ CE_s / Σ_s δˢ.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from minent.errors import check
from minent.nn.cross_entropy import at_least_float32
from minent.text.exposure.objective import Objective
from minent.text.exposure.reads import Batch, Reads, Summed

LIKELIEST = 4  # tokens that an expectation is of


@dataclass(frozen=True)
class TeaForN(Objective):
    """Teacher forcing, and after the model's expectations, `passes` in all, each counting `discount` of the one before;
    as many times the cost. Raises BadInput."""

    passes: int = 2
    discount: float = 0.5

    def __post_init__(self) -> None:
        check(self, ("passes", self.passes >= 1, "at least 1"), ("discount", 0 <= self.discount <= 1, "from 0 to 1"))

    def lost(self, model: nn.Module, read: Reads, batch: Batch, smoothing: float) -> Summed:
        history: Tensor = read.tokens
        lost: list[Tensor] = []
        for i in range(self.passes):
            scores = read.scores(history)
            lost.append(self.discount**i * read.cross_entropy(scores, smoothing)[0])
            if i + 1 < self.passes:
                history = expected(read, scores)
        return torch.stack(lost).sum() / sum(self.discount**i for i in range(self.passes)), read.counts.sum()


def expected(read: Reads, scores: Float[Tensor, "rows n1 vocabulary"]) -> Float[Tensor, "rows n dim"]:
    """The mean vector of the likeliest tokens at each place of a history; that of gold where it is none of the text."""
    n = read.tokens.shape[1]
    best, likely = at_least_float32(scores[:, :n]).topk(min(LIKELIEST, scores.shape[2]), dim=2)
    gold = read.embedding(read.tokens)
    mean = (best.softmax(2)[..., None] * read.embedding(likely)).sum(2).to(gold.dtype)
    return torch.where(read.free[..., None], mean, gold)
