"""Recurrent layers are linear maps, sigmoids, tangents and products, step by step in time, all of which have secants.

LSTM   i, f, g, o = W x + U h + b,  c ← σ(f) c + σ(i) tanh g,  h ← σ(o) tanh c       Hochreiter & Schmidhuber 1997
GRU    r, z, n = …,  h ← (1 − z) tanh(n_x + r n_h) + z h                                        Cho et al. 2014
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from minent.attribution.rules.secant import Secant, plain, rule, secant
from minent.attribution.rules.tape import Tape
from minent.errors import BadInput

Cell = Callable[[Any, Any, Any], tuple[Any, ...]]  # of the input's part, of the state's part, and the state


def _lstm(x: Any, h: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
    i, f, g, o = (x + h).chunk(4, -1)
    c = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def _gru(x: Any, h: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
    (r, z, n), (of_r, of_z, of_n) = x.chunk(3, -1), h.chunk(3, -1)
    kept = (z + of_z).sigmoid()
    new = (n + (r + of_r).sigmoid() * of_n).tanh()
    return (new + kept * (state[0] - new),)


CELLS: dict[str, Cell] = {
    "lstm": _lstm,
    "gru": _gru,
    "rnn_tanh": lambda x, h, _: ((x + h).tanh(),),
    "rnn_relu": lambda x, h, _: ((x + h).relu(),),
}


@rule(*CELLS)
def recurrent(
    tape: Tape, func: Any, input: Any, state: Any, weights: Any, biases: Any, layers: Any, dropout: float,
    training: bool, both: bool, batch_first: Any = None,
) -> Any:  # fmt: skip
    """What `nn.LSTM`, `nn.GRU` and `nn.RNN` compute of whole batches. Raises BadInput for packed sequences."""
    if batch_first is None or isinstance(weights, bool) or input.dim() != 3:
        raise BadInput(
            f"{func.__name__!r} is explained of padded batches (example, time, dim), not of packed sequences"
        )
    x = input if batch_first else input.transpose(0, 1)
    given = tuple(state) if isinstance(state, tuple | list) else (state,)
    start = [[_batched(tape, one) for one in each.unbind(0)] for each in given]
    ways, each, last = 2 if both else 1, (4 if biases else 2), list[tuple[Any, ...]]()
    if len(weights) != layers * ways * each:
        raise BadInput("an LSTM with proj_size is not explained")
    for layer in range(layers):
        outs = []
        for way in range(ways):
            place = layer * ways + way
            own = weights[place * each : (place + 1) * each]
            begun = tuple(one[place] for one in start)
            out, ended = _along(CELLS[func.__name__], x.flip(1) if way else x, begun, own)
            outs.append(out.flip(1) if way else out)
            last.append(ended)
        x = torch.cat(outs, 2) if both else outs[0]
        if dropout and training and layer < layers - 1:
            x = F.dropout(x.transpose(0, 1).contiguous(), dropout).transpose(0, 1)
    ended = tuple(torch.stack([one[k] for one in last]) for k in range(len(given)))
    return (x if batch_first else x.transpose(0, 1), *ended)


def _along(cell: Cell, x: Any, state: tuple[Any, ...], own: Any) -> tuple[Any, tuple[Any, ...]]:
    w, u, *shifts = own
    b, d = shifts or (None, None)
    outs = []
    for seen in F.linear(x, w, b).unbind(1):
        state = cell(seen, F.linear(state[0], u, d), state)
        outs.append(state[0])
    return torch.stack(outs, 1), state


def _batched(tape: Tape, one: Tensor) -> Secant:
    """A state is one for each example."""
    return one if isinstance(one, Secant) else secant(tape, plain(one), None, moving=False)
