"""Where a parameter meets an example its gradient factorises, and inner products of gradients need not build them.

For z = W a summed over positions t the gradient is Σ_t δ_t a_tᵀ with δ_t = ∂/∂z_t, so that that of one example and that
of another have the product Σ_{t,s} (a_t · a′_s)(δ_t · δ′_s) (Lee & Kifer 2021; "ghost" products: Li et al. 2022).
A convolution is such a layer on unfolded patches, an embedding one on single rows; shifts and scales are small as they
are. A parameter that is used twice has gradients that add, before any product.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

View = Callable[[Tensor], Tensor] | None


@dataclass(frozen=True)
class Reshape:
    """The commonest view of a parameter; its adjoint is a reshape too."""

    shape: tuple[int, ...]

    def __call__(self, p: Tensor) -> Tensor:
        return p.reshape(self.shape)


@dataclass(frozen=True)
class Use:
    """A place where a view of a parameter met the examples, giving `out`; `made` makes a factor of its gradients."""

    parameter: str
    view: View
    out: Tensor
    made: Callable[[Tensor, int], "Outer | Rows | Dense"]


@dataclass(frozen=True)
class Outer:
    """Gradients Σ_t δ_t a_tᵀ of a view (group, out, in): `a` (examples, t, group, in), `delta` (outputs, examples, t,
    group, out)."""

    parameter: str
    view: View
    a: Tensor
    delta: Tensor

    def dense(self) -> Tensor:
        if self.a.shape[2] == 1:  # without the copies that einsum makes
            return (self.delta[:, :, :, 0].mT @ self.a[:, :, 0])[:, :, None]
        return torch.einsum("kntgo,ntgi->kngoi", self.delta, self.a)

    def against(self, rows: Tensor) -> Tensor:
        """Products of each of `rows` (row, group, out, in) with the gradient of each example, of the one output."""
        delta, (t, g) = self.delta[0], self.a.shape[1:3]
        if t == 1 and g == 1:
            return ((rows[:, 0] @ self.a[:, 0, 0].T) * delta[:, 0, 0].T).sum(1)
        return rows.flatten(1) @ self.dense()[0].flatten(1).T

    def ghost(self, other: "Outer") -> Tensor:
        """Products (outputs, examples, examples of the other)."""
        k, n, t, g, o = self.delta.shape
        m, s, _, i = other.a.shape
        whole = n * m * t * s * g * (i + k * o)
        if whole > (k * n * t + m * s + k * n * m) * g * o * i or n * m * t * s * k > 2**27:
            return self.dense().flatten(2) @ other.dense()[0].flatten(1).T
        if g == 1 and t == 1 and s == 1:
            inner = self.a[:, 0, 0] @ other.a[:, 0, 0].T
            return (self.delta[:, :, 0, 0] @ other.delta[0, :, 0, 0].T) * inner
        inner = torch.einsum("ntgi,msgi->nmgts", self.a, other.a)
        return torch.einsum("kntgo,msgo,nmgts->knm", self.delta, other.delta[0], inner)


@dataclass(frozen=True)
class Rows:
    """Gradients of a table of which row ids_t was read: `ids` (examples, t), `delta` (outputs, examples, t, dim)."""

    parameter: str
    view: View
    ids: Tensor
    delta: Tensor
    table: int

    def dense(self) -> Tensor:
        k, n, t, d = self.delta.shape
        made = self.delta.new_zeros(k, n, self.table, d)
        return made.scatter_add_(2, self.ids[None, :, :, None].expand(k, n, t, d), self.delta)

    def against(self, rows: Tensor) -> Tensor:
        return torch.stack([
            (rows[:, ids] * delta).sum((1, 2)) for ids, delta in zip(self.ids, self.delta[0], strict=True)
        ], 1)  # fmt: skip

    def ghost(self, other: "Rows") -> Tensor:
        if self.table < self.ids.shape[1] * other.ids.shape[1]:
            return self.dense().flatten(2) @ other.dense()[0].flatten(1).T
        same = (self.ids[:, None, :, None] == other.ids[None, :, None, :]).to(self.delta.dtype)
        return torch.einsum("kntd,msd,nmts->knm", self.delta, other.delta[0], same)


@dataclass(frozen=True)
class Dense:
    """Gradients as they are, of what is small or factorises in no way: (outputs, examples, *shape)."""

    parameter: str
    view: View
    gradient: Tensor

    def dense(self) -> Tensor:
        return self.gradient

    def against(self, rows: Tensor) -> Tensor:
        return rows.flatten(1) @ self.gradient[0].flatten(1).T

    def ghost(self, other: "Dense") -> Tensor:
        return torch.einsum("knp,mp->knm", self.gradient.flatten(2), other.gradient[0].flatten(1))


Factor = Outer | Rows | Dense
Factors = dict[str, list[Factor]]


def backward(
    uses: Sequence[Use], out: Tensor, cotangents: Sequence[Tensor], loose: dict[str, Tensor], examples: int
) -> Factors:
    """The gradients of ⟨cotangent, out⟩ for each cotangent and each example, as factors by parameter.

    `loose` are leaves of the graph whose gradients do not factorise: they are taken one example at a time."""
    places = list({id(use.out): use.out for use in uses}.values())
    number = {id(place): i for i, place in enumerate(places)}
    gathered: list[list[Tensor]] = [[] for _ in places]
    for cotangent in cotangents:
        if places:
            for i, gradient in enumerate(torch.autograd.grad(out, places, cotangent, True, allow_unused=True)):
                gathered[i].append(torch.zeros_like(places[i]) if gradient is None else gradient)
    deltas = [_stacked(each) for each in gathered]
    factors: Factors = {}
    for use in uses:
        factors.setdefault(use.parameter, []).append(use.made(deltas[number[id(use.out)]], examples))
    rows: dict[str, list[Tensor]] = {name: [] for name in loose}
    for cotangent in cotangents if loose else ():
        for n in range(examples):
            alone = torch.zeros_like(cotangent)
            alone[n] = cotangent[n]
            found = torch.autograd.grad(
                out, list(loose.values()), alone, True, allow_unused=True, materialize_grads=True
            )
            for one, gradient in zip(rows.values(), found, strict=True):
                one.append(gradient)
    for name, several in rows.items():
        shape = (len(cotangents), examples, *loose[name].shape)
        factors.setdefault(name, []).append(Dense(name, None, torch.stack(several).reshape(shape)))
    return factors


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


def products(factors: Sequence[Factor], others: Sequence[Factor], shape: torch.Size) -> Tensor:
    """Products (outputs, examples, examples of the others) of the gradients of one parameter."""
    if len(factors) == 1 == len(others) and type(factors[0]) is type(others[0]):
        return factors[0].ghost(others[0])  # type: ignore[arg-type]
    rows = dense(factors, shape)
    return against(others, rows.flatten(0, 1)).unflatten(0, rows.shape[:2])


def squares(factors: Sequence[Factor], shape: torch.Size) -> Tensor:
    """Squared lengths (outputs, examples) of the gradients of one parameter."""
    if len(factors) == 1 and isinstance(one := factors[0], Outer) and one.a.shape[1:3] == (1, 1):
        return one.delta.square().sum((2, 3, 4)) * one.a.square().sum((1, 2, 3))
    return dense(factors, shape).flatten(2).square().sum(2)


def scaled(factors: Factors, by: float) -> Factors:
    """The factors of gradients that are multiplied by a number."""
    made: Factors = {}
    for name, several in factors.items():
        made[name] = [
            Dense(one.parameter, one.view, one.gradient * by)
            if isinstance(one, Dense)
            else type(one)(**{**vars(one), "delta": one.delta * by})
            for one in several
        ]
    return made


def _sourced(one: Any) -> bool:
    return isinstance(one, Tensor) and getattr(one, "source", None) is not None and not getattr(one, "batched", False)


def _free(one: Any) -> bool:
    """Whether a tensor depends on no parameter in a way that would be lost."""
    return one is None or not getattr(one, "moving", False)


def _plain(one: Any) -> Any:
    return one.as_subclass(Tensor) if isinstance(one, Tensor) else one


def captured(tape: Any, name: str, func: Any, args: Any, kwargs: Any) -> Tensor | None:
    """What an operator gives where it is one in which a parameter meets the examples, noted on the tape; else None."""
    if name in CAPTURES:
        return CAPTURES[name](tape, func, *args, **kwargs)
    return None


def _note(tape: Any, out: Tensor, *uses: tuple[Any, View, Callable[[Tensor, int], Factor]]) -> Tensor:
    if not out.requires_grad:
        out.requires_grad_()
    for source, view, made in uses:
        tape.uses.append(Use(source.parameter, view, out, made))
    return out


def _then(source: Any, view: Callable[[Tensor], Tensor]) -> View:
    return source.through(view).view


def _linear(tape: Any, func: Any, input: Any, weight: Any, bias: Any = None) -> Tensor | None:
    if not _sourced(weight) or weight.dim() != 2 or not (_sourced(bias) or _free(bias)):
        return None
    a, source = _plain(input).detach(), weight.source
    view = _then(source, Reshape((1, *weight.shape)))
    out = F.linear(_plain(input), _plain(weight).detach(), None if bias is None else _plain(bias).detach())

    def made(delta: Tensor, n: int) -> Factor:
        rows = _stacked([_rows(one, n) for one in delta])
        return Outer(source.parameter, view, _rows(a, n)[:, :, None], rows[:, :, :, None])

    _note(tape, out, (source, view, made))
    return _shifted(tape, out, bias, lambda one, n: _rows(one, n).sum(1))


def _shifted(tape: Any, out: Tensor, bias: Any, summed: Callable[[Tensor, int], Tensor]) -> Tensor:
    if _sourced(bias):
        source = bias.source
        _note(tape, out, (source, source.view, _dense(source, summed)))
    return out


def _dense(source: Any, summed: Callable[[Tensor, int], Tensor]) -> Callable[[Tensor, int], Factor]:
    return lambda delta, n: Dense(source.parameter, source.view, _stacked([summed(one, n) for one in delta]))


def _stacked(several: Sequence[Tensor]) -> Tensor:
    return several[0][None] if len(several) == 1 else torch.stack(list(several))


def _rows(one: Tensor, n: int) -> Tensor:
    """(examples, positions, dim), whether examples or positions come first."""
    if one.dim() > 2 and one.shape[0] != n and one.shape[1] == n:
        one = one.transpose(0, 1)
    return one.reshape(n, -1, one.shape[-1])


def _matmul(tape: Any, func: Any, input: Any, other: Any) -> Tensor | None:
    if not _sourced(other) or other.dim() != 2 or _sourced(input):
        return None
    a, source = _plain(input).detach(), other.source
    view = _then(source, lambda w: w.mT[None])
    out = _plain(input) @ _plain(other).detach()

    def made(delta: Tensor, n: int) -> Factor:
        rows = _stacked([_rows(one, n) for one in delta])
        return Outer(source.parameter, view, _rows(a, n)[:, :, None], rows[:, :, :, None])

    return _note(tape, out, (source, view, made))


def _convolution(
    tape: Any, func: Any, input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Tensor | None:  # fmt: skip
    if not _sourced(weight) or not (_sourced(bias) or _free(bias)):
        return None
    flat, source, a = weight.dim() == 3, weight.source, _plain(input).detach()
    out = func(
        _plain(input), _plain(weight).detach(), None if bias is None else _plain(bias).detach(), stride, padding,
        dilation, groups,
    )  # fmt: skip
    size, shape = tuple(_plain(weight).shape[2:]), weight.shape
    strides, spread = (one if isinstance(one, tuple | list) else (one,) * len(size) for one in (stride, dilation))

    def made(delta: Tensor, n: int) -> Factor:
        x, border = a, padding
        if isinstance(border, str):
            whole = [d * (s - 1) if border == "same" else 0 for d, s in zip(spread, size, strict=True)]
            x = F.pad(x, [side for one in reversed(whole) for side in (one // 2, one - one // 2)])
            border = 0
        edges = border if isinstance(border, tuple | list) else (border,) * len(size)
        x, one = (x[:, :, None], 1) if flat else (x, None)
        kernel, step, wide, edge = (
            (first, *rest) if one else (*rest,) for first, rest in ((1, size), (1, strides), (1, spread), (0, edges))
        )
        patches = F.unfold(x, kernel, wide, edge, step)
        patches = patches.unflatten(1, (groups, -1)).permute(0, 3, 1, 2)
        seen = delta.flatten(3).unflatten(2, (groups, -1)).permute(0, 1, 4, 2, 3)
        return Outer(source.parameter, view, patches, seen)

    view = _then(source, Reshape((groups, shape[0] // groups, math.prod(shape[1:]))))
    _note(tape, out, (source, view, made))
    return _shifted(tape, out, bias, lambda one, n: one.flatten(2).sum(2))


def _embedding(
    tape: Any, func: Any, input: Any, weight: Any, padding_idx: int | None = None, max_norm: Any = None,
    norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Tensor | None:  # fmt: skip
    if not _sourced(weight) or max_norm is not None or scale_grad_by_freq:
        return None
    ids, source, table = _plain(input).long(), weight.source, len(weight)
    out = F.embedding(ids, _plain(weight).detach())
    ignored = None if padding_idx is None or tape.paired else padding_idx % table  # it has no gradient, but may decay

    def made(delta: Tensor, n: int) -> Factor:
        rows = delta if ignored is None else delta * (ids != ignored)[None, ..., None]
        return Rows(
            source.parameter, source.view, _rows(ids[..., None], n)[..., 0],
            _stacked([_rows(one, n) for one in rows]), table,
        )  # fmt: skip

    return _note(tape, out, (source, source.view, made))


def _fitted(out: Tensor, part: Tensor, n: int) -> tuple[int, ...] | None:
    """The shape of a parameter that was spread over the examples, each axis named; None where it names them itself."""
    shape = (1,) * (out.dim() - part.dim()) + tuple(part.shape)
    return shape if out.dim() and out.shape[0] == n and shape[0] == 1 else None


def _gathered(one: Tensor, shape: tuple[int, ...], wanted: torch.Size) -> Tensor:
    spread = [axis for axis in range(1, one.dim()) if shape[axis] == 1 and one.shape[axis] != 1]
    return (one.sum(spread, keepdim=True) if spread else one).reshape(len(one), *wanted)


def _sum(tape: Any, func: Any, input: Any, other: Any, **kwargs: Any) -> Tensor | None:
    if kwargs or _sourced(input) == _sourced(other):
        return None
    part = input if _sourced(input) else other
    ours, theirs = (_plain(one).detach() if one is part else _plain(one) for one in (input, other))
    name = getattr(func, "__name__", "")
    minus = (part is other and name in ("sub", "subtract", "__sub__", "sub_")) or (part is input and "rsub" in name)
    out = func(ours, theirs)
    if (shape := _fitted(out, part, tape.examples)) is None:
        return None
    sign, wanted = (-1 if minus else 1), part.shape
    made = _dense(part.source, lambda one, n: sign * _gathered(one, shape, wanted))
    return _note(tape, out, (part.source, part.source.view, made))


def _scale(tape: Any, func: Any, input: Any, other: Any) -> Tensor | None:
    if _sourced(input) == _sourced(other):
        return None
    part, whole = (input, other) if _sourced(input) else (other, input)
    if not isinstance(whole, Tensor):
        return None
    out = _plain(whole) * _plain(part).detach()
    if (shape := _fitted(out, part, tape.examples)) is None:
        return None
    a, wanted = _plain(whole).detach(), part.shape
    made = _dense(part.source, lambda one, n: _gathered(one * a, shape, wanted))
    return _note(tape, out, (part.source, part.source.view, made))


CAPTURES: dict[str, Callable[..., Tensor | None]] = {
    "linear": _linear,
    "matmul": _matmul,
    "mm": _matmul,
    "conv1d": _convolution,
    "conv2d": _convolution,
    "embedding": _embedding,
    **dict.fromkeys(("add", "radd", "sub", "subtract", "rsub"), _sum),
    **dict.fromkeys(("mul", "multiply", "rmul"), _scale),
}
