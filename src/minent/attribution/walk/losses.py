"""The gradient of the loss of a batch is a sum over its examples, where they do not meet in the model."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map

from minent.attribution.factors.backward import backward
from minent.attribution.factors.products import Factors, total
from minent.attribution.rules.secant import plain
from minent.attribution.rules.tape import Tape
from minent.attribution.walk.passes import Inputs, forward, loose, place, predicted, taken
from minent.errors import BadInput
from minent.training.randomness import replayed


def loss_gradients(
    model: nn.Module, weights: Mapping[str, Tensor], inputs: Inputs, targets: Any, trained: set[str], loss: Any
) -> tuple[Factors, Tape]:
    """The part of each example in the gradient of the loss of a batch."""
    (factors,), tape = passed(model, weights, [(inputs, targets)], trained, loss, False, None)
    return factors, tape


def passed(
    model: nn.Module, weights: Mapping[str, Tensor], batches: Sequence[tuple[Inputs, Any]], trained: set[str],
    loss: Any, apart: bool, states: Sequence[Tensor] | None,
) -> tuple[list[Factors], Tape]:  # fmt: skip
    """The same, of each of some batches, inputs and targets, that go through the model one by one. `apart`: the loss is
    the sum of its values on each; else, where they fit together, that of all. `states`: of the random generators before
    each."""
    several = []
    for (inputs, _), state in zip(batches, states or [None] * len(batches), strict=True):
        with replayed(state, place(inputs)):
            several.append(forward(model, weights, None, inputs, trained, state is not None))
    with torch.enable_grad():
        pairs = [(tree_map(plain, out), wanted) for (_, out, _), (_, wanted) in zip(several, batches, strict=True)]
        values = [value for value, _ in pairs]
        pairs = pairs if apart or len(pairs) == 1 or not _fit(pairs) else [tree_map(lambda *a: torch.cat(a), *pairs)]
        each = [loss(*pair).sum() for pair in pairs]
        outs = [[one for one in tree_leaves(value) if _followed(one)] for value in values]
        flat = [one for out in outs for one in out]
        found = iter(torch.autograd.grad(sum(each), flat, None, True, allow_unused=True, materialize_grads=True))  # type: ignore[arg-type]
    factors = [
        backward(tape.uses, out, [[next(found) for _ in out]], loose(tape, leaves), tape.examples)
        for (tape, _, leaves), out in zip(several, outs, strict=True)
    ]
    return factors, several[0][0]


def _fit(trees: Sequence[Any]) -> bool:
    """Whether tensors differ in the number of examples only: texts may be padded batch by batch."""
    return len({tuple(tuple(one.shape[1:]) for one in tree_leaves(tree)) for tree in trees}) == 1


def _followed(one: Any) -> bool:
    return isinstance(one, Tensor) and one.requires_grad


def meeting(model: nn.Module) -> bool:
    """Whether examples meet in the statistics of a batch."""
    return any(isinstance(one, nn.modules.batchnorm._BatchNorm) and one.training for one in model.modules())


def check(
    model: nn.Module, weights: Mapping[str, Tensor], inputs: Inputs, targets: Any, trained: set[str], loss: Any,
    factors: Factors, state: Tensor | None = None,
) -> None:  # fmt: skip
    """Raises BadInput where the gradients by example are not PyTorch's: where examples do not come first, or meet, but
    as they do in the statistics of BatchNorm, or where something is drawn at random."""
    shapes = {name: weights[name].shape for name in trained}

    def plainly(rows: slice) -> dict[str, Tensor]:
        leaves = {name: weights[name].detach().clone().requires_grad_() for name in sorted(trained)}
        with torch.enable_grad(), replayed(state, place(inputs)):
            said = loss(predicted(model, {**weights, **leaves}, taken(inputs, rows)), taken(targets, rows)).sum()
            found = torch.autograd.grad(said, list(leaves.values()), allow_unused=True, materialize_grads=True)
        return {name: one.to_dense() for name, one in zip(leaves, found, strict=True)}  # of sparse embeddings too

    first = {name: [one.first() for one in several] for name, several in factors.items()}
    for rows, ours, what in (
        (slice(None), factors, "the loss does not see the model's output through operators that are known"),
        (slice(0, 1), first, "examples must stand in the first axis, and not meet"),
    ):
        if ours is first and (state is not None or meeting(model)):
            return
        theirs = plainly(rows)
        mine = {
            name: total([ours], name, shapes) if name in ours else torch.zeros_like(weights[name]) for name in theirs
        }
        a = torch.cat([one.flatten() for one in theirs.values()]).double()
        b = torch.cat([mine[name].flatten() for name in theirs]).double()
        if a.norm() > 1e-6 * len(a) ** 0.5 and float(a @ b / (a.norm() * b.norm()).clamp(min=1e-300)) < 0.999:
            raise BadInput(f"the gradient of an example is not had: {what}")
