"""R-Drop: two readings of a batch, by two halves of a network, should say the same (Wu et al. 2021, arXiv:2106.14448).

    ½ (CE₁ + CE₂) + ¼ α Σ_t (KL(p₁‖p₂) + KL(p₂‖p₁)) / T,   p₁, p₂ under two draws of dropout:
half of the paper's loss, so that α = 0 is teacher forcing. A token that neither reading allows is no difference.
"""

from dataclasses import dataclass
from math import inf
from weakref import WeakSet

import torch
from torch import Tensor, nn

from minent.errors import BadInput, check
from minent.nn.cross_entropy import at_least_float32
from minent.text.exposure.objective import Objective
from minent.text.exposure.reads import Batch, Reads, Summed

DIFFER: WeakSet[nn.Module] = WeakSet()  # models whose readings have differed: they are not compared at every step


@dataclass(frozen=True)
class RDrop(Objective):
    """Teacher forcing of two readings, and `alpha` times how much they differ; twice the cost. Raises BadInput where
    they cannot differ, for no dropout is drawn."""

    alpha: float = 1.0

    def __post_init__(self) -> None:
        check(self, ("alpha", 0 <= self.alpha < inf, "at least 0"))

    def lost(self, model: nn.Module, read: Reads, batch: Batch, smoothing: float) -> Summed:
        scores = [read.scores(read.tokens) for _ in range(2)]
        (one, count), (other, _) = (read.cross_entropy(each, smoothing) for each in scores)
        first, second = (at_least_float32(read.counted(each)).log_softmax(1) for each in scores)
        if self.alpha and model not in DIFFER:
            _differ(model, first, second)
        # KL(p‖q) + KL(q‖p) = Σ (p − q) (log p − log q)
        never = (first == -torch.inf) & (second == -torch.inf)
        apart = ((first.exp() - second.exp()) * torch.where(never, 0, first - second)).sum()
        return (one + other) / 2 + self.alpha / 4 * apart, count


def _differ(model: nn.Module, first: Tensor, second: Tensor) -> None:
    if len(first) and torch.equal(first, second):
        why = "its dropout is 0" if model.training else "it is in eval mode"
        raise BadInput(f"R-Drop compares two draws of dropout; this model draws none, for {why}")
    DIFFER.add(model)
