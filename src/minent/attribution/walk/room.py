"""How much memory one more input takes on the walk: its activations and the factors of its mean gradients, measured."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from minent.attribution.factors.factors import Factor
from minent.attribution.walk.mean_gradients import Outputs, jacobian
from minent.attribution.walk.passes import Inputs, number, taken

ENDS = 3  # an activation is there at both ends of a step, and between them


def room(
    model: nn.Module, weights: dict[str, Tensor], inputs: Inputs, trained: set[str],
    chosen_of: Callable[[slice], Outputs],
) -> int:  # fmt: skip
    """Bytes of one input more; none are known of a single one."""
    if number(inputs) < 2:
        return 0
    one, two = (_held(model, weights, taken(inputs, part), trained, chosen_of(part)) for part in map(slice, (1, 2)))
    return max(0, two - one)


def _held(model: nn.Module, weights: dict[str, Tensor], inputs: Inputs, trained: set[str], outputs: Outputs) -> int:
    saved = dict[int, int]()

    def pack(tensor: Tensor) -> Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        factors, _, _ = jacobian(model, weights, None, inputs, trained, outputs)
    parts = [part for several in factors.values() for factor in several for part in _tensors(factor)]
    unique = {part.untyped_storage().data_ptr(): part.untyped_storage().nbytes() for part in parts}
    return ENDS * sum(saved.values()) + 2 * sum(unique.values())  # gathered by output, and stacked


def _tensors(factor: Factor) -> list[Any]:
    return [one for one in vars(factor).values() if isinstance(one, Tensor)]
