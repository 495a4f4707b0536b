"""Nyström attention backwards on a CPU, by hand: one head at a time, so that its scores stay in the cache.

Forwards  O = S W,  S = softmax(QK̃ᵀ),  W = ridge(A, Y, Ṽ),  A = softmax(Q̃K̃ᵀ),  Y = P V,  P = softmax(Q̃Kᵀ).
Backwards dW = Sᵀ dO, then through the ridge (see `landmarks`) dA, dY and dṼ, and through each softmax(X) = S
    dX = S ∘ (dS − (S ∘ dS) 1)
Scores are computed again, not kept, and gradients are written where they belong, where automatic differentiation makes
copies and adds them.
"""

from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from minent.nn.attention.landmarks import RIDGE, solve, solve_backward
from minent.nn.attention.nystrom_forward import Between, Plan, attend


class ByHand(torch.autograd.Function):
    """`attend` as planned, but for the solver: the ridge, whose factor serves the way back too."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, plan: Plan) -> Tensor:
        out, between = attend(query, key, value, plan._replace(solve=partial(solve, strength=RIDGE)))
        ctx.save_for_backward(*between)
        ctx.plan = plan
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore
        with torch.autocast("cpu", enabled=False):
            if not torch.is_grad_enabled():
                return *gradients_of(Between(*ctx.saved_tensors), ctx.plan, gradients[0]), None
            inputs, wanted = ctx.saved_tensors[:3], ctx.needs_input_grad[:3]
            with sdpa_kernel(SDPBackend.MATH):  # gradients of these gradients are asked for: plain operators know them
                out = attend(*inputs, ctx.plan)[0]  # type: ignore[call-arg]
            asked = [x for x, want in zip(inputs, wanted, strict=True) if want]
            found = iter(torch.autograd.grad(out, asked, gradients[0], create_graph=True))
            return *(next(found) if want else None for want in wanted), None


def gradients_of(between: Between, plan: Plan, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """dQ, dK and dV from dO."""
    query, key, value, queries, keys, weights, answers, values, factor = between
    assert factor is not None
    groups, dtype, scale = plan.groups, query.dtype, query.shape[3] ** -0.5
    by_query, by_key, by_value = (torch.empty_like(x.transpose(1, 2)).transpose(1, 2) for x in (query, key, value))
    by_queries, by_keys = torch.empty_like(keys), torch.empty_like(keys)
    by_values = torch.empty_like(values, dtype=dtype)
    heads_backward(query, keys, values.to(dtype), gradient, plan.many, (by_query, by_keys, by_values))
    by_weights, by_answers, by_guess = solve_backward(
        by_values.to(weights.dtype), weights, answers, values, factor, RIDGE
    )
    if groups.real is not None:
        by_answers = by_answers * groups.real
    heads_backward(queries, key, value, by_answers.to(dtype), plan.padding, (by_queries, by_key, by_value))
    by_scores = (softmax_backward(by_weights, weights) * scale).to(dtype)
    groups.spread(by_queries + by_scores @ keys, by_query)
    groups.spread(by_keys + by_scores.mT @ queries, by_key)
    groups.spread(by_guess.to(dtype), by_value)
    return by_query, by_key, by_value


def softmax_backward(gradient: Tensor, weights: Tensor) -> Tensor:
    """The gradient by scores from that by their softmax over the last dimension, in place of `gradient`."""
    return torch.ops.aten._softmax_backward_data.out(gradient, weights, -1, weights.dtype, grad_input=gradient)


def heads_backward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    gradient: Tensor,
    mask: Tensor | None,
    into: tuple[Tensor, Tensor, Tensor],
) -> None:
    """What `gradient` of softmax(QKᵀ/√dim + mask)V is by Q, K and V (batch, head, _, dim), written to `into`."""
    batch, heads, n, dim = query.shape
    scale, keys = dim**-0.5, key.shape[2]
    weights, by_weights = query.new_empty(n, keys), query.new_empty(n, keys)
    for b in range(batch):
        for h in range(heads):
            q, k, v, g = query[b, h], key[b, h], value[b, h], gradient[b, h]
            weights.addmm_(q, k.mT, beta=0, alpha=scale)
            if mask is not None:
                weights += mask[b if len(mask) > 1 else 0, 0]
            torch.softmax(weights, -1, out=weights)
            into[2][b, h].addmm_(weights.mT, g, beta=0)
            softmax_backward(torch.mm(g, v.mT, out=by_weights), weights)
            into[0][b, h].addmm_(by_weights, k, beta=0, alpha=scale)
            into[1][b, h].addmm_(by_weights.mT, q, beta=0, alpha=scale)
