"""Mean gradients of what a model says along a step of its weights, by a rule: a secant, or a quadrature."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn

from minent.attribution.factors.backward import backward
from minent.attribution.factors.products import Factors, scaled
from minent.attribution.rules.secant import Secant, plain
from minent.attribution.rules.tape import Tape
from minent.attribution.walk.passes import Inputs, forward, loose
from minent.errors import BadInput

Outputs = Callable[[Any], Any]
NODES = {  # of Gauss and Legendre's two-point and four-point rules on [0, 1], and their weights
    "left": ((0.0, 1.0),),
    "midpoint": ((0.5, 1.0),),
    "gauss-legendre": (
        (0.06943184420297371, 0.17392742256872693),
        (0.33000947820757187, 0.32607257743127307),
        (0.66999052179242813, 0.32607257743127307),
        (0.93056815579702629, 0.17392742256872693),
    ),
}
Rule = Literal["secant", "left", "midpoint", "gauss-legendre"]


def jacobian(
    model: nn.Module,
    start: Mapping[str, Tensor],
    end: Mapping[str, Tensor] | None,
    inputs: Inputs,
    trained: set[str],
    outputs: Outputs,
) -> tuple[Factors, Tensor, Tape]:
    """Mean gradients (outputs, examples) of the outputs along the step, their values at its end, and the tape."""
    tape, out, leaves = forward(model, start, end, inputs, trained)
    with torch.enable_grad():
        chosen = outputs(out)
        values = plain(chosen)
    if chosen.dim() != 2 or len(chosen) != tape.examples:
        wanted = f"outputs must be numbers (input, output) for {tape.examples} inputs"
        raise BadInput(f"{wanted}; got {tuple(chosen.shape)}: choose by a function")
    unit = torch.eye(values.shape[1], dtype=values.dtype, device=values.device)
    cotangents = [[row.expand_as(values).contiguous()] for row in unit]
    factors = backward(tape.uses, [values], cotangents, loose(tape, leaves), tape.examples)
    last = chosen.ends[1] if isinstance(chosen, Secant) and chosen.ends is not None else values.detach()
    return factors, last, tape


def along(
    model: nn.Module,
    start: Mapping[str, Tensor],
    end: Mapping[str, Tensor],
    inputs: Inputs,
    trained: set[str],
    outputs: Outputs,
    rule: Rule,
) -> tuple[Factors, Tensor | None, Tape]:
    """Mean gradients along a step by a rule; the values at the end by the secant rule only."""
    if rule == "secant":
        return jacobian(model, start, end, inputs, trained, outputs)
    total: Factors = {}
    tape = Tape(0, False)
    for place, weight in NODES[rule]:
        between = {
            name: torch.lerp(one, end[name], place) if place and one.is_floating_point() else one
            for name, one in start.items()
        }
        factors, _, tape = jacobian(model, between, None, inputs, trained, outputs)
        for name, several in (factors if weight == 1 else scaled(factors, weight)).items():
            total.setdefault(name, []).extend(several)
    return total, None, tape
