"""The change of a network's output along a step of its weights is linear in the step, once each operator has a secant.

If every operator satisfies out₁ − out₀ = J̄ (in₁ − in₀) exactly, so does their composition, and J̄ is had by one
backward pass. An operator that is linear in its inputs, or in each of two, is its own secant at their midpoints; others
have rules.

A `Secant` tensor flows through a model in place of a plain one. It is the midpoint of its two `ends`, the values at the
weights before and after a step, and autograd's graph behind it holds secants where it would hold derivatives. Without
ends the graph is the ordinary one. Where a parameter meets the examples (see `factors`) the `tape` takes note.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map, tree_unflatten

from minent.attribution.factors import Use, captured
from minent.errors import BadInput

LINEAR = frozenset(
    [
        "view",
        "reshape",
        "view_as",
        "reshape_as",
        "flatten",
        "unflatten",
        "ravel",
        "transpose",
        "swapaxes",
        "permute",
        "movedim",
        "moveaxis",
        "t",
        "T",
        "mT",
        "squeeze",
        "unsqueeze",
        "expand",
        "expand_as",
        "broadcast_to",
        "repeat",
        "repeat_interleave",
        "tile",
        "cat",
        "concat",
        "concatenate",
        "stack",
        "hstack",
        "vstack",
        "split",
        "chunk",
        "unbind",
        "select",
        "narrow",
        "index_select",
        "gather",
        "take_along_dim",
        "getitem",
        "contiguous",
        "clone",
        "to",
        "float",
        "double",
        "type",
        "type_as",
        "cpu",
        "alias",
        "pad",
        "roll",
        "flip",
        "diagonal",
        "tril",
        "triu",
        "unfold",
        "fold",
        "add",
        "sub",
        "subtract",
        "rsub",
        "radd",
        "neg",
        "negative",
        "sum",
        "mean",
        "cumsum",
        "masked_fill",
        "where",
        "avg_pool1d",
        "avg_pool2d",
        "avg_pool3d",
        "adaptive_avg_pool1d",
        "adaptive_avg_pool2d",
        "upsample",
        "interpolate",
        "pixel_shuffle",
        "requires_grad_",
        "identity",
        "embedding",
    ]
)  # in all moving inputs together
BILINEAR = frozenset(
    [
        "mul",
        "multiply",
        "rmul",
        "matmul",
        "rmatmul",
        "mm",
        "bmm",
        "mv",
        "dot",
        "inner",
        "outer",
        "linear",
        "bilinear",
        "addmm",
        "baddbmm",
        "einsum",
        "square",
        "conv1d",
        "conv2d",
        "conv3d",
        "conv_transpose1d",
        "conv_transpose2d",
    ]
)  # and `square`: each is its own secant at the midpoints
Rule = Callable[..., Any]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Register how operators of these names are computed from others: `rule(tape, func, *args, **kwargs)`."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


@dataclass
class Tape:
    """What one pass of a model notes: how many examples, where parameters met them, which operators had no rule."""

    examples: int
    paired: bool
    uses: list[Use] = field(default_factory=list)
    loose: set[str] = field(default_factory=set)
    """Parameters that met the examples in no way that factorises: their gradients are taken one by one."""
    unruled: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Source:
    """A tensor that is a linear function of one parameter and nothing else: `parameter`'s view by `view`."""

    parameter: str
    view: Callable[[Tensor], Tensor] | None

    def through(self, function: Callable[[Tensor], Tensor]) -> "Source":
        before = self.view
        return Source(self.parameter, function if before is None else lambda p: function(before(p)))


class Secant(Tensor):
    """A tensor that knows its value at both ends of a step; see `secant`, which makes one."""

    ends: tuple[Tensor, Tensor] | None
    source: Source | None
    batched: bool
    moving: bool
    tape: Tape

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name, func = named(func)
        tensors = [one for one in tree_leaves((args, kwargs)) if isinstance(one, Secant)]
        tape, moving = tensors[0].tape, [one for one in tensors if one.moving]
        if not moving:
            return wrapped(tape, func(*plain(args), **plain(kwargs)), None, any(one.batched for one in tensors), False)
        if "inplace" in kwargs:
            kwargs = {**kwargs, "inplace": False}
        if name in RULES:
            return RULES[name](tape, func, *args, **kwargs)
        if name in LINEAR or name in BILINEAR:
            return at_midpoint(tape, name, func, args, kwargs, moving)
        return unknown(tape, name, func, args, kwargs, moving)


def secant(
    tape: Tape,
    value: Tensor,
    ends: tuple[Tensor, Tensor] | None = None,
    *,
    source: Source | None = None,
    batched: bool = True,
    moving: bool = True,
) -> Secant:
    """A secant whose midpoint, with the graph behind it, is `value`."""
    made = value.as_subclass(Secant)
    made.ends, made.source, made.batched, made.moving, made.tape = ends, source, batched, moving, tape
    return made


