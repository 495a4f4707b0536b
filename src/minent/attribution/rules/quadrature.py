"""An operator without a secant of its own has one by quadrature: its mean derivative between both ends, nearly.

φ(z₁) − φ(z₀) = ∫₀¹ φ′(z₀ + u (z₁ − z₀)) du (z₁ − z₀)        by Gauss and Legendre's eight points
"""

from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from minent.attribution.rules.calls import named
from minent.attribution.rules.secant import OTHERS, Secant, at_end, ends_of, plain, rule, secants, wrapped
from minent.attribution.rules.tape import Tape
from minent.errors import BadInput

NODES = 8
ABSCISSAE = torch.tensor([
    -0.9602898564975363, -0.7966664774136267, -0.5255324099163290, -0.1834346424956498,
    0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363,
], dtype=torch.float64)  # fmt: skip
WEIGHTS = torch.tensor([
    0.1012285362903763, 0.2223810344533745, 0.3137066458778873, 0.3626837833783620,
    0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763,
], dtype=torch.float64)  # fmt: skip


class Quadrature(torch.autograd.Function):
    """The mean derivative on the straight line between an operator's inputs, by Gauss and Legendre's eight points."""

    @staticmethod
    def forward(ctx: Any, function: Any, value: Tensor, ends: Any, *inputs: Tensor) -> Tensor:
        ctx.function, ctx.ends = function, ends
        return value

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        sums: list[Any] = [None] * len(ctx.ends)
        for abscissa, weight in zip(ABSCISSAE.tolist(), WEIGHTS.tolist(), strict=True):
            points = [torch.lerp(a, b, (1 + abscissa) / 2).requires_grad_() for a, b in ctx.ends]
            with torch.enable_grad():
                out = ctx.function(points)
            found = torch.autograd.grad(out, points, grads[0] * (weight / 2), allow_unused=True)
            sums = [new if old is None else old + new for old, new in zip(sums, found, strict=True) if new is not None]
        return None, None, None, *sums


@rule(OTHERS)
def unknown(tape: Tape, func: Any, *args: Any, **kwargs: Any) -> Any:
    """An operator without a rule: by quadrature, where it gives one tensor of numbers; what does not move is passed on.

    Raises BadInput for decisions that the step changes, and for operators that give several tensors."""
    name, tensors = named(func)[0], secants((args, kwargs))
    batched, moving = any(one.batched for one in tensors), [one for one in tensors if one.moving]
    ends, value = ends_of(tape, func, args, kwargs), func(*plain(args), **plain(kwargs))
    found = [one for one in tree_leaves(value) if isinstance(one, Tensor) and one.is_floating_point()]
    if not found:
        same = ends is None or all(_same(a, b) for a, b in zip(*map(tree_leaves, ends), strict=True))
        if not same:
            raise BadInput(f"{name!r} decides otherwise after a step than before it: it has no secant; add a rule")
        return wrapped(tape, value if ends is None else ends[0], None, batched, False)
    tape.loose.update(one.source.parameter for one in moving if one.source is not None)
    if not tape.paired:
        return wrapped(tape, value, None, batched, True)
    if not isinstance(value, Tensor):
        raise BadInput(f"{name!r} has no secant rule, and gives several tensors: add a rule for it")
    tape.unruled.add(name)
    leaves, spec = tree_flatten((args, kwargs))
    places = [i for i, one in enumerate(leaves) if isinstance(one, Secant) and one.moving]
    others = [plain(one) for one in leaves]

    def function(points: list[Tensor]) -> Tensor:
        filled = list(others)
        for place, point in zip(places, points, strict=True):
            filled[place] = point
        placed, named = tree_unflatten(filled, spec)
        return func(*placed, **named)

    pairs = [(at_end(one, 0), at_end(one, 1)) for one in moving]
    value = Quadrature.apply(function, torch.lerp(*ends, 0.5), pairs, *map(plain, moving))  # type: ignore[misc]
    return wrapped(tape, value, ends, batched, True)


def _same(one: Any, other: Any) -> bool:
    return torch.equal(one, other) if isinstance(one, Tensor) else one == other
