"""The largest of several numbers is found by a tournament of pairs: max(a, b) = (a + b + |a − b|) / 2 has a secant."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from minent.attribution.rules.quadrature import unknown
from minent.attribution.rules.secant import at_end, plain, rule, secant
from minent.attribution.rules.tape import Tape


@rule("max_pool2d", "max_pool1d")
def max_pool(
    tape: Tape, func: Any, input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    flat = func.__name__ == "max_pool1d"
    size, step, spread = (_pair(one, flat, 1) for one in (kernel_size, stride or kernel_size, dilation))
    border = _pair(padding, flat, 0)
    if not tape.paired:
        value = func(plain(input), kernel_size, stride, padding, dilation, ceil_mode, return_indices)
        return secant(tape, value, batched=input.batched)
    if spread != (1, 1) or ceil_mode:
        args = (input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)
        return unknown(tape, func, *args)
    x = input.unsqueeze(-2) if flat else input
    if any(border):
        below = min(float(at_end(x, 0).min()), float(at_end(x, 1).min())) - 1
        x = F.pad(x, (border[1], border[1], border[0], border[0]), value=below)
    rows, columns = ((n - k) // s + 1 for n, k, s in zip(x.shape[-2:], size, step, strict=True))
    window = [
        x[..., i : i + (rows - 1) * step[0] + 1 : step[0], j : j + (columns - 1) * step[1] + 1 : step[1]]
        for i in range(size[0])
        for j in range(size[1])
    ]
    found = tournament(window)
    return found.squeeze(-2) if flat else found


@rule("adaptive_max_pool2d")
def adaptive_max_pool(tape: Tape, func: Any, input: Any, output_size: Any, return_indices: bool = False) -> Any:
    wanted = (output_size, output_size) if isinstance(output_size, int) else output_size
    if any(n % k for n, k in zip(input.shape[-2:], wanted, strict=True)):
        return unknown(tape, func, input, output_size)
    return F.max_pool2d(input, tuple(n // k for n, k in zip(input.shape[-2:], wanted, strict=True)))


@rule("amax")
def amax(tape: Tape, func: Any, input: Any, dim: int, keepdim: bool = False) -> Any:
    if not tape.paired:
        return secant(tape, func(plain(input), dim, keepdim), batched=input.batched)
    found = tournament(list(input.unbind(dim)))
    return found.unsqueeze(dim) if keepdim else found


@rule("adaptive_max_pool1d")
def adaptive_max_pool1d(tape: Tape, func: Any, input: Any, output_size: Any, return_indices: bool = False) -> Any:
    wanted = output_size if isinstance(output_size, int) else output_size[0]
    if input.shape[-1] % wanted:
        return unknown(tape, func, input, output_size)
    return F.max_pool1d(input, input.shape[-1] // wanted)


@rule("amin")
def amin(tape: Tape, func: Any, input: Any, dim: int, keepdim: bool = False) -> Any:
    return -(-input).amax(dim, keepdim)


@rule("min")
def smallest(tape: Tape, func: Any, input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """min(x) = −max(−x)."""
    if other is not None or isinstance(dim, Tensor):
        return torch.minimum(input, dim if other is None else other)
    if dim is None:
        return -(-input).max()
    values, places = (-input).max(dim, keepdim)
    return torch.return_types.min((-values, places))


@rule("max")
def largest(tape: Tape, func: Any, input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """max(x, dim), without its indices where they would differ at both ends, and max(a, b)."""
    if dim is None and other is None:
        return amax(tape, torch.amax, input.reshape(-1), 0)
    if other is not None:
        return torch.maximum(input, other)
    if isinstance(dim, Tensor):
        return torch.maximum(input, dim)
    if not tape.paired:
        values, indices = plain(input).max(dim, keepdim)
        return torch.return_types.max((secant(tape, values, batched=input.batched), indices))
    return torch.return_types.max((amax(tape, torch.amax, input, dim, keepdim), None))  # type: ignore[arg-type]


def tournament(several: list[Any]) -> Any:
    """The largest at each place, pair by pair."""
    while len(several) > 1:
        odd = several[len(several) // 2 * 2 :]
        several = [torch.maximum(a, b) for a, b in zip(several[::2], several[1::2], strict=False)] + odd
    return several[0]


def _pair(one: Any, flat: bool, rows: int) -> tuple[int, int]:
    """For rows and columns; `rows` for the one row of what is flat."""
    pair = (one, one) if isinstance(one, int) else tuple(one)
    return (rows, pair[0]) if flat else (pair[0], pair[1])
