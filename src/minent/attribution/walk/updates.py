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
from dataclasses import dataclass
from typing import Any

from torch import Tensor

Linear = Callable[[Tensor], Tensor]


def remembers(group: dict[str, Any]) -> bool:
    """Whether a step follows more than the newest gradient, one number times it."""
    return "betas" in group or bool(group["momentum"])


@dataclass
class Memory:
    """H_r (output, *shape) of one parameter, which grows in place on the way back; None for nothing."""

    held: Tensor | None = None
    kept: float = 1.0
    """μ_r or β₁ᵣ: what step r kept of the memory before it."""

    def back(
        self, rows: Tensor, group: dict[str, Any], count: int, first: bool, moment: Tensor | None, seen: Linear
    ) -> Callable[[Linear], Tensor]:
        """From H_{r+1} to H_r, of J_r like it; returns a function that gives f(A_r) of a linear function f.

        `count`: the steps that the optimiser has taken of the parameter, with this one. `first`: the step makes the
        buffer of momentum. `moment`: Adam's second one. `seen`: the linear function, if only the identity, of D_r ⊙ J_r
        that H is kept in."""
        rate, sign = group["lr"], -1 if group["maximize"] else 1
        if "betas" in group:
            assert moment is not None
            beta, beta2 = group["betas"]
            scale = rate / (1 - beta**count) / (moment.sqrt() / math.sqrt(1 - beta2**count) + group["eps"])
            held = self.held = rows * scale if self.held is None else self.held.mul_(self.kept).addcmul_(rows, scale)
            self.kept = beta
            return lambda f: -sign * (1 - beta) * f(held)
        momentum, rows = group["momentum"], seen(rows)
        if not momentum:  # the buffer stays as it is
            return lambda f: -sign * rate * f(rows)
        taken = momentum * rate if group["nesterov"] else rate
        held = self.held = taken * rows if self.held is None else self.held.mul_(self.kept).add_(rows, alpha=taken)
        self.kept = momentum
        new = 1 if first else 1 - group["dampening"]
        if group["nesterov"]:
            return lambda f: -sign * (new * f(held) + rate * f(rows))
        return lambda f: -sign * new * f(held)


def decay(
    rows: Tensor, share: Callable[[Linear], Tensor], parameter: Tensor, group: dict[str, Any], seen: Linear
) -> Tensor:
    """What weight decay did, (output,), of J_r and of a function that gives f(A_r)."""
    if group.get("decoupled_weight_decay"):
        return -group["lr"] * group["weight_decay"] * (rows.flatten(1) @ parameter.flatten())
    sign = -1 if group["maximize"] else 1
    theirs = seen(parameter[None]).flatten()
    return sign * group["weight_decay"] * share(lambda held: held.flatten(1) @ theirs)
