"""AdamW steps by the mean gradient over the root of the mean squared one, and shrinks matrices besides.

    w <- (1 - lr decay) w - lr m / (sqrt(v) + eps)    Loshchilov & Hutter 2019, algorithm 2

Biases and the scales of norms do not decay: they multiply no input, so there is nothing that shrinking them evens out.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from minent.training.recipe import Recipe


def adamw(model: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    """The optimiser of all parameters of `model` that are trained; those of two or more dimensions decay.

    >>> [group["weight_decay"] for group in adamw(nn.Linear(2, 3), Recipe(weight_decay=0.5)).param_groups]
    [0.5, 0.0]
    """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [parameter for parameter in trained if parameter.ndim >= 2], "weight_decay": recipe.weight_decay},
        {"params": [parameter for parameter in trained if parameter.ndim < 2], "weight_decay": 0.0},
    ]
    betas = recipe.beta1, recipe.beta2  # each step says its learning rate
    return torch.optim.AdamW(groups, betas=betas, fused=fusible(trained))


def fusible(weights: Iterable[Tensor]) -> bool:
    """Whether one kernel may step each weight, in place of a dozen: torch's goes through weight, gradient and moments
    by their places in memory, which are alike only where a weight fills its memory without gaps.

    >>> whole = torch.zeros(4, 6)
    >>> fusible([whole, whole.t()]), fusible([whole, whole[:, ::2]])
    (True, False)
    """
    return all(
        one.is_floating_point()
        and one.device.type in ("cpu", "cuda")
        and one.stride() == torch.empty_like(one).stride()
        for one in weights
    )
