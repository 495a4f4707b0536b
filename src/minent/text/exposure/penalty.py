"""A loss that little depends on the embeddings depends little on which tokens were read: two ways to flatness.

    gradient penalty:  CE + ½ ε ‖∂CE/∂E‖²          adversarial:  CE at E + ε g/‖g‖,  g = ∂CE/∂E
CE the batch's mean cross entropy, E the embedding matrix (Su 2020, kexue.fm/archives/7234; Miyato et al. 2017,
"Adversarial training methods for semi-supervised text classification", FGM). CE(E + ε g/‖g‖) ≈ CE + ε ‖g‖, of which
the penalty takes the square.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from minent.errors import BadInput, check
from minent.text.exposure.objective import Objective
from minent.text.exposure.reads import Batch, Reads, Summed
from minent.text.writing.model import Writer


@dataclass(frozen=True)
class GradientPenalty(Objective):
    """Teacher forcing, and ½ `epsilon` times the squared length of its gradient by the embedding matrix.

    Gradients of gradients: about three times the cost of a step, and attention computed in the plain way."""

    epsilon: float = 0.1

    def __post_init__(self) -> None:
        check(self, ("epsilon", 0 <= self.epsilon < inf, "at least 0"))

    def check(self, model: nn.Module) -> None:
        if isinstance(model, Writer) and model.shape.attention == "nystrom":
            raise BadInput(
                "a gradient penalty takes second derivatives, which Nyström attention has not; choose another"
            )

    def lost(self, model: nn.Module, read: Reads, batch: Batch, smoothing: float) -> Summed:
        _trained(read)
        with sdpa_kernel(SDPBackend.MATH):  # the only one that can be differentiated twice
            total, count = read.cross_entropy(read.scores(read.tokens), smoothing)
            (slope,) = torch.autograd.grad(total / count, read.embedding.weight, create_graph=True)
        return total + self.epsilon / 2 * slope.square().sum() * count, count


@dataclass(frozen=True)
class Adversarial(Objective):
    """Teacher forcing with the embedding matrix moved by `epsilon` to where the loss is larger; twice the cost."""

    epsilon: float = 0.1

    def __post_init__(self) -> None:
        check(self, ("epsilon", 0 <= self.epsilon < inf, "at least 0"))

    def lost(self, model: nn.Module, read: Reads, batch: Batch, smoothing: float) -> Summed:
        _trained(read)
        embeddings = read.embedding.weight
        total, count = read.loss(read.tokens, smoothing)
        (slope,) = torch.autograd.grad(total / count, embeddings)
        moved = embeddings + self.epsilon * slope / slope.norm().clamp_min(torch.finfo(slope.dtype).tiny)
        return _at(model, embeddings, moved, lambda: read.loss(read.tokens, smoothing))


def _trained(read: Reads) -> None:
    if not read.embedding.weight.requires_grad:
        raise BadInput("the gradient by the embeddings is wanted; these are frozen: requires_grad is False")


class _Calling(nn.Module):
    def __init__(self, model: nn.Module, of: Callable[[], Summed]):
        super().__init__()
        self.model, self.of = model, of

    def forward(self) -> Summed:
        return self.of()


def _at(model: nn.Module, weight: Tensor, moved: Tensor, of: Callable[[], Summed]) -> Summed:
    """What `of()` is where `moved` stands in place of a weight of the model."""
    calling = _Calling(model, of)
    name = next(name for name, parameter in calling.named_parameters() if parameter is weight)
    return torch.func.functional_call(calling, {name: moved}, ())
