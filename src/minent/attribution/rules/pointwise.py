"""A function φ of single numbers has the secant (φ(z₁) − φ(z₀)) / (z₁ − z₀), or φ′ at the midpoint where they coincide.

For a smooth φ the quotient loses digits long before z₁ = z₀: below ∛ε the derivative, off by O((z₁ − z₀)²), is nearer.
A kink has no such derivative: there the quotient is taken down to rounding. Quotients and roots are made of these.
"""

from typing import Any

import torch
from torch import Tensor

from minent.attribution.rules.secant import Secant, ends_of, plain, rule, wrapped
from minent.attribution.rules.tape import Tape

SMOOTH = [
    "tanh", "sigmoid", "gelu", "silu", "mish", "softplus", "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt",
    "rsqrt", "reciprocal", "sin", "cos", "erf", "erfc", "log_sigmoid", "softsign", "atan", "arctan", "sinh", "cosh",
    "asinh", "tanhshrink", "exp2",
]  # fmt: skip
KINKED = [
    "relu", "relu6", "leaky_relu", "elu", "celu", "selu", "abs", "absolute", "hardtanh", "hardsigmoid", "hardswish",
    "clamp", "clip", "clamp_min", "clamp_max", "threshold", "_threshold", "softshrink", "hardshrink", "rpow",
]  # fmt: skip


class Slope(torch.autograd.Function):
    """A value whose derivative is told."""

    @staticmethod
    def forward(ctx: Any, on: Tensor, value: Tensor, slope: Tensor) -> Tensor:
        ctx.save_for_backward(slope)
        return value

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return grads[0] * ctx.saved_tensors[0], None, None


@rule(*SMOOTH)
def smooth(tape: Tape, func: Any, input: Any, *args: Any, **kwargs: Any) -> Any:
    """A function without kinks."""
    return _pointwise(tape, func, input, args, kwargs, kinked=False)


@rule(*KINKED)
def kinked(tape: Tape, func: Any, input: Any, *args: Any, **kwargs: Any) -> Any:
    """A function with kinks."""
    return _pointwise(tape, func, input, args, kwargs, kinked=True)


@rule("pow")
def power(tape: Tape, func: Any, input: Any, exponent: Any) -> Any:
    """x², a power with a fixed exponent, or of a fixed number, or exp(y log x)."""
    if isinstance(exponent, Secant) and exponent.moving:
        if isinstance(input, Secant) and input.moving:
            return (exponent * input.log()).exp()
        base = plain(input)
        return _pointwise(tape, lambda y: torch.pow(base, y), exponent, (), {}, kinked=False)
    if isinstance(exponent, int | float) and exponent == 2:
        return input.square()
    return _pointwise(tape, func, input, (exponent,), {}, kinked=True)


@rule("div", "truediv", "true_divide", "divide")
def quotient(tape: Tape, func: Any, input: Any, other: Any, rounding_mode: None = None) -> Any:
    """x / y = x · (1 / y)."""
    if isinstance(other, Secant) and other.moving:
        return input * other.reciprocal()
    return input * (1 / other)


@rule("rdiv")
def reversed_quotient(tape: Tape, func: Any, input: Any, other: Any) -> Any:
    """y / x."""
    return input.reciprocal() * other


@rule("maximum")
def maximum(tape: Tape, func: Any, input: Any, other: Any) -> Any:
    """max(a, b) = (a + b + |a − b|) / 2."""
    return (input + other + (input - other).abs()) * 0.5


@rule("minimum")
def minimum(tape: Tape, func: Any, input: Any, other: Any) -> Any:
    """min(a, b) = (a + b − |a − b|) / 2."""
    return (input + other - (input - other).abs()) * 0.5


@rule("prelu")
def prelu(tape: Tape, func: Any, input: Any, weight: Any) -> Any:
    """max(x, 0) + w min(x, 0)."""
    weight = weight.reshape(-1, *[1] * (input.dim() - 2)) if weight.numel() > 1 else weight
    return input.relu() - weight * (-input).relu()


@rule("addcmul")
def addcmul(tape: Tape, func: Any, input: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    """a + v b c."""
    return input + tensor1 * tensor2 * value


@rule("lerp")
def lerp(tape: Tape, func: Any, input: Any, end: Any, weight: Any) -> Any:
    """a + w (b − a)."""
    return input + (end - input) * weight


@rule("glu")
def glu(tape: Tape, func: Any, input: Any, dim: int = -1) -> Any:
    """a · σ(b)."""
    first, second = input.chunk(2, dim)
    return first * second.sigmoid()


def _pointwise(tape: Tape, func: Any, input: Secant, args: Any, kwargs: Any, *, kinked: bool) -> Any:
    if input.source is not None:
        tape.loose.add(input.source.parameter)
    if not tape.paired:
        return wrapped(tape, func(plain(input), *args, **kwargs), None, input.batched, True)
    assert input.ends is not None
    start, end = input.ends
    ends = ends_of(tape, func, (input, *args), kwargs)
    assert ends is not None
    middle, difference = (start + end) / 2, end - start  # no lerp: a mask may be −∞ at both ends
    epsilon = torch.finfo(start.dtype).eps
    scale = middle.abs() * epsilon if kinked else middle.abs().clamp(max=1) * epsilon ** (1 / 3)
    far = difference.abs() > scale  # False where both are infinite
    with torch.enable_grad():
        point = middle.detach().requires_grad_()
        (derivative,) = torch.autograd.grad(func(point, *args, **kwargs).sum(), point)
    quotient = (ends[1] - ends[0]) / torch.where(far, difference, torch.ones_like(difference))
    slope = torch.where(far, quotient, derivative)
    value = Slope.apply(plain(input), torch.lerp(*ends, 0.5), slope)
    return wrapped(tape, value, ends, input.batched, True)
