"""A step of SGD or Adam is linear in all gradients so far: what a gradient did is found by walking back from the end.

With J_s the output's (mean) gradient along step s, D_s its scales, μ_s or β₁ₛ how much of the memory it keeps, and H_r
what the memory after step r does to the output, then and later, the gradient g_r changed the output by ⟨A_r, g_r⟩:

    SGD        H_r = η_r J_r + μ_{r+1} H_{r+1}       A_r = −(1 − τ) H_r      (τ dampening; 0 at the buffer's first step)
    Nesterov   H_r = μ_r η_r J_r + μ_{r+1} H_{r+1}   A_r = −(1 − τ) H_r − η_r J_r
    Adam       H_r = D_r ⊙ J_r + β₁ᵣ₊₁ H_{r+1}       A_r = −(1 − β₁ᵣ) H_r, D_r = η_r/((1 − β₁ᵣʳ)(√v̂_r + ε))

so that no example needs an optimiser state of its own. Adam's v̂ is taken as given. Weight decay adds λθ to the
gradient, or, decoupled, −ηλθ to the step: a term of its own.
"""

import math
from collections.abc import Callable
from typing import Any

from torch import Tensor


def remembers(group: dict[str, Any]) -> bool:
    """Whether a step follows more than the newest gradient, one number times it."""
    return "betas" in group or bool(group["momentum"])


def back(
    following: Tensor | None, rows: Tensor, group: dict[str, Any], count: int, first: bool, moment: Tensor | None,
    seen: Callable[[Tensor], Tensor],
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """A_r and μ_r H_r, of μ_{r+1} H_{r+1} (None for nothing) and J_r (output, *shape of the parameter).

    `count`: the steps that the optimiser has taken of the parameter, with this one. `first`: the step makes the
    buffer of momentum. `moment`: Adam's second one. `seen`: the linear function, if only the identity, of D_r ⊙ J_r
    that A and H are kept in."""
    rate, sign = group["lr"], -1 if group["maximize"] else 1
    if "betas" in group:
        assert moment is not None
        beta, beta2 = group["betas"]
        root = moment.sqrt() / math.sqrt(1 - beta2**count) + group["eps"]
        rows = seen(rows * (rate / (1 - beta**count) / root))
        held = rows if following is None else following + rows
        return -sign * (1 - beta) * held, beta * held
    momentum = group["momentum"]
    step_rows = seen(rate * rows)
    if not momentum:  # the buffer stays as it is
        return -sign * step_rows, 0 * step_rows if following is None else following
    taken = momentum * step_rows if group["nesterov"] else step_rows
    held = taken if following is None else following + taken
    new = 1 if first else 1 - group["dampening"]
    if group["nesterov"]:
        return -sign * (new * held + step_rows), momentum * held
    return -sign * new * held, momentum * held


def decay(
    rows: Tensor, coefficients: Tensor, parameter: Tensor, group: dict[str, Any], seen: Callable[[Tensor], Tensor]
) -> Tensor:
    """What weight decay did, (output,), of J_r and A_r."""
    if group.get("decoupled_weight_decay"):
        return -group["lr"] * group["weight_decay"] * (rows.flatten(1) @ parameter.flatten())
    sign = -1 if group["maximize"] else 1
    return sign * group["weight_decay"] * (coefficients.flatten(1) @ seen(parameter[None]).flatten())
