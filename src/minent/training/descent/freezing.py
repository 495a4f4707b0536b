"""Weights that are frozen have no gradient and stay as they came."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from torch import nn

from minent.errors import BadInput, some


def freeze(model: nn.Module, patterns: Sequence[str]) -> int:
    """Freeze the weights whose names fit one of `patterns`, such as "encoder.*"; of tied ones the first name counts.
    How many numbers these are.

    Raises BadInput for a pattern that no name fits, and where nothing is left to train.

    >>> model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    >>> freeze(model, ["0.*"]), [name for name, one in model.named_parameters() if one.requires_grad]
    (9, ['1.weight', '1.bias'])
    """
    named = dict(model.named_parameters())
    for pattern in patterns:
        fit = [name for name in named if fnmatchcase(name, pattern)]
        if not fit:
            raise BadInput(f"no weight of the model fits {pattern!r}: they are called {some(list(named), 4)}")
        for name in fit:
            named[name].requires_grad_(False)
    if not any(one.requires_grad for one in named.values()):
        raise BadInput(f"nothing is left to train: all weights of the model fit {some(list(patterns), 4)}")
    return sum(one.numel() for one in named.values() if not one.requires_grad)
