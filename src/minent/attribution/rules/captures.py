"""Where a parameter meets the examples: matrices and embeddings; others have files of their own.

A capture computes what the operator gives, with the parameter held fixed, and notes on the tape how the gradients of
what comes out make those of the parameter.
"""

from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from minent.attribution.factors.backward import Use, stacked
from minent.attribution.factors.factors import Dense, Factor, Outer, Rows
from minent.attribution.factors.views import Reshape, Transposed, View
from minent.attribution.rules.registry import Registry
from minent.attribution.rules.secant import plain
from minent.attribution.rules.tape import Source, Tape
from minent.errors import BadInput

# how an operator takes note of a parameter: (tape, func, …), what it gives, or None where it does not
CAPTURES: Registry[Callable[..., Tensor | None]] = Registry()
capture = CAPTURES.register


def sourced(one: Any) -> bool:
    """Whether a tensor is a function of one parameter alone."""
    return isinstance(one, Tensor) and getattr(one, "source", None) is not None and not getattr(one, "batched", False)


def free(one: Any) -> bool:
    """Whether a tensor depends on no parameter in a way that would be lost."""
    return one is None or not getattr(one, "moving", False)


def captured(tape: Tape, name: str, func: Any, args: Any, kwargs: Any) -> Tensor | None:
    """What an operator gives where it is one in which a parameter meets the examples, noted on the tape; else None."""
    return CAPTURES[name](tape, func, *args, **kwargs) if name in CAPTURES else None


def note(tape: Tape, out: Tensor, source: Source, view: View, made: Callable[[Tensor, int], Factor]) -> Tensor:
    """Note that the source's parameter, seen by a view, met the examples, and gave `out`."""
    if not out.requires_grad:
        out.requires_grad_()
    tape.uses.append(Use(source.parameter, view, out, made))
    return out


def then(source: Source, view: Callable[[Tensor], Tensor]) -> View:
    """The source's view of its parameter, and a view of that."""
    return source.through(view).view


@capture("linear")
def linear(tape: Tape, func: Any, input: Any, weight: Any, bias: Any = None) -> Tensor | None:
    if not sourced(weight) or weight.dim() != 2 or not (sourced(bias) or free(bias)):
        return None
    a, source = plain(input).detach(), weight.source
    view = then(source, Reshape((1, *weight.shape)))
    out = F.linear(plain(input), plain(weight).detach(), None if bias is None else plain(bias).detach())

    def made(delta: Tensor, n: int) -> Factor:
        rows = stacked([_rows(one, n) for one in delta])
        return Outer(source.parameter, view, _rows(a, n)[:, :, None], rows[:, :, :, None])

    note(tape, out, source, view, made)
    return shifted(tape, out, bias, lambda one, n: _rows(one, n).sum(1))


def shifted(tape: Tape, out: Tensor, bias: Any, summed: Callable[[Tensor, int], Tensor]) -> Tensor:
    """Take note of a bias too, whose gradients are δ summed over positions."""
    if sourced(bias):
        source = bias.source
        note(tape, out, source, source.view, densely(source, summed))
    return out


def densely(source: Source, summed: Callable[[Tensor, int], Tensor]) -> Callable[[Tensor, int], Factor]:
    """Gradients by a function of δ and of how many examples there are."""
    return lambda delta, n: Dense(source.parameter, source.view, stacked([summed(one, n) for one in delta]))


def _rows(one: Tensor, n: int) -> Tensor:
    """(examples, positions, dim), whether examples or positions come first."""
    if one.dim() > 2 and one.shape[0] != n and one.shape[1] == n:
        one = one.transpose(0, 1)
    return one.reshape(n, -1, one.shape[-1])


@capture("matmul", "mm")
def matmul(tape: Tape, func: Any, input: Any, other: Any, shift: Tensor | None = None) -> Tensor | None:
    if not sourced(other) or other.dim() != 2 or sourced(input):
        return None
    a, source = plain(input).detach(), other.source
    view = then(source, Transposed())
    product = plain(input) @ plain(other).detach()
    out = product if shift is None else product + shift

    def made(delta: Tensor, n: int) -> Factor:
        rows = stacked([_rows(one, n) for one in delta])
        return Outer(source.parameter, view, _rows(a, n)[:, :, None], rows[:, :, :, None])

    return note(tape, out, source, view, made)


@capture("addmm")
def addmm(tape: Tape, func: Any, input: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor | None:
    """b + xW, where rows of x are examples, or their positions one after another."""
    if (beta, alpha) != (1, 1) or not sourced(mat2) or not (sourced(input) or free(input)) or len(mat1) % tape.examples:
        return None
    shift = plain(input).detach()
    out = matmul(tape, func, mat1, mat2, shift) if shift.dim() == 1 else None
    return None if out is None else shifted(tape, out, input, lambda one, n: _rows(one, n).sum(1))


@capture("embedding")
def embedding(
    tape: Tape, func: Any, input: Any, weight: Any, padding_idx: int | None = None, max_norm: Any = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Tensor | None:  # fmt: skip
    if max_norm is not None:
        raise BadInput("an embedding with max_norm shortens rows while the model runs, which no step of training did")
    if not sourced(weight) or scale_grad_by_freq:
        return None
    ids, source, table = plain(input).long(), weight.source, len(weight)
    out = F.embedding(ids, plain(weight).detach())
    ignored = None if padding_idx is None or tape.paired else padding_idx % table  # it has no gradient, but may decay

    def made(delta: Tensor, n: int) -> Factor:
        rows = delta if ignored is None else delta * (ids != ignored)[None, ..., None]
        return Rows(
            source.parameter, source.view, _rows(ids[..., None], n)[..., 0],
            stacked([_rows(one, n) for one in rows]), table,
        )  # fmt: skip

    return note(tape, out, source, source.view, made)
