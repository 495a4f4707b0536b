"""How steep a critic is at each input: f(x) and ∇ₓf(x), sample by sample.

Where f treats the samples of a batch apart, the gradient of Σᵢ f(xᵢ) by the batch holds ∇f(xᵢ) in row i: one backward
pass for all (Gulrajani et al. 2017). Where it does not, there is no such gradient, and the critic is refused.
"""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from minent.errors import BadInput
from minent.gan.input_gradients.apart import known_apart, refuse_batch_norm, refuse_mixed
from minent.gan.input_gradients.passes import WrittenOut, passed
from minent.gan.input_gradients.pullback import value_and_slope
from minent.gan.input_gradients.tape import NoRule

log = logging.getLogger("minent")


def value_and_gradient(
    critic: Callable[..., Any], x: Shaped[Tensor, "batch ..."], *rest: Any, **named: Any
) -> tuple[Tensor, Tensor]:
    """f(x, *rest, **named), one number a sample, and ∇ₓf in the shape of x and at least float32, both differentiable
    again where gradients are on. Neither x nor any `.grad` is touched. By hand where the critic is piecewise linear and
    its layers have a rule (see `minent.gan.input_gradients.pullback`), by autograd's double backward elsewhere, which
    is said once.

    Raises BadInput where x is not of floats, and where the critic gives another number of values than samples, values
    that nothing can be differentiated by, or mixes the samples of a batch.

    >>> value, gradient = value_and_gradient(torch.nn.Linear(2, 1), torch.zeros(3, 2))
    >>> value.shape, gradient.shape
    (torch.Size([3, 1]), torch.Size([3, 2]))
    """
    if not x.is_floating_point():
        raise BadInput(f"a critic is differentiated by floats; got samples of {x.dtype}")
    if not torch.compiler.is_compiling() and torch._C._are_functorch_transforms_active():
        value, back, *_ = torch.func.vjp(lambda one: one_each(critic(one, *rest, **named), one), x)
        return value, back(torch.ones_like(value))[0].to(torch.promote_types(x.dtype, torch.float32))
    try:
        one = passed(critic)
        followed = any(isinstance(a, Tensor) and a.requires_grad for a in (*rest, *named.values()))
        if (rest or named) and (followed or not isinstance(critic, WrittenOut)):
            raise NoRule("further arguments that are differentiated, or that layers of torch do not take")
        value, gradient = value_and_slope(one, x, *rest, **named)
    except NoRule as missing:
        _say(str(missing))
        compiled = "torch._dynamo" in sys.modules  # else nothing is, and importing it takes a second
        take: Any = torch.compiler.disable(_by_autograd) if compiled else _by_autograd
        value, gradient = take(critic, x, rest, named)
    return one_each(value, x), gradient.to(torch.promote_types(x.dtype, torch.float32))


def _by_autograd(critic: Any, x: Tensor, rest: tuple, named: dict[str, Any]) -> tuple[Tensor, Tensor]:
    again = torch.is_grad_enabled()
    refuse_batch_norm(critic)
    with torch.inference_mode(False), torch.enable_grad(), _differentiable_twice(critic):
        inner = x.clone() if x.requires_grad and again else x.detach().clone().requires_grad_()
        value = one_each(critic(inner.clone(), *rest, **named), x)  # it may write to what it is given: not to ours
        if not value.requires_grad:
            raise BadInput("a critic's values are differentiated by its samples; these hang on nothing (no_grad?)")
        checked = known_apart(critic, x)
        (gradient,) = torch.autograd.grad(
            value.sum(), inner, create_graph=again, retain_graph=again or not checked, materialize_grads=True
        )
        if not checked:
            refuse_mixed(critic, inner, value, gradient)
    return (value, gradient) if again else (value.detach(), gradient)


@contextmanager
def _differentiable_twice(critic: Any) -> Iterator[None]:
    """Compiled modules, fused attention and cuDNN's recurrent layers have no double backward: those as written have."""
    recurrent = isinstance(critic, nn.Module) and any(isinstance(layer, nn.RNNBase) for layer in critic.modules())
    with (
        sdpa_kernel(SDPBackend.MATH),
        torch.compiler.set_stance("force_eager") if "torch._dynamo" in sys.modules else nullcontext(),
        torch.backends.cudnn.flags(enabled=False) if recurrent else nullcontext(),
    ):
        yield


@cache
def _say(missing: str) -> None:
    log.warning("gradients are taken by autograd's double backward, right and slower: no rule for %s", missing)


def one_each(value: Any, x: Tensor) -> Tensor:
    """The values of a critic. Raises BadInput unless they are one number for each sample."""
    got = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else f"a {type(value).__name__}"
    if not isinstance(value, Tensor) or value.numel() != len(x) or value.shape[:1] != x.shape[:1]:
        raise BadInput(
            f"a critic gives one number for each of {len(x)} samples; got {got} (of several, as those of patches or "
            "scales, minent.gan.averaged makes one)"
        )
    return value


def steepness(gradient: Float[Tensor, "batch ..."]) -> Float[Tensor, " batch"]:
    """‖∇f‖ of each sample; its own gradient is zero where it is zero."""
    return torch.linalg.vector_norm(gradient.unsqueeze(-1).flatten(1), dim=1)
