"""Scheduled sampling: the more a model has learned, the more of its own writing it learns from (Bengio et al. 2015).

A transformer reads all positions at once, so it reads twice: what it would write after gold histories stands, with
probability 1 − ε, in place of gold tokens when it reads again (Mihaylova & Martins 2019, arXiv:1906.07651). At the
share u of the training the share ε of gold is, e being that at the end,

    linear 1 − (1 − e) u        exponential eᵘ        inverse-sigmoid k / (k + (k (1 − e) / e)ᵘ),  k = 100.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from jaxtyping import Int
from torch import Tensor, nn

from minent.errors import BadInput, check
from minent.text.exposure.objective import Objective
from minent.text.exposure.reads import Batch, Reads, Summed

Decay = Literal["linear", "exponential", "inverse-sigmoid"]
STEEP = 100.0  # k


@dataclass(frozen=True)
class ScheduledSampling(Objective):
    """Reads of gold and of the model's own likeliest tokens; `gold` is the share of gold at the end.

    Where a batch does not tell its "progress", the training counts as done. Raises BadInput.

    >>> [round(ScheduledSampling(0.5, decay).share(0.5), 3) for decay in ("linear", "exponential", "inverse-sigmoid")]
    [0.75, 0.707, 0.909]
    """

    gold: float = 0.5
    decay: Decay = "linear"

    def __post_init__(self) -> None:
        check(self, ("gold", 0 < self.gold <= 1, "more than 0 and at most 1"))
        if self.decay not in get_args(Decay):
            raise BadInput(f"decay is one of {', '.join(get_args(Decay))}; got {self.decay!r}")

    def share(self, progress: float) -> float:
        """The share of gold tokens at a share of the training. Raises BadInput for a share that is none."""
        if not 0 <= progress <= 1 + 1e-6:
            raise BadInput(f"progress is the share of the training that is done, from 0 to 1; got {progress}")
        if self.decay == "linear":
            return 1 - (1 - self.gold) * progress
        if self.decay == "exponential" or self.gold == 1:
            return self.gold**progress
        return STEEP / (STEEP + (STEEP * (1 - self.gold) / self.gold) ** progress)

    def lost(self, model: nn.Module, read: Reads, batch: Batch, smoothing: float) -> Summed:
        share = self.share(float(batch["progress"]) if "progress" in batch else 1.0)
        return read.loss(self.mixed(read, share) if share < 1 else read.tokens, smoothing)

    def mixed(self, read: Reads, share: float) -> Int[Tensor, "rows n"]:
        """Gold tokens, but for a share of 1 − `share`, where the model's likeliest stand; no special token enters."""
        with torch.no_grad():
            own = read.scores(read.tokens)[:, : read.tokens.shape[1]]
            own[..., sorted(read.special)] = -torch.inf
            gold = torch.rand(read.tokens.shape, device=own.device) < share
            return torch.where(read.free & ~gold, own.argmax(2), read.tokens)
