"""One backward pass gives, wherever a parameter met the examples, the factors of all examples' gradients."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from minent.attribution.factors.factors import Dense, Factor, Outer
from minent.attribution.factors.products import Factors
from minent.attribution.factors.views import Reshape, Transposed, View


@dataclass(frozen=True)
class Use:
    """A place where a view of a parameter met the examples, giving `out`; `made` makes a factor of its gradients."""

    parameter: str
    view: View
    out: Tensor
    made: Callable[[Tensor, int], Factor]


def backward(
    uses: Sequence[Use], out: Sequence[Tensor], cotangents: Sequence[Sequence[Tensor]], loose: dict[str, Tensor],
    examples: int,
) -> Factors:  # fmt: skip
    """The gradients of ⟨cotangent, out⟩, summed over the tensors of `out`, for each cotangent and each example, as
    factors by parameter.

    `loose` are leaves of the graph whose gradients do not factorise: they are taken one example at a time."""
    places = list({id(use.out): use.out for use in uses}.values())
    number = {id(place): i for i, place in enumerate(places)}
    gathered: list[list[Tensor]] = [[] for _ in places]
    for k, cotangent in enumerate(cotangents):
        if places:
            kept = bool(loose) or k < len(cotangents) - 1
            for i, gradient in enumerate(torch.autograd.grad(out, places, cotangent, kept, allow_unused=True)):
                gathered[i].append(torch.zeros_like(places[i]) if gradient is None else gradient)
    deltas = [stacked(each) for each in gathered]
    factors: Factors = {}
    for use in uses:
        factors.setdefault(use.parameter, []).append(use.made(deltas[number[id(use.out)]], examples))
    factors = {name: joined(several) for name, several in factors.items()}
    rows: dict[str, list[Tensor]] = {name: [] for name in loose}
    for cotangent in cotangents if loose else ():
        for n in range(examples):
            alone = [torch.zeros_like(one) for one in cotangent]
            for one, whole in zip(alone, cotangent, strict=True):
                one[n] = whole[n]
            found = torch.autograd.grad(
                out, list(loose.values()), alone, True, allow_unused=True, materialize_grads=True
            )
            for one, gradient in zip(rows.values(), found, strict=True):
                one.append(gradient)
    for name, several in rows.items():
        shape = (len(cotangents), examples, *loose[name].shape)
        factors.setdefault(name, []).append(Dense(name, None, torch.stack(several).reshape(shape)))
    return factors


def stacked(several: Sequence[Tensor]) -> Tensor:
    """Along a new first axis, which costs nothing where there is only one."""
    return several[0][None] if len(several) == 1 else torch.stack(list(several))


def joined(several: list[Factor]) -> list[Factor]:
    """Factors of one matrix that was used more than once, as a recurrent one, with its uses as positions of one."""
    first = several[0]
    if len(several) == 1 or not all(isinstance(one, Outer) and _same(one, first) for one in several):
        return several
    a, delta = (torch.cat([getattr(one, part) for one in several], axis) for part, axis in (("a", 1), ("delta", 2)))
    return [Outer(first.parameter, first.view, a, delta)]


def _same(one: Factor, other: Factor) -> bool:
    known = isinstance(one.view, Reshape | Transposed | None)
    return known and one.view == other.view
