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
from torch import Tensor

from minent.gan.input_gradients.tape import Pass, Tape


def value_and_slope(one: Pass, x: Tensor, *rest: Any, **named: Any) -> tuple[Tensor, Tensor]:
    """f(x, *rest, **named) and ∇ₓf of a critic by its pass (`minent.gan.input_gradients.passes.passed`), in as few
    passes as there are."""
    weights = one.weights()
    if not torch.is_grad_enabled():
        return _there_and_back(one, x, Tape(weights), rest, named)
    return _ByHand.apply(one, rest, named, x, *weights)  # type: ignore[return-value]


def _there_and_back(one: Pass, x: Tensor, tape: Tape, rest: tuple, named: dict[str, Any]) -> tuple[Tensor, Tensor]:
    y = one.there(x, tape, *rest, **named)
    return y, one.back(torch.ones_like(y), tape)


class _ByHand(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, one: Pass, rest: tuple, named: dict[str, Any], x: Tensor, *weights: Tensor) -> Any:
        tape = Tape(weights)
        value, slope = _there_and_back(one, x, tape, rest, named)
        if tape.taken != len(weights):
            raise RuntimeError(f"a pass takes each of its {len(weights)} weights once; {tape.taken} were taken")
        ctx.one, ctx.rest, ctx.named, ctx.number = one, rest, named, len(weights)
        ctx.cast = torch.is_autocast_enabled(x.device.type), torch.get_autocast_dtype(x.device.type)
        ctx.save_for_backward(x, slope, *tape.kept)
        return value.clone(), slope

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:  # pyright: ignore
        (by_value, by_slope), (x, slope, *kept), wanted = gradients, ctx.saved_tensors, ctx.needs_input_grad[3:]
        weights = kept[: ctx.number]
        with torch.autocast(x.device.type, ctx.cast[1], enabled=ctx.cast[0]):
            if torch.is_grad_enabled():  # to be differentiated again
                inputs = [one for one, want in zip((x, *weights), wanted, strict=True) if want]
                both = _there_and_back(ctx.one, x, Tape(weights), ctx.rest, ctx.named)
                held = [pair for pair in zip(both, gradients, strict=True) if pair[0].requires_grad]
                again = iter(torch.autograd.grad(  # by x alone, where weights are frozen, the slope has no gradient
                    [out for out, _ in held], inputs, [by for _, by in held],
                    create_graph=True, allow_unused=True, materialize_grads=True,
                ))  # fmt: skip
                return None, None, None, *(next(again) if want else None for want in wanted)
            u, tape = by_value.reshape(len(x)), Tape(kept, wanted[1:])
            beside = u.view(-1, *[1] * (x.ndim - 1))
            if any(wanted[1:]):
                ctx.one.push((beside * x + by_slope).to(x.dtype), u, tape)
        found = (
            None if not want else _found(gradient).to(weight.dtype)
            for gradient, weight, want in zip(tape.found, weights, wanted[1:], strict=True)
        )
        return None, None, None, (beside * slope).to(x.dtype) if wanted[0] else None, *found


def _found(gradient: Tensor | None) -> Tensor:
    if gradient is None:
        raise RuntimeError("a pass finds the gradient of each of its weights; of one it did not")
    return gradient
