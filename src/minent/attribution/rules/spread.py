"""A shift or a scale that is spread over the examples has gradients as small as itself: δ, or δ ⊙ a, summed over the
spread axes."""

from typing import Any

import torch
from torch import Tensor

from minent.attribution.rules.captures import capture, densely, note, sourced
from minent.attribution.rules.secant import plain
from minent.attribution.rules.tape import Source, Tape


def fitted(out: Tensor, part: Tensor, n: int) -> tuple[int, ...] | None:
    """The shape of a parameter that was spread over the examples, each axis named; None where it names them itself."""
    shape = (1,) * (out.dim() - part.dim()) + tuple(part.shape)
    return shape if out.dim() and out.shape[0] == n and shape[0] == 1 else None


def gathered(one: Tensor, shape: tuple[int, ...], wanted: torch.Size) -> Tensor:
    """Summed over the axes along which a parameter was spread."""
    spread = [axis for axis in range(1, one.dim()) if shape[axis] == 1 and one.shape[axis] != 1]
    return (one.sum(spread, keepdim=True) if spread else one).reshape(len(one), *wanted)


@capture("add", "radd", "sub", "subtract", "rsub")
def shift(tape: Tape, func: Any, input: Any, other: Any, **kwargs: Any) -> Tensor | None:
    if kwargs or sourced(input) == sourced(other):
        return None
    part = input if sourced(input) else other
    ours, theirs = (plain(one).detach() if one is part else plain(one) for one in (input, other))
    name = getattr(func, "__name__", "")
    minus = (part is other and name in ("sub", "subtract", "__sub__", "sub_")) or (part is input and "rsub" in name)
    out = func(ours, theirs)
    source, wanted = part.source, part.shape
    if (shape := fitted(out, part, tape.examples)) is None:
        if out.shape != part.shape or source.one is None:
            return None
        source, wanted = Source(source.parameter, source.one), torch.Size((1, *part.shape[1:]))
        shape = tuple(wanted)
    sign = -1 if minus else 1
    made = densely(source, lambda one, n: sign * gathered(one, shape, wanted))
    return note(tape, out, source, source.view, made)


@capture("cat", "concat", "concatenate")
def beside(tape: Tape, func: Any, tensors: Any, dim: int = 0) -> Tensor | None:
    """A parameter that is the same for all examples stands beside what is not, as the token of a class does."""
    parts = [one for one in tensors if sourced(one)]
    if any(one.source.one is None for one in parts) or not dim % tensors[0].dim():
        return None
    placed = [plain(one).detach().requires_grad_() if sourced(one) else plain(one) for one in tensors]
    for one, place in zip(tensors, placed, strict=True):
        if sourced(one):
            source = Source(one.source.parameter, one.source.one)
            note(tape, place, source, source.view, densely(source, lambda delta, n: delta[:, None]))
    return func(placed, dim)


@capture("mul", "multiply", "rmul")
def scale(tape: Tape, func: Any, input: Any, other: Any) -> Tensor | None:
    if sourced(input) == sourced(other):
        return None
    part, whole = (input, other) if sourced(input) else (other, input)
    if not isinstance(whole, Tensor):
        return None
    out = plain(whole) * plain(part).detach()
    if (shape := fitted(out, part, tape.examples)) is None:
        return None
    a, wanted = plain(whole).detach(), part.shape
    made = densely(part.source, lambda one, n: gathered(one * a, shape, wanted))
    return note(tape, out, part.source, part.source.view, made)
