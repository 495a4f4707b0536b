"""The gradient of the loss of a batch is a sum over its examples, where they do not meet in the model."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from minent.attribution.factors.backward import backward
from minent.attribution.factors.products import Factors, total
from minent.attribution.rules.secant import plain
from minent.attribution.rules.tape import Tape
from minent.attribution.walk.passes import Inputs, forward, loose, predicted, taken
from minent.errors import BadInput


def loss_gradients(
    model: nn.Module, weights: Mapping[str, Tensor], inputs: Inputs, targets: Any, trained: set[str], loss: Any,
    parts: Sequence[int] = (),
) -> tuple[Factors, Tape]:  # fmt: skip
    """The part of each example in the gradient of the loss of a batch, or of the sum of its losses on `parts` of it, so
    many examples each."""
    tape, out, leaves = forward(model, weights, None, inputs, trained)
    with torch.enable_grad():
        values = plain(out)
        if len(parts) > 1:
            each = zip(values.split(list(parts)), split(targets, parts), strict=True)
            said = torch.stack([loss(*one).sum() for one in each])
        else:
            said = loss(values, targets)
        (cotangent,) = torch.autograd.grad(said.sum(), values, retain_graph=True)
    return backward(tape.uses, values, [cotangent], loose(tape, leaves), tape.examples), tape


def split(targets: Any, parts: Sequence[int]) -> list[Any]:
    """The targets of each part."""
    if isinstance(targets, tuple):
        return list(zip(*(one.split(list(parts)) for one in targets), strict=True))
    return list(targets.split(list(parts)))


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
        return {name: one.to_dense() for name, one in zip(leaves, found, strict=True)}  # of sparse embeddings too

    first = {name: [one.first() for one in several] for name, several in factors.items()}
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
