"""A step of SGD or Adam is linear in all gradients so far: what a gradient did is found by walking back from the end.

With H_r = Σ_{s≥r} μ^{s−r} D_s ⊙ J_s, J_s the output's (mean) gradient along step s, D_s the step's scales, the gradient
g_r changed the output by ⟨A_r, g_r⟩:

    SGD        H_r = η_r J_r + μ H_{r+1}            A_r = −(1 − τ) H_r       (τ dampening; 0 at the buffer's first step)
    Nesterov   the same H_r                         A_r = −μ (1 − τ) H_r − η_r J_r
    Adam       H_r = D_r ⊙ J_r + β₁ H_{r+1}         A_r = −(1 − β₁) H_r, D_r = η_r/((1 − β₁ʳ)(√v̂_r + ε))

so that no example needs an optimiser state of its own. Adam's v̂ is taken as given. Weight decay adds λθ to the
gradient, or, decoupled, −ηλθ to the step: a term of its own.
"""

import math
from collections.abc import Callable
from typing import Any

from torch import Tensor

from minent.training.trajectory import Step


def remembers(group: dict[str, Any]) -> bool:
    """Whether a step follows more than the newest gradient, one number times it."""
    return "betas" in group or bool(group["momentum"])


def back(
    following: Tensor | None, rows: Tensor, group: dict[str, Any], step: Step, first: bool, moment: Tensor | None,
    seen: Callable[[Tensor], Tensor],
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """A_r and H_r, of H_{r+1} (None for nothing) and J_r (output, *shape of the parameter).

    `first`: the step makes the buffer of momentum. `moment`: Adam's second one. `seen`: the linear function, if only
    the identity, of D_r ⊙ J_r that A and H are kept in."""
    rate, sign = group["lr"], -1 if group["maximize"] else 1
    if "betas" in group:
        assert moment is not None
        beta, beta2 = group["betas"]
        root = moment.sqrt() / math.sqrt(1 - beta2**step.count) + group["eps"]
        rows = seen(rows * (rate / (1 - beta**step.count) / root))
        held = rows if following is None else following * beta + rows
        return -sign * (1 - beta) * held, held
    momentum = group["momentum"]
    step_rows = seen(rate * rows)
    if not momentum:
        return -sign * step_rows, step_rows
    held = step_rows if following is None else following * momentum + step_rows
    new = 1 if first else 1 - group["dampening"]
    if group["nesterov"]:
        return -sign * (momentum * new * held + step_rows), held
    return -sign * new * held, held


def earlier(held: Tensor, group: dict[str, Any]) -> Tensor:
    """What multiplies the momentum from before the first step, of H_1 there."""
    if "betas" in group:
        return -group["betas"][0] * held
    return -(group["momentum"] ** (2 if group["nesterov"] else 1)) * held


def decay(
    rows: Tensor, coefficients: Tensor, parameter: Tensor, group: dict[str, Any], seen: Callable[[Tensor], Tensor]
) -> Tensor:
    """What weight decay did, (output,), of J_r and A_r."""
    if group.get("decoupled_weight_decay"):
        return -group["lr"] * group["weight_decay"] * (rows.flatten(1) @ parameter.flatten())
    sign = -1 if group["maximize"] else 1
    return sign * group["weight_decay"] * (coefficients.flatten(1) @ seen(parameter[None]).flatten())
