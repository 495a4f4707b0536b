"""TracIn: two examples are alike where a step on one would lower the loss on the other, by first order, at checkpoints.

    TracInCP(z, z′) = Σ_k η_k ⟨∇l(θ_k, z), ∇l(θ_k, z′)⟩        Pruthi et al. 2020, equation 2
It is the left-end path kernel of the loss, each example counted at each checkpoint; nothing adds up to a prediction.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float64
from torch import Tensor, nn

from minent.attribution.factors.products import Gradients, gradients, products, squares
from minent.attribution.walk.losses import check, loss_gradients
from minent.attribution.walk.passes import Inputs, number, place
from minent.attribution.walk.taught import Taught, Train
from minent.errors import BadInput
from minent.nn.evaluating import evaluating
from minent.training.trajectory.modes import original
from minent.training.trajectory.trajectory import Trajectory

Checkpoints = str | Path | Trajectory | Sequence[tuple[Mapping[str, Tensor], float]]
Point = tuple[dict[str, Tensor], dict[str, float], set[str], Any]  # weights, rates, names that count, summed loss


def tracin(
    model: nn.Module,
    checkpoints: Checkpoints,
    inputs: Inputs,
    targets: Any,
    *,
    train: Train,
    loss: Any = F.cross_entropy,
    layers: Sequence[str] | None = None,
    batch: int = 100,
    memory: float = 1.0,
) -> Float64[np.ndarray, "inputs examples"]:
    """The influence of each training example on the loss of each input: proponents lower it, and are positive.

    - `checkpoints`: weights and learning rates, or a trajectory, whose kept steps they are.
    - `loss(outputs, targets)`: the sum over a batch, or a value for each example; one with an argument `reduction`,
      as those of torch.nn.functional, is summed.
    - `layers`: names of modules or parameters, to heed these only; that of the last layer alone is TracIn-last.
    - `batch`: how many examples go through the model at a time.
    - `memory`: GiB for gradients of the inputs; the training examples go through once for as many as that holds.

    >>> model, x, y = nn.Linear(2, 2), torch.eye(2), torch.tensor([0, 1])
    >>> tracin(model, [(model.state_dict(), 0.1)], x, y, train=(x, y)).shape
    (2, 2)
    """
    model, found = original(model), np.zeros((number(inputs), len(Taught(train))))
    with evaluating(model):
        points = _at(model, checkpoints, layers, loss, place(inputs))
        for weights, rates, names, loss_sum in _checked(model, points, train, batch):
            each = sum(weights[name].numel() * weights[name].element_size() for name in names)
            held = max(1, int(memory * 2**30 / each / batch)) * batch
            for begin in range(0, number(inputs), held):
                asked = slice(begin, begin + held)
                ours = list(_blocks(model, weights, (inputs, targets), names, loss_sum, batch, asked))
                for second, theirs in _blocks(model, weights, train, names, loss_sum, batch):
                    for name in list(theirs):
                        one = theirs.pop(name)  # what is built for one parameter goes before the next
                        for first, mine in ours:
                            found[first, second] += rates[name] * products(mine[name], one)[0].double().cpu().numpy()
    return found


def self_influence(
    model: nn.Module,
    checkpoints: Checkpoints,
    *,
    train: Train,
    loss: Any = F.cross_entropy,
    layers: Sequence[str] | None = None,
    batch: int = 100,
) -> Float64[np.ndarray, " examples"]:
    """TracIn of each training example on itself, Σ_k η_k ‖∇l(θ_k, z)‖²: large for those that are hard, or mislabelled.

    Arguments are those of `tracin`."""
    model, found = original(model), np.zeros(len(Taught(train)))
    with evaluating(model):
        points = _at(model, checkpoints, layers, loss, _place(model, train))
        for weights, rates, names, loss_sum in _checked(model, points, train, batch):
            for rows, factors in _blocks(model, weights, train, names, loss_sum, batch):
                for name, each in factors.items():
                    found[rows] += rates[name] * squares(each)[0].double().cpu().numpy()
    return found


def _checked(model: nn.Module, found: Iterator[Point], train: Any, batch: int) -> Iterator[Point]:
    """The same, at the first of which the gradients of some training examples are compared with PyTorch's."""
    for k, point in enumerate(found):
        if not k:
            weights, _, names, loss = point
            device = next(iter(weights.values())).device
            taught = Taught(train)
            asked, wanted = taught.batch(range(min(batch, len(taught))), device)
            with torch.no_grad():
                factors, _ = loss_gradients(model, weights, asked, wanted, names, loss)
                check(model, weights, asked, wanted, names, loss, factors)
        yield point


def _at(
    model: nn.Module, checkpoints: Checkpoints, layers: Sequence[str] | None, loss: Any, device: torch.device
) -> Iterator[Point]:
    trained = {name for name, one in model.named_parameters() if one.requires_grad}
    if layers is not None:
        chosen = {name for name in trained if any(name == one or name.startswith(f"{one}.") for one in layers)}
        if not chosen:
            raise BadInput(f"layers must be modules or parameters of the model; got {', '.join(layers)}")
        trained = chosen
    loss_sum = partial(loss, reduction="sum") if "reduction" in _arguments(loss) else loss
    if isinstance(checkpoints, str | Path | Trajectory):
        trajectory = Trajectory.open(checkpoints).to(device)
        for first, _ in trajectory.segments():
            groups = zip(trajectory.parameters, trajectory.steps[first - 1].groups, strict=True)
            rates = {name: group["lr"] for names, group in groups for name in names}
            yield trajectory.weights(first), rates, trained & set(rates), loss_sum
        return
    for weights, rate in checkpoints:
        yield (
            {name: one.detach().to(device) for name, one in weights.items()},
            dict.fromkeys(trained, rate),
            trained,
            loss_sum,
        )


def _arguments(loss: Any) -> Sequence[str]:
    try:
        return list(signature(loss).parameters)
    except ValueError:
        return []


def _place(model: nn.Module, train: Train) -> torch.device:
    return place(train[0]) if isinstance(train, tuple) else next(model.parameters()).device


def _blocks(
    model: nn.Module, weights: Any, train: Train, names: set[str], loss: Any, batch: int, part: slice = slice(None)
) -> Iterator[tuple[slice, dict[str, Gradients]]]:
    taught = Taught(train)
    shapes, device = {name: weights[name].shape for name in names}, next(iter(weights.values())).device
    with torch.no_grad():
        begin, end, _ = part.indices(len(taught))
        for first in range(begin, end, batch):
            rows = range(first, min(first + batch, end))
            factors, _ = loss_gradients(model, weights, *taught.batch(rows, device), names, loss)
            yield slice(rows.start, rows.stop), gradients(factors, shapes)
