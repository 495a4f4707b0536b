"""One pass of a model at given weights, with the gradients of its outputs, or of its loss, as factors by parameter."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

import minent.attribution.attention
import minent.attribution.normalisation
import minent.attribution.pointwise
import minent.attribution.pooling  # noqa: F401 (the rules register themselves)
from minent.attribution.factors import Factors, backward, dense, scaled
from minent.attribution.secant import Secant, Source, Tape, plain, secant
from minent.errors import BadInput

Inputs = Tensor | tuple[Tensor, ...]
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
RULES = ("secant", *NODES)


def taken(inputs: Inputs, rows: Any) -> Inputs:
    """These examples of the inputs."""
    return tuple(one[rows] for one in inputs) if isinstance(inputs, tuple) else inputs[rows]


def number(inputs: Inputs) -> int:
    """How many examples there are."""
    return len(inputs[0] if isinstance(inputs, tuple) else inputs)


def predicted(model: nn.Module, weights: Mapping[str, Tensor], inputs: Inputs) -> Any:
    """What the model says with these weights, as PyTorch computes it."""
    parts = inputs if isinstance(inputs, tuple) else (inputs,)
    return torch.func.functional_call(model, dict(weights), parts)


def forward(
    model: nn.Module, start: Mapping[str, Tensor], end: Mapping[str, Tensor] | None, inputs: Inputs, trained: set[str]
) -> tuple[Tape, Secant, dict[str, Tensor]]:
    """What the model says as a secant between two ends, or without the other as a tangent; its tape and its leaves."""
    tape = Tape(number(inputs), end is not None)
    state: dict[str, Tensor] = {}
    leaves: dict[str, Tensor] = {}
    for name, before in start.items():
        after = before if end is None else end[name]
        if name in trained:
            leaves[name] = torch.lerp(before, after, 0.5) if end is not None else before.detach().clone()
            leaves[name].requires_grad_()
            ends = None if end is None else (before, after)
            with torch.enable_grad():
                state[name] = secant(tape, leaves[name], ends, source=Source(name, None), batched=False)
        elif end is None or not before.is_floating_point() or torch.equal(before, after):
            state[name] = before
        else:  # a running statistic: it moves, but no gradient moves it
            state[name] = secant(tape, torch.lerp(before, after, 0.5), (before, after), source=None, batched=False)
    parts = inputs if isinstance(inputs, tuple) else (inputs,)
    seen = tuple(secant(tape, one, None, moving=False) for one in parts)
    with torch.enable_grad():
        out = torch.func.functional_call(model, state, seen)
    return tape, out, leaves


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
    cotangents = [row.expand_as(values).contiguous() for row in unit]
    factors = backward(tape.uses, values, cotangents, _loose(tape, leaves), tape.examples)
    last = chosen.ends[1] if isinstance(chosen, Secant) and chosen.ends is not None else values.detach()
    return factors, last, tape


def along(
    model: nn.Module,
    start: Mapping[str, Tensor],
    end: Mapping[str, Tensor],
    inputs: Inputs,
    trained: set[str],
    outputs: Outputs,
    rule: str,
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


def loss_gradients(
    model: nn.Module, weights: Mapping[str, Tensor], inputs: Inputs, targets: Any, trained: set[str], loss: Any
) -> tuple[Factors, Tape]:
    """The part of each example in the gradient of the loss of a batch."""
    tape, out, leaves = forward(model, weights, None, inputs, trained)
    with torch.enable_grad():
        values = plain(out)
        said = loss(values, targets)
        (cotangent,) = torch.autograd.grad(said.sum(), values, retain_graph=True)
    return backward(tape.uses, values, [cotangent], _loose(tape, leaves), tape.examples), tape


def _loose(tape: Tape, leaves: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: leaves[name] for name in sorted(tape.loose)}


def lengths(factors: Factors, shapes: Mapping[str, torch.Size], names: Sequence[str]) -> float:
    """The length of the sum of all examples' gradients."""
    squares = [total(factors, name, shapes).square().sum() for name in names if name in factors]
    return float(torch.stack(squares).sum().sqrt())


def total(factors: Factors, name: str, shapes: Mapping[str, torch.Size]) -> Tensor:
    """The sum of all examples' gradients of a parameter, of the first output."""
    summed = []
    for factor in factors[name]:
        parts = dict(vars(factor))
        if "gradient" in parts:
            parts["gradient"] = parts["gradient"].sum(1, keepdim=True)
        else:
            parts["delta"] = parts["delta"].flatten(1, 2)[:, None]
            place = "a" if "a" in parts else "ids"
            parts[place] = parts[place].flatten(0, 1)[None]
        summed.append(type(factor)(**parts))
    return dense(summed, shapes[name])[0, 0]


def check(
    model: nn.Module, weights: Mapping[str, Tensor], inputs: Inputs, targets: Any, trained: set[str], loss: Any,
    factors: Factors,
) -> None:  # fmt: skip
    """Raises BadInput where the gradients by example are not PyTorch's: where examples do not come first, or meet."""
    shapes = {name: weights[name].shape for name in trained}

    def plainly(rows: slice) -> dict[str, Tensor]:
        leaves = {name: weights[name].detach().clone().requires_grad_() for name in sorted(trained)}
        with torch.enable_grad():
            said = loss(predicted(model, {**weights, **leaves}, taken(inputs, rows)), taken(targets, rows)).sum()
            found = torch.autograd.grad(said, list(leaves.values()), allow_unused=True, materialize_grads=True)
        return dict(zip(leaves, found, strict=True))

    first = {name: [_first(one) for one in several] for name, several in factors.items()}
    for rows, ours, what in (
        (slice(None), factors, "the loss does not see the model's output through operators that are known"),
        (slice(0, 1), first, "examples must stand in the first axis, and not meet (BatchNorm must be in eval mode)"),
    ):
        theirs = plainly(rows)
        mine = {name: total(ours, name, shapes) if name in ours else torch.zeros_like(weights[name]) for name in theirs}
        a = torch.cat([one.flatten() for one in theirs.values()]).double()
        b = torch.cat([mine[name].flatten() for name in theirs]).double()
        if a.norm() > 1e-6 * len(a) ** 0.5 and float(a @ b / (a.norm() * b.norm()).clamp(min=1e-300)) < 0.999:
            raise BadInput(f"the gradient of an example is not had: {what}")


def _first(factor: Any) -> Any:
    parts = dict(vars(factor))
    for name, axis in (("gradient", 1), ("delta", 1), ("a", 0), ("ids", 0)):
        if name in parts:
            parts[name] = parts[name].narrow(axis, 0, 1)
    return type(factor)(**parts)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Within the block no module drops anything out or moves statistics."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True
