"""Statements that write into a tensor are functions of what it was and of what is written; new tensors are constant."""

from typing import Any

import torch
from torch import Tensor

from minent.attribution.rules.secant import at_end, plain, rule, secants, wrapped
from minent.attribution.rules.tape import Tape
from minent.errors import BadInput


def _set(target: Tensor, place: Any, value: Any) -> Tensor:
    written = target.clone()
    written[place] = value
    return written


@rule("setitem")
def setitem(tape: Tape, func: Any, target: Any, place: Any, value: Any) -> Any:
    """target[place] = value is linear in both. Raises BadInput where the place depends on what moves."""
    if any(one.moving for one in secants(place)):
        raise BadInput("x[place] = … where the place moves with the weights has no secant")
    tensors = [one for one in secants((target, value)) if one.moving]
    tape.loose.update(one.source.parameter for one in tensors if one.source is not None)
    made = _set(plain(target), plain(place), plain(value))
    ends = None
    if tape.paired and tensors:
        with torch.no_grad():
            first, last = (_set(at_end(target, k), plain(place), at_end(value, k)) for k in (0, 1))
        ends = first, last
    return wrapped(tape, made, ends, any(one.batched for one in secants((target, value))), bool(tensors))


@rule("copy_")
def copy(tape: Tape, func: Any, target: Any, source: Any, non_blocking: bool = False) -> Any:
    """What is copied takes the place of all that was."""
    return setitem(tape, func, target, ..., source)


@rule("zero_", "fill_")
def fill(tape: Tape, func: Any, target: Any, value: Any = 0.0) -> Any:
    """A number takes the place of all that was."""
    return setitem(tape, func, target, ..., value)


@rule(
    "zeros_like", "ones_like", "full_like", "empty_like", "new_zeros", "new_ones", "new_full", "new_empty",
    "new_tensor",
)  # fmt: skip
def created(tape: Tape, func: Any, *args: Any, **kwargs: Any) -> Any:
    """A new tensor depends on a shape, not on numbers."""
    made = func(*plain(args), **plain(kwargs))
    return wrapped(tape, made, None, made.dim() > 0 and len(made) == tape.examples, False)
