"""How steep a critic is at each input: f(x) and ∇ₓf(x), sample by sample.

Where f treats the samples of a batch apart, the gradient of Σᵢ f(xᵢ) by the batch holds ∇f(xᵢ) in row i: one backward
pass for all (Gulrajani et al. 2017).
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from minent.errors import BadInput
from minent.gan.input_gradients.passes import written_out
from minent.gan.input_gradients.pullback import value_and_slope


def value_and_gradient(critic: nn.Module, x: Float[Tensor, "batch ..."], *rest: Any) -> tuple[Tensor, Tensor]:
    """f(x, *rest), one number a sample, and ∇ₓf in the shape of x and at least float32, both differentiable again
    where gradients are on. Neither x nor any `.grad` is touched. By hand where the critic is piecewise linear and
    can be `written_out` (see `minent.gan.input_gradients.pullback`), by autograd's double backward elsewhere.

    Raises BadInput where the critic gives another number of values than samples.

    >>> value, gradient = value_and_gradient(nn.Linear(2, 1), torch.zeros(3, 2))
    >>> value.shape, gradient.shape
    (torch.Size([3, 1]), torch.Size([3, 2]))
    """
    if written_out(critic):
        value, gradient = value_and_slope(critic, x, *rest)
        return one_each(value, x), gradient.to(torch.promote_types(x.dtype, torch.float32))
    again = torch.is_grad_enabled()
    with torch.inference_mode(False), torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
        inner = x.clone() if x.requires_grad and again else x.detach().clone().requires_grad_()
        value = one_each(critic(inner.clone(), *rest), x)  # a critic may write to what it is given: not to ours
        (gradient,) = torch.autograd.grad(value.sum(), inner, create_graph=again, materialize_grads=True)
    gradient = gradient.to(torch.promote_types(x.dtype, torch.float32))
    return (value, gradient) if again else (value.detach(), gradient)


def one_each(value: Tensor, x: Tensor) -> Tensor:
    """The values of a critic. Raises BadInput unless they are one number for each sample."""
    if value.numel() != len(x) or value.shape[:1] != x.shape[:1]:
        raise BadInput(f"a critic gives one number for each of {len(x)} samples; got shape {tuple(value.shape)}")
    return value


def steepness(gradient: Float[Tensor, "batch ..."]) -> Float[Tensor, " batch"]:
    """‖∇f‖ of each sample; its own gradient is zero where it is zero."""
    return torch.linalg.vector_norm(gradient.flatten(1), dim=1)
