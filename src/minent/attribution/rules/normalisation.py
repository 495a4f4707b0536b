"""Norms and softmax are made of means, squares, exponentials, reciprocals and products, and so are their secants.

    LayerNorm(x) = (x − mean x) / √(mean (x − mean x)² + ε) · w + b      softmax(x) = eˣ / Σ eˣ
BatchNorm in evaluation mode is a fixed stretch and shift.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from minent.attribution.rules.captures import densely, note, shifted, sourced
from minent.attribution.rules.quadrature import unknown
from minent.attribution.rules.secant import Secant, at_end, plain, rule, secant
from minent.attribution.rules.spread import fitted, gathered
from minent.attribution.rules.tape import Source, Tape
from minent.errors import BadInput


@rule("layer_norm")
def layer_norm(
    tape: Tape, func: Any, input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    dims = tuple(range(-len(normalized_shape), 0))
    if tape.paired:
        centred = input - input.mean(dims, keepdim=True)
        normal = centred * (centred.square().mean(dims, keepdim=True) + eps).rsqrt()
    elif (value := _whole(tape, plain(input), normalized_shape, weight, bias, eps)) is not None:
        return secant(tape, value, batched=input.batched)
    else:
        normal = secant(tape, F.layer_norm(plain(input), normalized_shape, eps=eps), batched=input.batched)
    normal = normal if weight is None else normal * weight
    return normal if bias is None else normal + bias


def _whole(tape: Tape, x: Tensor, over: Any, weight: Any, bias: Any, eps: float) -> Tensor | None:
    """All at once where no parameter is spread over anything but examples and positions: the commonest case."""
    if weight is None or bias is None or not sourced(weight) or not sourced(bias):
        return None
    out = F.layer_norm(x, over, plain(weight).detach(), plain(bias).detach(), eps)
    if (shape := fitted(out, weight, tape.examples)) is None:
        return None
    normal, wanted = F.layer_norm(x.detach(), over, eps=eps), weight.shape
    made = densely(weight.source, lambda one, n: gathered(one * normal, shape, wanted))
    note(tape, out, weight.source, weight.source.view, made)
    return shifted(tape, out, bias, lambda one, n: gathered(one, shape, wanted))


@rule("rms_norm")
def rms_norm(tape: Tape, func: Any, input: Any, normalized_shape: Any, weight: Any = None, eps: Any = None) -> Any:
    dims = tuple(range(-len(normalized_shape), 0))
    eps = torch.finfo(input.dtype).eps if eps is None else eps
    normal = input * (input.square().mean(dims, keepdim=True) + eps).rsqrt()
    return normal if weight is None else normal * weight


@rule("group_norm")
def group_norm(
    tape: Tape, func: Any, input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    grouped = input.reshape(input.shape[0], num_groups, -1)
    normal = layer_norm(tape, func, grouped, (grouped.shape[2],), eps=eps).reshape(input.shape)
    return _affine(normal, weight, bias)


@rule("batch_norm")
def batch_norm(
    tape: Tape, func: Any, input: Any, running_mean: Any, running_var: Any, weight: Any = None, bias: Any = None,
    training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    if training:
        if tape.paired:
            raise BadInput("BatchNorm must be in evaluation mode where predictions are explained: call model.eval()")
        normal = F.batch_norm(plain(input), None, None, training=True, eps=eps)
        return _affine(secant(tape, normal, batched=True), weight, bias)
    shape = (-1, *[1] * (input.dim() - 2))
    mean, spread = (_statistic(tape, one, len(input)) for one in (running_mean, running_var))
    return _affine((input - mean.unflatten(-1, shape)) * (spread + eps).rsqrt().unflatten(-1, shape), weight, bias)


def _statistic(tape: Tape, one: Any, n: int) -> Any:
    """A running statistic; one that moved along the step meets each example, so that what it did is told apart."""
    name = tape.statistics.get(id(one))
    if name is None:
        return one
    out = plain(one).detach().expand(n, -1).clone()
    note(tape, out, Source(name, None), None, densely(Source(name, None), lambda delta, n: delta))
    before, after = (end.expand(n, -1) for end in one.ends)
    return secant(tape, out, (before, after))


def _affine(input: Any, weight: Any, bias: Any) -> Any:
    shape = (-1, *[1] * (input.dim() - 2))
    input = input if weight is None else input * weight.reshape(shape)
    return input if bias is None else input + bias.reshape(shape)


@rule("instance_norm")
def instance_norm(
    tape: Tape, func: Any, input: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None,
    bias: Any = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    if use_input_stats:
        return group_norm(tape, func, input, input.shape[1], weight, bias, eps)
    return batch_norm(tape, func, input, running_mean, running_var, weight, bias, eps=eps)


@rule("norm", "linalg_vector_norm")
def length(
    tape: Tape, func: Any, input: Any, p: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None,
    ord: Any = None,
) -> Any:  # fmt: skip
    """√Σx²; other lengths by quadrature."""
    if (p if ord is None else ord) not in (2, "fro") or dtype is not None:
        return unknown(tape, func, input, p if ord is None else ord, dim, keepdim)
    squares = input.square()
    return (squares.sum() if dim is None else squares.sum(dim, keepdim)).sqrt()


@rule("std")
def std(tape: Tape, func: Any, input: Any, *args: Any, **kwargs: Any) -> Any:
    return input.var(*args, **kwargs).sqrt()


@rule("var")
def var(
    tape: Tape, func: Any, input: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False,
    *, correction: int | None = None,
) -> Any:  # fmt: skip
    """The mean of squares about the mean."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    dim = tuple(range(input.dim())) if dim is None else dim
    number = math.prod(input.shape[one] for one in ([dim] if isinstance(dim, int) else dim))
    less = correction if correction is not None else int(unbiased)
    return (input - input.mean(dim, keepdim=True)).square().sum(dim, keepdim) * (1 / (number - less))


