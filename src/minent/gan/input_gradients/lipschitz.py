"""A critic divided by how steep it is, sample by sample, so that its slope is at most 1 where it is linear.

    gn     f̂ = f / (‖∇ₓf‖ + |f|)           Wu et al. 2021, "Gradient normalization for generative adversarial networks"
    gran   f̂ = f ‖∇ₓf‖ / (‖∇ₓf‖² + ε)      Bhaskara et al. 2022, "GraN-GAN"
Where f is piecewise linear, ∇f is constant around almost every x, and there ∇f̂ = ∇f ‖∇f‖ / (‖∇f‖ + |f|)² for gn, no
longer than 1, and ∇f ‖∇f‖ / (‖∇f‖² + ε) for gran, shorter than 1. Besides, |f̂| < 1 for gn (where f is flat, 1). Between
the pieces ∇f jumps, and f̂ with it: the bound holds within each piece only. Of critics that bend (GELU, attention) there
is none on ∇f̂, which has f's second derivatives. Other ways to the same end: spectral norms (Miyato et al. 2018),
clipped weights (Arjovsky et al. 2017), and penalties, in `minent.gan.input_gradients.penalty`.
"""

import copy
import logging
from typing import Any, Literal, TypeVar

import torch
from jaxtyping import Shaped
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from minent.errors import BadInput
from minent.gan.input_gradients.apart import refuse_batch_norm
from minent.gan.input_gradients.slope import steepness, value_and_gradient
from minent.training.descent.gradient import seeded

M = TypeVar("M", bound=nn.Module)
NORMED = (
    nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d, nn.Embedding
)  # fmt: skip
log = logging.getLogger("minent")


def gradient_normalise(critic: nn.Module, kind: Literal["gn", "gran"] = "gn", epsilon: float = 0.1) -> nn.Module:
    """The critic f̂, with the parameters of `critic`: any module that gives one number for each sample of its first
    argument; whatever further arguments it takes are handed on. `epsilon` is gran's. Layers are computed as
    torch.autocast has it, what is divided in float32.

    Raises BadInput for a critic whose value of a sample depends on the others of its batch (batch normalisation in
    training, at once; else the first time that it judges samples of a shape): the gradient by a sample is then not that
    of its own value.

    >>> critic = gradient_normalise(nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1)))
    >>> bool((critic(1000 * torch.randn(5, 2)).abs() < 1).all())
    True
    """
    return GradientNormalised(critic, kind, epsilon)


class GradientNormalised(nn.Module):
    """See `gradient_normalise`."""

    def __init__(self, critic: nn.Module, kind: Literal["gn", "gran"] = "gn", epsilon: float = 0.1):
        super().__init__()
        if kind not in ("gn", "gran"):
            raise BadInput(f"a gradient is normalised by gn or gran; got {kind!r}")
        if not epsilon > 0:
            raise BadInput(f"epsilon must be positive; got {epsilon}")
        refuse_batch_norm(critic)
        self.critic, self.kind, self.epsilon = critic, kind, epsilon

    def forward(self, x: Shaped[Tensor, "batch ..."], *rest: Any, **named: Any) -> Tensor:
        value, gradient = value_and_gradient(self.critic, x, *rest, **named)
        value = value.to(gradient.dtype)
        norm = steepness(gradient).view_as(value)
        if self.kind == "gran":
            return value * norm / (norm.square() + self.epsilon)
        whole = norm + value.abs()
        return value / torch.where(whole > 0, whole, 1.0)  # a critic that is 0 and flat stays 0

    def extra_repr(self) -> str:
        return f"kind={self.kind}" + (f", epsilon={self.epsilon}" if self.kind == "gran" else "")


def spectral_normalise(critic: M, seed: int = 1) -> M:
    """A copy of the critic whose linear layers, convolutions and embeddings have a largest singular value of about 1,
    by one power iteration a forward pass; the copy has its own parameters. Of a convolution it is that of its weight as
    a matrix (outputs, the rest), as in the paper, not of the linear map, whose norm may be greater. `seed` draws where
    the iterations begin. Matrices of other modules are left as they are, which is said.

    Raises BadInput for a layer of zeros, which has no spectral norm.

    >>> critic = spectral_normalise(nn.Linear(3, 3)).eval()
    >>> round(float(torch.linalg.matrix_norm(critic.weight.detach(), 2)), 1)
    1.0
    """
    try:
        critic = copy.deepcopy(critic)
    except RuntimeError:  # what they compute is no leaf
        raise BadInput(
            "a critic with norms of torch.nn.utils is not copied; one with those of torch.nn.utils.parametrizations is"
        ) from None
    found = [(name, layer) for name, layer in critic.named_modules() if isinstance(layer, NORMED)]
    if not found:
        raise BadInput("spectral norms are those of linear layers, convolutions and embeddings; this critic has none")
    for name, layer in found:
        if not layer.weight.any():  # type: ignore[operator]
            raise BadInput(f"layer {name!r} is all zeros, which has no spectral norm to divide by; draw its weights")
    normed = {id(one) for _, layer in found for one in layer.parameters()}
    left = [name for name, one in critic.named_parameters() if one.ndim > 1 and id(one) not in normed]
    if left:
        log.warning("spectral norms are those of layers; left as they are: %s", ", ".join(left))
    with seeded(next(critic.parameters()).device, seed):
        for _, layer in found:
            spectral_norm(layer)
    return critic


@torch.no_grad()
def clip_weights(critic: nn.Module, limit: float = 0.01) -> None:
    """Bring every parameter, in place, to between -limit and limit: what Arjovsky et al. do after each step."""
    for parameter in critic.parameters():
        parameter.clamp_(-limit, limit)
