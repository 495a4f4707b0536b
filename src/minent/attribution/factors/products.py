"""Products of gradients, parameter by parameter: in factors where that is cheaper, else of gradients that are built.

A parameter that is used twice has gradients that add, before any product.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

import torch
from torch import Tensor

from minent.attribution.factors.factors import Factor, Outer
from minent.attribution.factors.views import Reshape, keeps_products

Factors = dict[str, list[Factor]]


class Gradients:
    """Those of one parameter, of a shape, built at most once."""

    def __init__(self, factors: Sequence[Factor], shape: torch.Size):
        self.factors, self.shape = factors, shape

    @cached_property
    def dense(self) -> Tensor:
        """(outputs, examples, *shape)."""
        return dense(self.factors, self.shape)

    @cached_property
    def alone(self) -> bool:
        """Whether there is one factor, whose products are those of the gradients."""
        one = self.factors[0]
        return len(self.factors) == 1 and keeps_products(one.view, self.shape, one.like())

    @cached_property
    def rows(self) -> Tensor:
        """Of the only factor, (outputs, examples, numbers)."""
        return self.factors[0].rows()


def gradients(factors: Factors, shapes: Mapping[str, torch.Size]) -> dict[str, Gradients]:
    """Those of all parameters."""
    return {name: Gradients(several, shapes[name]) for name, several in factors.items()}


def products(ours: Gradients, theirs: Gradients) -> Tensor:
    """Products (outputs, examples, examples of theirs) of gradients of one parameter; theirs are of one output."""
    if type(ours.factors[0]) is type(theirs.factors[0]) and ours.alone and theirs.alone:
        if ours.factors[0].has_ghost(theirs.factors[0]):
            return ours.factors[0].ghost(theirs.factors[0])
        return ours.rows @ theirs.rows[0].T
    return against(theirs.factors, ours.dense.flatten(0, 1)).unflatten(0, ours.dense.shape[:2])


def dense(factors: Sequence[Factor], shape: torch.Size) -> Tensor:
    """Gradients (outputs, examples, *shape) of one parameter."""
    total: Tensor | None = None
    for factor in factors:
        one = factor.dense()
        if isinstance(factor.view, Reshape):
            one = one.reshape(*one.shape[:2], *shape)
        elif factor.view is not None:
            pull = torch.func.vjp(factor.view, one.new_zeros(shape))[1]
            one = torch.vmap(torch.vmap(lambda seen, pull=pull: pull(seen)[0]))(one)
        total = one if total is None else total + one
    assert total is not None
    return total


def against(factors: Sequence[Factor], rows: Tensor) -> Tensor:
    """Products (row, example) of `rows` (row, *shape of the parameter) with the gradients of the first output."""
    total: Tensor | None = None
    for factor in factors:
        if isinstance(factor.view, Reshape):
            seen = rows.reshape(len(rows), *factor.view.shape)
        else:
            seen = rows if factor.view is None else torch.vmap(factor.view)(rows)
        one = factor.against(seen)
        total = one if total is None else total + one
    assert total is not None
    return total


def squares(ours: Gradients) -> Tensor:
    """Squared lengths (outputs, examples) of the gradients of one parameter."""
    one = ours.factors[0]
    if ours.alone and isinstance(one, Outer) and one.a.shape[1:3] == (1, 1):
        return one.delta.square().sum((2, 3, 4)) * one.a.square().sum((1, 2, 3))
    return (ours.rows if ours.alone else ours.dense.flatten(2)).square().sum(2)


def scaled(factors: Factors, by: float) -> Factors:
    """The factors of gradients that are multiplied by a number."""
    return {name: [one.scaled(by) for one in several] for name, several in factors.items()}


def total(blocks: Sequence[Factors], name: str, shapes: Mapping[str, torch.Size]) -> Tensor:
    """The sum of all examples' gradients of a parameter, of the first output, where some block of examples has any."""
    several = [
        dense([one.summed() for one in factors[name]], shapes[name])[0, 0] for factors in blocks if name in factors
    ]
    return several[0] if len(several) == 1 else torch.stack(several).sum(0)


def lengths(blocks: Sequence[Factors], shapes: Mapping[str, torch.Size], names: Sequence[str]) -> list[float]:
    """The length of the sum of all examples' gradients of each parameter, 0 for those that are not there."""
    here = [name for name in names if any(name in factors for factors in blocks)]
    there = [total(blocks, name, shapes).double().norm() for name in here]
    found = iter(torch.stack(there).tolist() if there else [])
    return [next(found) if name in here else 0.0 for name in names]
