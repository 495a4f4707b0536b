"""R-Drop: two readings of a batch, by two halves of a network, should say the same (Wu et al. 2021, arXiv:2106.14448).

    ½ (CE₁ + CE₂) + ¼ α Σ_t (KL(p₁‖p₂) + KL(p₂‖p₁)) / T,   p₁, p₂ under two draws of dropout:
half of the paper's loss, so that α = 0 is teacher forcing.
"""

from dataclasses import dataclass
from math import inf

from torch import nn

from minent.errors import check
from minent.text.exposure.objective import Objective
from minent.text.exposure.reads import Batch, Reads, Summed, at_least_float32


@dataclass(frozen=True)
class RDrop(Objective):
    """Teacher forcing of two readings, and `alpha` times how much they differ; twice the cost. Raises BadInput."""

    alpha: float = 1.0

    def __post_init__(self) -> None:
        check(self, ("alpha", 0 <= self.alpha < inf, "at least 0"))

    def lost(self, model: nn.Module, read: Reads, batch: Batch, smoothing: float) -> Summed:
        scores = [read.scores(read.tokens) for _ in range(2)]
        (one, count), (other, _) = (read.cross_entropy(each, smoothing) for each in scores)
        first, second = (at_least_float32(each[read.counts]).log_softmax(1) for each in scores)
        # KL(p‖q) + KL(q‖p) = Σ (p − q) (log p − log q)
        apart = ((first.exp() - second.exp()) * (first - second)).sum()
        return (one + other) / 2 + self.alpha / 4 * apart, count
