"""A loss that little depends on the embeddings depends little on which tokens were read: two ways to flatness.

    gradient penalty:  CE + ½ ε ‖∂CE/∂E‖²          adversarial:  CE at E + ε g/‖g‖,  g = ∂CE/∂E
CE the batch's mean cross entropy, E the embedding matrix (Su 2020, kexue.fm/archives/7234; Miyato et al. 2017,
"Adversarial training methods for semi-supervised text classification", FGM). CE(E + ε g/‖g‖) ≈ CE + ε ‖g‖, of which
the penalty takes the square. Frozen embeddings have a gradient too: it flattens what reads them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from minent.errors import BadInput, check
from minent.text.exposure.objective import Objective, mean
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
        _twice_differentiable(model)
        embeddings = read.embedding.weight
        if embeddings.requires_grad:
            return self._penalised(read, embeddings, smoothing)
        moving = embeddings.detach().requires_grad_()
        return _at(model, embeddings, moving, lambda: self._penalised(read, moving, smoothing))

    def _penalised(self, read: Reads, embeddings: Tensor, smoothing: float) -> Summed:
        with sdpa_kernel(SDPBackend.MATH):  # the only one that can be differentiated twice
            total, count = read.cross_entropy(read.scores(read.tokens), smoothing)
            slope = _slope(mean(total, count), embeddings, create_graph=True)
        return total + self.epsilon / 2 * slope.square().sum() * count, count


@dataclass(frozen=True)
class Adversarial(Objective):
    """Teacher forcing with the embedding matrix moved by `epsilon` to where the loss is larger; twice the cost."""

    epsilon: float = 0.1

    def __post_init__(self) -> None:
        check(self, ("epsilon", 0 <= self.epsilon < inf, "at least 0"))

    def lost(self, model: nn.Module, read: Reads, batch: Batch, smoothing: float) -> Summed:
        embeddings = read.embedding.weight

        def lost() -> Summed:
            return read.loss(read.tokens, smoothing)

        if embeddings.requires_grad:
            slope = _slope(mean(*lost()), embeddings)
        else:
            moving = embeddings.detach().requires_grad_()
            slope = _slope(mean(*_at(model, embeddings, moving, lost)), moving)
        moved = embeddings + self.epsilon * slope / slope.norm().clamp_min(torch.finfo(slope.dtype).tiny)
        return _at(model, embeddings, moved, lost)


def _slope(loss: Tensor, embeddings: Tensor, create_graph: bool = False) -> Tensor:
    try:
        return torch.autograd.grad(loss, embeddings, create_graph=create_graph)[0]
    except RuntimeError as error:
        if "checkpoint" not in str(error).lower():
            raise
        wanted = "checkpoints that are not reentrant (use_reentrant=False), or none"
        raise BadInput(f"the gradient by the embeddings wants {wanted}; these are reentrant") from error


def _twice_differentiable(model: nn.Module) -> None:
    """Raises BadInput for attention that is computed anew in a backward pass, when the plain way is no longer asked
    for, or that has no plain way."""
    bare: Any = getattr(model, "module", model)
    kind = getattr(getattr(bare, "config", None), "_attn_implementation", None) or "eager"
    saved = any(getattr(module, "gradient_checkpointing", False) for module in bare.modules())
    if kind not in ("eager", "sdpa") or (saved and kind != "eager"):
        got = f"{kind} attention{' and gradient checkpointing' * saved}"
        raise BadInput(f'second derivatives want model.set_attn_implementation("eager"); got {got}')


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
