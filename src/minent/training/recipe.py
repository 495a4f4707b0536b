"""How a model is trained, in one frozen value: Python argument, command-line flags and TOML table alike."""

from dataclasses import dataclass
from math import inf
from typing import Literal, get_args

from minent.errors import check
from minent.training.schedule import Schedule

Precision = Literal["fp32", "tf32", "bf16", "fp16"]


@dataclass(frozen=True)
class Recipe:
    """How to train; see `fit`. Raises BadInput for a value that an option cannot have.

    >>> Recipe(epochs=3.0, warmup=100).precision
    'fp32'
    >>> Recipe(accumulate=0)
    Traceback (most recent call last):
    minent.errors.BadInput: accumulate must be at least 1; got 0
    """

    steps: int | None = None
    """Optimiser steps in all; as many as `epochs` make if not given."""

    epochs: float | None = None
    """Passes over the training set, where `steps` is not given; parts of one too. If neither is given 10, or for a
    new model of text as many as make 2,000 steps, at most 100."""

    learning_rate: float | None = None
    """The highest learning rate, reached at the end of the warm-up; if not given, by the model's width: 0.256 / dim
    for a new model of text, 0.0384 / dim for one that is trained further."""

    schedule: Schedule = "cosine"
    """How the learning rate decays after the warm-up."""

    warmup: int | None = None
    """Steps over which the learning rate climbs; a tenth of all if not given."""

    weight_decay: float = 0.01
    """Share of each matrix, times the learning rate, that is taken away a step; vectors do not decay."""

    beta1: float = 0.9
    """How much of the mean gradient AdamW remembers a step."""

    beta2: float = 0.98
    """How much of the mean squared gradient AdamW remembers a step."""

    clip: float = 1.0
    """The longest a gradient may be; 0 for any length."""

    accumulate: int = 1
    """Batches a process that one optimiser step is taken on."""

    precision: Precision = "fp32"
    """Arithmetic of the layers, bf16 and tf32 for GPUs of today, fp16 for older ones; weights stay in their own."""

    device: str = "auto"
    """Where to compute: auto (a CUDA GPU where there is one), cpu, cuda, cuda:1, mps."""

    seed: int = 1
    """The same seed gives the same dropout."""

    evaluate_every: int = 0
    """Steps between evaluations, each with a checkpoint; 0 for the end of each epoch, or, where it is not said how many
    epochs there are, of some 20."""

    best: str = "loss"
    """Score on dev that the best checkpoint has: the lowest loss, or the highest accuracy, bleu, rouge_l, …"""

    patience: int = 0
    """Evaluations in a row without a new best after which training stops; 0 for never."""

    save_every: int = 0
    """Steps between checkpoints besides those at evaluations; 0 for none."""

    keep_every: int = 0
    """Steps between models that stay in snapshots/, as they then are; 0 for none."""

    keep: int = 1
    """Checkpoints whose mean the model ends with: the best on dev, or else the last."""

    ema: float = 0.0
    """How much of the moving average of the weights remains a step; 0 for no average."""

    def __post_init__(self) -> None:
        check(
            self,
            ("steps", self.steps is None or self.steps >= 1, "at least 1"),
            ("epochs", self.epochs is None or 0 < self.epochs < inf, "positive"),
            ("learning_rate", self.learning_rate is None or 0 < self.learning_rate < inf, "positive"),
            ("schedule", self.schedule in get_args(Schedule), f"one of {', '.join(get_args(Schedule))}"),
            ("warmup", self.warmup is None or self.warmup >= 0, "at least 0"),
            ("weight_decay", 0 <= self.weight_decay < inf, "at least 0"),
            ("beta1", 0 <= self.beta1 < 1, "at least 0 and less than 1"),
            ("beta2", 0 <= self.beta2 < 1, "at least 0 and less than 1"),
            ("clip", 0 <= self.clip < inf, "at least 0"),
            ("accumulate", self.accumulate >= 1, "at least 1"),
            ("precision", self.precision in get_args(Precision), f"one of {', '.join(get_args(Precision))}"),
            ("seed", self.seed >= 0, "at least 0"),
            ("evaluate_every", self.evaluate_every >= 0, "at least 0"),
            ("patience", self.patience >= 0, "at least 0"),
            ("save_every", self.save_every >= 0, "at least 0"),
            ("keep_every", self.keep_every >= 0, "at least 0"),
            ("keep", self.keep >= 1, "at least 1"),
            ("ema", 0 <= self.ema < 1, "at least 0 and less than 1"),
        )