def named(func: Any) -> tuple[str, Any]:
    """The plain name of a function, operator, property or in-place method, and the function that changes nothing.

    >>> named(Tensor.__rsub__)[0], named(Tensor.add_), named(Tensor.mT.__get__)[0]
    ('rsub', ('add', <method 'add' of 'torch._C.TensorBase' objects>), 'mT')
    """
    name = func.__name__
    if name == "__get__":
        return func.__self__.__name__, func
    if name.startswith("__"):
        word = name.strip("_")
        if word[0] == "i" and hasattr(Tensor, word[1:]):  # __iadd__, but not __invert__
            return word[1:], getattr(Tensor, word[1:])
        return word, func
    if name.endswith("_") and hasattr(Tensor, name[:-1]) and name != "requires_grad_":
        return name[:-1], getattr(Tensor, name[:-1])
    return name, func


def plain(tree: Any) -> Any:
    """The midpoints, as plain tensors in their graph."""
    return tree_map(lambda one: one.as_subclass(Tensor) if isinstance(one, Secant) else one, tree)


def at_end(tree: Any, end: int) -> Any:
    """The values before (0) or after (1) the step."""

    def value(one: Any) -> Any:
        if not isinstance(one, Secant):
            return one
        return one.ends[end] if one.ends is not None else one.detach().as_subclass(Tensor)

    return tree_map(value, tree)


def ends_of(tape: Tape, func: Any, args: Any, kwargs: Any) -> tuple[Any, Any] | None:
    """What a function gives at both ends."""
    if not tape.paired:
        return None
    with torch.no_grad():
        return func(*at_end(args, 0), **at_end(kwargs, 0)), func(*at_end(args, 1), **at_end(kwargs, 1))


def wrapped(tape: Tape, value: Any, ends: Any, batched: bool, moving: bool, source: Source | None = None) -> Any:
    """Every tensor of a result as a secant."""
    if isinstance(value, Tensor):
        return secant(tape, value, ends, source=source, batched=batched, moving=moving)
    if isinstance(value, tuple | list) and not isinstance(value, torch.Size):
        paired = ends if ends is not None else (value, value)
        parts = [
            wrapped(
                tape, one, None if ends is None else tuple(pair), batched, moving,
                source and source.through(lambda p, i=i: p[i]),
            )
            for i, (one, *pair) in enumerate(zip(value, *paired, strict=True))
        ]  # fmt: skip
        return tuple(parts)
    return value


class Valued(torch.autograd.Function):
    """Another value on the same graph: the midpoint of what an operator gives, on its graph at the midpoints."""

    @staticmethod
    def forward(ctx: Any, on: Tensor, value: Tensor) -> Tensor:
        return value

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return grads[0], None


def at_midpoint(tape: Tape, name: str, func: Any, args: Any, kwargs: Any, moving: list[Secant]) -> Any:
    """The secant of a linear or bilinear operator is its derivative where both ends' midpoints are."""
    tensors = [one for one in tree_leaves((args, kwargs)) if isinstance(one, Secant)]
    batched = any(one.batched for one in tensors)
    ends = ends_of(tape, func, args, kwargs)
    if len(moving) == 1 and moving[0].source is not None and not batched and name != "square":
        value = func(*plain(args), **plain(kwargs))
        return wrapped(tape, value, ends, False, True, moving[0].source.through(_linear_part(name, func, args, kwargs)))
    value = captured(tape, name, func, args, kwargs) if batched else None
    if value is None:
        value = func(*plain(args), **plain(kwargs))
        tape.loose.update(one.source.parameter for one in moving if one.source is not None)
    if ends is not None and name in BILINEAR and (len(moving) > 1 or name == "square"):
        value = Valued.apply(value, torch.lerp(*ends, 0.5))
    return wrapped(tape, value, ends, batched, True)


ADDING = frozenset(
    [
        "add",
        "radd",
        "sub",
        "subtract",
        "rsub",
        "where",
        "masked_fill",
        "cat",
        "concat",
        "concatenate",
        "stack",
        "hstack",
        "vstack",
        "pad",
    ]
)


def _linear_part(name: str, func: Any, args: Any, kwargs: Any) -> Callable[[Tensor], Any]:
    """The operator as a function of what moves, less what it gives for nothing."""
    leaves, spec = tree_flatten((args, kwargs))
    place = next(i for i, one in enumerate(leaves) if isinstance(one, Secant) and one.moving)
    others = [plain(one) for one in leaves]

    def apply(p: Tensor) -> Any:
        placed, named = tree_unflatten([*others[:place], p, *others[place + 1 :]], spec)
        return func(*placed, **named)

    return (lambda p: apply(p) - apply(torch.zeros_like(p))) if name in ADDING else apply


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


def unknown(tape: Tape, name: str, func: Any, args: Any, kwargs: Any, moving: list[Secant]) -> Any:
    """An operator without a rule: by quadrature, where it gives one tensor of numbers; what does not move is passed on.

    Raises BadInput for decisions that the step changes, and for operators that give several tensors."""
    batched = any(one.batched for one in tree_leaves((args, kwargs)) if isinstance(one, Secant))
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


@rule("dropout", "dropout1d", "dropout2d", "feature_dropout", "alpha_dropout")
def dropout(tape: Tape, func: Any, input: Secant, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Dropout is off."""
    if training and p:
        raise BadInput("dropout must be off where predictions are explained: call model.eval()")
    return input


@rule("detach", "data")
def detach(tape: Tape, func: Any, input: Secant, *_: Any) -> Any:
    """What training did not follow still moves the output: only ordinary gradients stop here."""
    return input if tape.paired else secant(tape, plain(input).detach(), None, batched=input.batched)
