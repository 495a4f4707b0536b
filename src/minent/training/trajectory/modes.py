"""What a model is while it is trained: what wraps it, which modules do what they do not when it is explained."""

from typing import Any

from torch import nn
from torch.optim.swa_utils import AveragedModel


def original(model: Any) -> Any:
    """The module itself, of what torch.compile, DataParallel, DistributedDataParallel or AveragedModel made of it.

    >>> line = nn.Linear(2, 1)
    >>> original(nn.DataParallel(line)) is line
    True
    """
    while True:
        if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel | AveragedModel):
            model = model.module
        elif hasattr(model, "_orig_mod"):
            model = model._orig_mod
        else:
            return model


def active(model: nn.Module) -> list[str]:
    """Modules that do in training what they do not when a model is explained: their kinds and names."""
    found = []
    for name, module in model.named_modules():
        rate = module.p if isinstance(module, nn.modules.dropout._DropoutNd) else getattr(module, "dropout", 0.0)
        normalises = isinstance(module, nn.modules.batchnorm._BatchNorm | nn.modules.instancenorm._InstanceNorm)
        if module.training and (normalises or (isinstance(rate, float) and rate > 0)):
            found.append(f"{type(module).__name__} {name}".strip())
    return found


def still(model: nn.Module) -> list[str]:
    """Names of the modules that are in evaluation mode."""
    return [name for name, module in model.named_modules() if not module.training]
