"""A piecewise-linear critic, its gradient by the input, and the gradients of both by its weights, written out by hand.

    f      h_l = m_l ∘ (W_l h_{l-1} + b_l), h_0 = x     m_l the masks of rectifiers, constants
    ∇f     g_l = W_{l+1}ᵀ (m_{l+1} ∘ g_{l+1})           back from 1, as ever
For a loss with u = ∂L/∂f and v = ∂L/∂(∇f) of a sample, L's gradients are those of u f(x) + v·∇f(x), and v·∇f(x) is f's
derivative along v, a linear network in v with the same masks. So one pass q_l = m_l ∘ (W_l q_{l-1} + u b_l) from
q_0 = u x + v, and the g that are known already, give all of them:

    ∂L/∂W_l = Σ (m_l ∘ g_l) q_{l-1}ᵀ      ∂L/∂b_l = Σ u (m_l ∘ g_l)      ∂L/∂x = u ∇f
Four passes in the place of the six of autograd's double backward (three of a plain critic), and for a generator, who
wants ∂L/∂x only, no more than a plain critic's two: Pearlmutter 1994's trick, with f's own backward pass for nothing.
torch.compile, which refuses double backward, takes this whole. Where it is differentiated again, the passes are
ordinary operations that autograd follows.
"""

from typing import Any

import torch
from torch import Tensor, nn

from minent.gan.input_gradients.layers import Gradients
from minent.gan.input_gradients.passes import passed


def value_and_slope(critic: nn.Module, x: Tensor, *rest: Any) -> tuple[Tensor, Tensor]:
    """f(x, *rest) and ∇ₓf of a critic that is `written_out`, in as few passes as there are."""
    if not torch.is_grad_enabled():
        return _followed(critic, x, *rest)
    return _ByHand.apply(critic, rest, x, *critic.parameters())  # type: ignore[return-value]


def _followed(critic: nn.Module, x: Tensor, *rest: Any) -> tuple[Tensor, Tensor]:
    one = passed(critic, x, *rest)
    return one.y, one.back(torch.ones_like(one.y))


class _ByHand(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, critic: nn.Module, rest: tuple[Any, ...], x: Tensor, *parameters: nn.Parameter) -> Any:
        ctx.critic, ctx.rest, ctx.passed = critic, rest, passed(critic, x, *rest)
        ctx.cast = torch.is_autocast_enabled(x.device.type), torch.get_autocast_dtype(x.device.type)
        slope = ctx.passed.back(torch.ones_like(ctx.passed.y))
        ctx.save_for_backward(x, slope, *parameters)  # those too, so that torch tells when they have been changed
        return ctx.passed.y.clone(), slope

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:  # pyright: ignore
        (by_value, by_slope), (x, slope, *parameters), wanted = gradients, ctx.saved_tensors, ctx.needs_input_grad[2:]
        with torch.autocast(x.device.type, ctx.cast[1], enabled=ctx.cast[0]):
            if torch.is_grad_enabled():  # to be differentiated again
                inputs = [one for one, want in zip((x, *parameters), wanted, strict=True) if want]
                both = _followed(ctx.critic, x, *ctx.rest)
                again = iter(torch.autograd.grad(
                    both, inputs, gradients, create_graph=True, allow_unused=True, materialize_grads=True
                ))  # fmt: skip
                return None, None, *(next(again) if want else None for want in wanted)
            found: Gradients = {}
            u = by_value.reshape(len(x))
            beside = u.view(-1, *[1] * (x.ndim - 1))
            if any(wanted[1:]):
                ctx.passed.push((beside * x + by_slope).to(x.dtype), u, found)
        weights = (
            found[one].to(one.dtype) if one in found else torch.zeros_like(one) if want else None
            for one, want in zip(parameters, wanted[1:], strict=True)
        )
        return None, None, (beside * slope).to(x.dtype) if wanted[0] else None, *weights
