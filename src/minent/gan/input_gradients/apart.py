"""Whether a critic judges each sample by itself, as it must where gradients by samples are meant to be of their values.

    ∂f(x)ᵢ/∂xⱼ = 0 for j ≠ i
holds exactly, in every arithmetic, where nothing of a batch is shared: one backward pass from one sample tells. What it
cannot see is mixing that gradients do not pass, as by statistics that were detached.
"""

import logging
import math
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from minent.errors import BadInput

FLAT = 1e-6  # of its value: what rounding leaves
log = logging.getLogger("minent")
_TOLD: WeakSet[Any] = WeakSet()
_APART: WeakKeyDictionary[Any, set] = WeakKeyDictionary()
INSTEAD = "so that no gradient is that of one sample's value; LayerNorm, GroupNorm and InstanceNorm do not"


def refuse_batch_norm(critic: Any) -> None:
    """Raises BadInput where batch normalisation takes the statistics of the batch: not in evaluation mode."""
    for name, layer in critic.named_modules() if isinstance(critic, nn.Module) else ():
        if isinstance(layer, _BatchNorm) and (layer.training or layer.running_mean is None):
            raise BadInput(
                f"a critic must judge each sample by itself: layer {name!r} is a {type(layer).__name__}, which mixes "
                f"the samples of a batch in training, {INSTEAD}"
            )


def known_apart(critic: Any, x: Tensor) -> bool:
    """Whether this critic has been found to keep such samples apart, or there is but one."""
    try:
        return len(x) < 2 or _what(critic, x) in _APART.get(critic, ())
    except TypeError:  # it can be no key
        return False


def refuse_mixed(critic: Any, inner: Tensor, value: Tensor, gradient: Tensor) -> None:
    """Raises BadInput where the value of one sample, the steepest, has a gradient by another; `gradient` is that of the
    sum of all. Says once of a critic that it is flat."""
    steep = torch.linalg.vector_norm(gradient.detach().unsqueeze(-1).flatten(1).float(), dim=1)
    most = int(steep.argmax())
    (one,) = torch.autograd.grad(value.flatten()[most], inner, retain_graph=True, materialize_grads=True)
    rows = one.unsqueeze(-1).flatten(1).abs().amax(1).float()
    own, others = float(rows[most]), float(torch.cat([rows[:most], rows[most + 1 :]]).max())
    if not math.isfinite(own + others):
        return  # another batch will tell
    if others > torch.finfo(torch.promote_types(one.dtype, torch.bfloat16)).eps * max(own, others):
        raise BadInput(
            "a critic must judge each sample by itself: what this one says of a sample changes with the others of its "
            f"batch (a slope of {others:.3g} by another's numbers, {own:.3g} by its own), as with batch normalisation "
            f"and minibatch deviations, {INSTEAD}"
        )
    largest = float(value.detach().abs().max())
    if own <= FLAT * largest:
        _say_flat(critic, own, largest)
    if own:
        with suppress(TypeError):
            _APART.setdefault(critic, set()).add(_what(critic, inner))


def _say_flat(critic: Any, slope: float, largest: float) -> None:
    with suppress(TypeError):
        if critic in _TOLD:
            return
        _TOLD.add(critic)
    log.warning(
        "a critic is flat: no sample changes what it says of it (slope %.1g, values up to %.3g), so that nobody learns "
        "from it; are its last weights 0, or does a mean follow an InstanceNorm?", slope, largest,
    )  # fmt: skip


def _what(critic: Any, x: Tensor) -> tuple[Any, ...]:
    return tuple(x.shape), getattr(critic, "training", None)
