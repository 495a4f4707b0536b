"""What a training loop says of a step: a record once it is taken, and the moment right before it."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int64
from torch import nn


@dataclass(frozen=True)
class Record:
    """A step that was taken; the same on all processes, but for speed."""

    step: int
    """Its number, from 1."""

    steps: int
    """How many there will be, unless patience ends the run."""

    epoch: int
    """The epoch that its batches are from, from 1."""

    loss: float
    """The mean loss a target, by the weights before the step."""

    learning_rate: float
    """That of this step."""

    gradient_norm: float
    """The length of the gradient of the mean loss, before it was clipped; 0 where fp16 left the step out."""

    tokens_per_second: float
    """Targets of the loss, on all processes, by the seconds that the step took; evaluation is not counted."""

    dev: dict[str, float] | None
    """What `dev` said of the weights after the step; None where it was not asked."""


@dataclass(frozen=True)
class Moment:
    """A step about to be taken: the seam where a trajectory is recorded.

    The parameters of `model` are still those at which the gradients in their `.grad` were taken; those gradients are
    summed over all batches and processes, divided by `targets` and clipped, and `optimizer` has the learning rate of
    this step: `optimizer.step()` comes next. `ids` are the "id" arrays of the step's batches, those of all processes in
    the order of the epoch; empty where batches have none.
    """

    step: int
    learning_rate: float
    ids: Int64[np.ndarray, " examples"]
    targets: float
    model: nn.Module
    optimizer: torch.optim.Optimizer
