"""The secant of an operator that is linear in all that moves, or bilinear, is its derivative at the midpoints.

a₁ b₁ − a₀ b₀ = ā (b₁ − b₀) + (a₁ − a₀) b̄
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_unflatten

from minent.attribution.rules.captures import captured
from minent.attribution.rules.secant import Secant, ends_of, named, plain, rule, secants, wrapped
from minent.attribution.rules.tape import Tape

# in all moving inputs together
LINEAR = frozenset([
    "view", "reshape", "view_as", "reshape_as", "flatten", "unflatten", "ravel", "transpose", "swapaxes", "permute",
    "movedim", "moveaxis", "t", "T", "mT", "squeeze", "unsqueeze", "expand", "expand_as", "broadcast_to", "repeat",
    "repeat_interleave", "tile", "cat", "concat", "concatenate", "stack", "hstack", "vstack", "split", "chunk",
    "unbind", "select", "narrow", "index_select", "gather", "take_along_dim", "getitem", "contiguous", "clone",
    "to", "float", "double", "type", "type_as", "cpu", "pad", "roll", "flip", "diagonal", "tril", "triu",
    "unfold", "fold", "add", "sub", "subtract", "rsub", "radd", "neg", "negative", "sum", "mean", "cumsum",
    "masked_fill", "where", "avg_pool1d", "avg_pool2d", "avg_pool3d", "adaptive_avg_pool1d", "adaptive_avg_pool2d",
    "interpolate", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "requires_grad_", "embedding", "index_add",
    "scatter_add", "scatter", "masked_scatter", "swapdims", "diag_embed", "rot90", "fliplr", "flipud", "column_stack",
    "tensor_split", "hsplit", "vsplit",
])  # fmt: skip
# and `square`: each is its own secant at the midpoints
BILINEAR = frozenset([
    "mul", "multiply", "rmul", "matmul", "rmatmul", "mm", "bmm", "mv", "dot", "inner", "outer", "linear",
    "bilinear", "addmm", "baddbmm", "einsum", "square", "conv1d", "conv2d", "conv3d", "conv_transpose1d",
    "conv_transpose2d",
])  # fmt: skip
ADDING = frozenset([
    "add", "radd", "sub", "subtract", "rsub", "where", "masked_fill", "cat", "concat", "concatenate", "stack",
    "hstack", "vstack", "pad", "index_add", "scatter_add", "scatter", "masked_scatter", "column_stack",
])  # fmt: skip


class Valued(torch.autograd.Function):
    """Another value on the same graph: the midpoint of what an operator gives, on its graph at the midpoints."""

    @staticmethod
    def forward(ctx: Any, on: Tensor, value: Tensor) -> Tensor:
        return value

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return grads[0], None


@rule(*LINEAR, *BILINEAR)
def at_midpoint(tape: Tape, func: Any, *args: Any, **kwargs: Any) -> Any:
    """The secant of a linear or bilinear operator is its derivative where both ends' midpoints are."""
    name, tensors = named(func)[0], secants((args, kwargs))
    batched, moving = any(one.batched for one in tensors), [one for one in tensors if one.moving]
    ends = ends_of(tape, func, args, kwargs)
    if len(moving) == 1 and moving[0].source is not None and not batched and name != "square":
        value = func(*plain(args), **plain(kwargs))
        source = moving[0].source.through(_linear_part(name, func, args, kwargs))
        if isinstance(value, Tensor) and value.dim() > 1 and len(value) == tape.examples:
            source = replace(source, one=_of_one(name, func, moving[0], value, args, kwargs))
        return wrapped(tape, value, ends, False, True, source)
    value = captured(tape, name, func, args, kwargs) if batched else None
    if value is None:
        value = func(*plain(args), **plain(kwargs))
        tape.loose.update(one.source.parameter for one in moving if one.source is not None)
    if ends is not None and name in BILINEAR and (len(moving) > 1 or name == "square"):
        value = Valued.apply(value, torch.lerp(*ends, 0.5))
    return wrapped(tape, value, ends, batched, True)


def _of_one(name: str, func: Any, part: Secant, value: Tensor, args: Any, kwargs: Any) -> Any:
    """The parameter's view of one example, where that of all repeats it."""
    assert part.source is not None
    if name in ("expand", "expand_as", "broadcast_to", "repeat") and part.shape == (1, *value.shape[1:]):
        return part.source.through(lambda p: p).view
    if name == "embedding" and part is args[1] and bool((args[0] == args[0][:1]).all()):
        first = plain(args[0])[:1]
        return part.source.through(lambda p: func(first, p, *args[2:], **kwargs)).view
    return None


def _linear_part(name: str, func: Any, args: Any, kwargs: Any) -> Callable[[Tensor], Any]:
    """The operator as a function of what moves, less what it gives for nothing."""
    leaves, spec = tree_flatten((args, kwargs))
    place = next(i for i, one in enumerate(leaves) if isinstance(one, Secant) and one.moving)
    others = [plain(one) for one in leaves]

    def apply(p: Tensor) -> Any:
        placed, named = tree_unflatten([*others[:place], p, *others[place + 1 :]], spec)
        return func(*placed, **named)

    return (lambda p: apply(p) - apply(torch.zeros_like(p))) if name in ADDING else apply
