"""What a trajectory asks of an optimiser: its kind, its options, and the second moment that the next step divides by.

v <- b v + (1 - b) g^2    Kingma & Ba 2015, algorithm 1; b the second of its betas
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from minent.training.weights import weights

KNOWN = {torch.optim.SGD: "SGD", torch.optim.Adam: "Adam", torch.optim.AdamW: "Adam"}
OPTIONS = (
    "lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize", "betas", "eps", "decoupled_weight_decay",
)  # fmt: skip


def options(optimizer: torch.optim.Optimizer) -> tuple[dict[str, Any], ...]:
    """Those of each group of parameters, as plain values.

    >>> options(torch.optim.SGD([torch.zeros(1)], lr=torch.tensor(0.5)))[0]["lr"]
    0.5
    """
    return tuple(
        {
            name: float(group[name]) if isinstance(group[name], Tensor) else group[name]
            for name in OPTIONS
            if name in group
        }
        for group in optimizer.param_groups
    )


def first_moments(optimizer: torch.optim.Optimizer, named: Iterable[tuple[Tensor, str]]) -> dict[str, Tensor]:
    """Momentum, or Adam's mean gradient, of the parameters that have one by now."""
    states = {name: optimizer.state.get(p, {}) for p, name in named}
    found = {name: state.get("momentum_buffer", state.get("exp_avg")) for name, state in states.items()}
    return {name: moment for name, moment in found.items() if moment is not None}


def second_moments(
    optimizer: torch.optim.Optimizer, names: Iterable[Iterable[str]], scale: Tensor | float = 1.0
) -> dict[str, Tensor]:
    """Adam's, as the step about to be taken will make them; `names` are those of the parameters of each group, and
    their gradients will be divided by `scale`."""
    found = {}
    for group, called in zip(optimizer.param_groups, names, strict=True):
        for p, name in zip(group["params"], called, strict=True):
            if "betas" not in group or p.grad is None:
                continue
            decays = group["weight_decay"] and not group["decoupled_weight_decay"]
            g = p.grad / scale
            g = -g if group["maximize"] else g
            g = g + group["weight_decay"] * p.detach() if decays else g
            state, beta = optimizer.state.get(p, {}), group["betas"][1]
            found[name] = beta * state.get("exp_avg_sq", torch.zeros_like(p)).detach() + (1 - beta) * g.square()
            if group["amsgrad"]:
                found[name] = torch.maximum(found[name], state.get("max_exp_avg_sq", torch.zeros_like(p)))
    return found


def size_of(model: nn.Module, optimizer: torch.optim.Optimizer, kept: int) -> int:
    """Bytes that so many kept steps take on disk, with what is not trained once.

    >>> model = nn.Linear(9, 1)
    >>> [size_of(model, kind(model.parameters()), 10) for kind in (torch.optim.SGD, torch.optim.Adam)]
    [400, 800]
    """
    trained = sum(p.nbytes * (1 + ("betas" in group)) for group in optimizer.param_groups for p in group["params"])
    own = {id(p) for group in optimizer.param_groups for p in group["params"]}
    apart = {name for name, p in model.named_parameters() if id(p) in own}
    return kept * trained + sum(tensor.nbytes for name, tensor in weights(model).items() if name not in apart)
