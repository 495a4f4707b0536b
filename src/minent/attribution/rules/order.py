"""Numbers in order: a sorting network is made of larger and smaller of two, which have secants.

Batcher's merge exchange (Knuth, The Art of Computer Programming 3, algorithm 5.2.2 M) compares in layers, of which
n numbers need about log²(n) / 2.
"""

from collections.abc import Iterator
from typing import Any

import torch

from minent.attribution.rules.secant import at_end, plain, rule, wrapped
from minent.attribution.rules.tape import Tape


def layers(n: int) -> Iterator[list[int]]:
    """Of each layer the first of each pair that is compared, and how far its second is from it, as the last number.

    >>> list(layers(3))
    [[0, 2], [0, 1], [1, 1]]
    """
    highest = 1 << max((n - 1).bit_length() - 1, 0)
    p = highest if n > 1 else 0
    while p:
        q, r, d = highest, 0, p
        while True:
            if firsts := [i for i in range(n - d) if i & p == r]:
                yield [*firsts, d]
            if q == p:
                break
            d, q, r = q - p, q // 2, p
        p //= 2


def ascending(x: Any) -> Any:
    """Along the last axis."""
    columns = list(x.unbind(-1))
    for *firsts, away in layers(len(columns)):
        low = torch.stack([columns[i] for i in firsts], -1)
        high = torch.stack([columns[i + away] for i in firsts], -1)
        less, more = torch.minimum(low, high).unbind(-1), torch.maximum(low, high).unbind(-1)
        for place, i in enumerate(firsts):
            columns[i], columns[i + away] = less[place], more[place]
    return torch.stack(columns, -1)


def _placed(tape: Tape, func: Any, kind: Any, input: Any, args: Any, kwargs: Any, made: Any) -> Any:
    """Values by their secant; places only where they are the same before and after the step."""
    told = func(plain(input), *args, **kwargs)
    if not tape.paired:
        return wrapped(tape, told, None, input.batched, True)
    ends = [func(at_end(input, k), *args, **kwargs)[1] for k in (0, 1)]
    return kind((made(), told[1] if torch.equal(*ends) else None))


@rule("sort")
def sort(tape: Tape, func: Any, input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    def made() -> Any:
        found = ascending(input.movedim(dim, -1))
        return (found.flip(-1) if descending else found).movedim(-1, dim)

    return _placed(tape, func, torch.return_types.sort, input, (dim, descending), {}, made)


@rule("topk")
def topk(tape: Tape, func: Any, input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    def made() -> Any:
        found = ascending(input.movedim(dim, -1))
        return (found.flip(-1) if largest else found)[..., :k].movedim(-1, dim)

    return _placed(tape, func, torch.return_types.topk, input, (k, dim, largest), {}, made)


@rule("kthvalue")
def kthvalue(tape: Tape, func: Any, input: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    def made() -> Any:
        found = ascending(input.movedim(dim, -1))[..., k - 1]
        return found.unsqueeze(dim) if keepdim else found

    return _placed(tape, func, torch.return_types.kthvalue, input, (k, dim, keepdim), {}, made)


@rule("median")
def median(tape: Tape, func: Any, input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower of the two in the middle."""
    if dim is None:
        whole = input.reshape(-1)
        return whole.kthvalue((len(whole) + 1) // 2)[0]
    return input.kthvalue((input.shape[dim] + 1) // 2, dim, keepdim)
