"""The mean of the weights along training lies flatter, and often lower, than where training ends.

Two means: the moving one, m <- d m + (1 - d) w with d = min(decay, (1 + t) / (10 + t)) at step t so that the start is
soon forgotten (Polyak & Juditsky 1992; TensorFlow's warm-up), and that of some checkpoints (Vaswani et al. 2017).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

from minent.training.weights import fill, read, weights


def start(model: nn.Module) -> dict[str, Tensor]:
    """A copy of the weights, numbers in float32 whatever the model's are: the moving average before the first step."""
    return {
        name: tensor.to(torch.float32, copy=True) if tensor.is_floating_point() else tensor.clone()
        for name, tensor in weights(model).items()
    }


def kept(decay: float, step: int) -> float:
    """How much of the moving average remains after a step, counted from 1.

    >>> [round(kept(0.9, step), 3) for step in (1, 10, 1000)]
    [0.182, 0.55, 0.9]
    """
    return min(decay, (1 + step) / (10 + step))


def follow(average: dict[str, Tensor], model: nn.Module, decay: float, step: int) -> None:
    """Move the average, in place, towards the weights after `step`, counted from 1; counters are copied."""
    for name, tensor in weights(model).items():
        if tensor.is_floating_point():
            average[name].lerp_(tensor.float(), 1 - kept(decay, step))
        else:
            average[name].copy_(tensor)


@contextmanager
def holding(model: nn.Module, average: dict[str, Tensor] | None) -> Iterator[None]:
    """The model holds the average within the block, and its own weights again after it; None changes nothing."""
    if average is None:
        yield
        return
    own = {name: tensor.clone() for name, tensor in weights(model).items()}
    fill(weights(model), average, "the moving average")
    try:
        yield
    finally:
        fill(weights(model), own, "the weights")


def mean(paths: Sequence[Path]) -> dict[str, Tensor]:
    """The mean of the weights in several safetensors files, summed in float64; counters are those of the first."""
    several = [read(path) for path in paths]
    return {
        name: torch.stack([one[name].double() for one in several]).mean(0).to(tensor.dtype)
        if tensor.is_floating_point()
        else tensor
        for name, tensor in several[0].items()
    }
