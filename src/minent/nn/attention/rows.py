"""What one token looks at: its weights for all tokens, of every attention in a model, without those of all others.

Attention of any kind is linear in its values, and coordinates of values do not mix: out_i = Σ_j w_ij v_j. So w_ij is
what a coordinate of out_i changes by with the same one of v_j, which a step backwards tells for all j. Landmarks are
spread over the tokens that they stand for; Nyström's weights, a product of three matrices, may be negative.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from minent.errors import BadInput
from minent.nn.attention.bidirectional import Bidirectional
from minent.nn.attention.heads import split
from minent.nn.attention.nystrom import Nystrom
from minent.nn.attention.softmax import Softmax
from minent.nn.attention.synthesizer import Synthesizer

Row = Float[Tensor, "batch head keys"]


class Watch:
    """The token whose rows are wanted of the attentions in models of Hugging Face (`hub`), and those found."""

    token: int | None = None
    rows: ClassVar[list[Tensor]] = []


def attention_rows(model: nn.Module, token: int, *inputs: Any, **named: Any) -> list[Row]:
    """Called with `inputs`, how much `token` (its place in the text; negative: from the end) looks at each token: a
    tensor (batch, head, keys) for each attention of `model`, in the order they are called. `model` is a lengthened one
    of Hugging Face, or any module with minent's attentions in it. Rows sum to 1, Nyström's nearly.

    Raises BadInput for a model without minent's attention, a token that is not there, and attentions of two decoders to
    one another, whose answers are not linear.

    >>> from minent.nn.attention import Window
    >>> (row,) = attention_rows(Window(8, 2, window=2), 0, torch.randn(1, 6, 8))
    >>> row.shape, [bool(weight > 0) for weight in row[0, 0]]
    (torch.Size([1, 2, 6]), [True, True, True, True, False, False])
    """
    rows: list[Tensor] = []
    held: dict[nn.Module, Tensor] = {}
    hooks = []
    for part in model.modules():
        if isinstance(part, Bidirectional):
            raise BadInput("attention of two decoders to one another is not linear, and has no rows")
        if isinstance(part, Softmax | Nystrom | Synthesizer):
            hooks += _hooks(part, token, held, rows)
    Watch.token, Watch.rows = token, rows
    try:
        with torch.enable_grad():
            model(*inputs, **named)
    finally:
        Watch.token = None
        for hook in hooks:
            hook.remove()
    if not rows:
        raise BadInput(f"there is no attention of minent in {type(model).__name__}; lengthen it first")
    return rows


def _hooks(part: Any, token: int, held: dict[nn.Module, Tensor], rows: list[Tensor]) -> list[Any]:
    """For one of minent's layers: its values are leaves, and its answers, before they are mixed, tell the row."""

    def leaf(_: nn.Module, __: Any, value: Tensor) -> Tensor:
        held[part] = value.detach().requires_grad_()
        return held[part]

    def found(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        out = split(inputs[0], part.heads)
        rows.append(split(_row(out, held.pop(part), token), part.heads)[..., 0])

    return [part.value.register_forward_hook(leaf), part.out.register_forward_pre_hook(found)]


def row_of(answers: Callable[[Tensor], Tensor], value: Float[Tensor, "batch head keys width"], token: int) -> Row:
    """The row of `token` where `answers` to values are (batch, head, queries, width)."""
    with torch.enable_grad():
        leaf = value.detach().requires_grad_()
        return _row(answers(leaf), leaf, token)[..., 0]


def _row(out: Float[Tensor, "batch head queries width"], value: Tensor, token: int) -> Tensor:
    """What `token`'s first coordinates in `out` change by with `value`."""
    if not -out.shape[2] <= token < out.shape[2]:
        raise BadInput(f"there are {out.shape[2]} tokens; got token {token}")
    return torch.autograd.grad(out[:, :, token, 0].sum(), value)[0].detach()