@rule("cosine_similarity")
def cosine_similarity(tape: Tape, func: Any, x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    one, other = (torch.linalg.vector_norm(x, dim=dim).clamp(min=eps) for x in (x1, x2))
    return (x1 * x2).sum(dim) / (one * other)


@rule("softmin")
def softmin(tape: Tape, func: Any, input: Any, dim: int = -1, *_: Any, **__: Any) -> Any:
    return (-input).softmax(dim)


@rule("logaddexp")
def logaddexp(tape: Tape, func: Any, input: Any, other: Any) -> Any:
    """log(eᵃ + eᵇ) = max(a, b) + log(1 + e^−|a − b|)."""
    return torch.maximum(input, other) + (-(input - other).abs()).exp().log1p()


@rule("softmax")
def softmax(tape: Tape, func: Any, input: Any, dim: int = -1, *_: Any, **__: Any) -> Any:
    if not tape.paired:
        return secant(tape, plain(input).softmax(dim), batched=input.batched)
    raised = (input - highest(input, dim)).exp()
    return raised * raised.sum(dim, keepdim=True).reciprocal()


@rule("log_softmax")
def log_softmax(tape: Tape, func: Any, input: Any, dim: int = -1, *_: Any, **__: Any) -> Any:
    return input - logsumexp(tape, func, input, dim, keepdim=True)


@rule("logsumexp")
def logsumexp(tape: Tape, func: Any, input: Any, dim: int, keepdim: bool = False) -> Any:
    top = highest(input, dim)
    total = (input - top).exp().sum(dim, keepdim=True).log() + top
    return total if keepdim else total.squeeze(dim)


@rule("normalize")
def normalize(
    tape: Tape, func: Any, input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: None = None
) -> Any:
    if p != 2.0:
        raise BadInput(f"there is a secant of normalize for p = 2; got {p}")
    return input * input.square().sum(dim, keepdim=True).sqrt().clamp(min=eps).reciprocal()


def highest(input: Secant, dim: int) -> Any:
    """A constant that no number along `dim` is above, at either end."""
    top = at_end(input, 0).amax(dim, keepdim=True)
    return torch.maximum(top, at_end(input, 1).amax(dim, keepdim=True)).clamp(min=torch.finfo(input.dtype).min)
