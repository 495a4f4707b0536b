"""Neighbours are attended to exactly, all others through the means of their blocks, in one softmax.

Of blocks of w tokens, a query in block i sees the keys of blocks i − 1, i, i + 1 one by one, and any other block j as
one landmark, its mean key and mean value, whose score counts for as many tokens as it stands for:
    p ∝ [exp(q·k/√d) for its neighbours, s_j exp(q·k̄_j/√d) for the others],   out = Σ p [v, v̄_j]
Blocks are counted from the first token that is no padding. A text of at most 2w tokens gets softmax attention itself.
Causal: blocks i − 1 and i up to the query, and landmarks of blocks before them, which are complete: nothing later has a
part, and decoding step by step gives what the whole gives.

The window is that of Longformer (Beltagy et al. 2020), means as keys that count their tokens that of Nyströmformer here
(`segments`). Without landmarks the time is n·3w; with them n·(3w + n/w).
"""

from functools import partial

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from minent.errors import BadInput
from minent.nn.attention.heads import Cache, by_hand, check_mask, ignoring, kept, plainly, whole
from minent.nn.attention.softmax import Softmax, softmax_attention
from minent.nn.attention.window_merged import merged_attention
from minent.nn.attention.window_scores import Blocks, added_far, added_near, dense
from minent.nn.attention.window_start import moved_to_blocks, one_by_one

WINDOW = 256  # of two blocks, 512 tokens, most pretrained encoders know all


def window_attention(
    query: Float[Tensor, "batch head n dim"],
    key: Float[Tensor, "batch head keys dim"],
    value: Float[Tensor, "batch head keys width"],
    window: int = WINDOW,
    *,
    landmarks: bool = True,
    padding_mask: Bool[Tensor, "batch keys"] | None = None,
    causal: bool = False,
    dropout: float = 0.0,
    scale: float | None = None,
    reach: int | None = None,
    by_distance: Float[Tensor, "head places"] | None = None,
) -> Float[Tensor, "batch head n width"]:
    """Attention to blocks of `window` tokens nearby, and to the others through `landmarks`, or not at all.

    There may be fewer queries than keys: they are the last ones (`causal`, with a cache of past keys). `padding_mask`
    is True for real keys. `dropout`: the share of weights dropped. `scale`: of scores, 1/√dim where not given. `reach`
    (at most `window`): no key farther away is seen one by one. `by_distance`: what each head adds to the score of a key
    so many places behind the query (negative: before it), from −(keys − 1) to keys − 1. Raises BadInput for a mask or
    numbers by distance that do not fit, fewer keys than queries, and a window without a token.

    >>> q, k, v = torch.randn(3, 1, 2, 20, 8, generator=torch.Generator().manual_seed(0))
    >>> exact = F.scaled_dot_product_attention(q, k, v)
    >>> bool((window_attention(q, k, v, window=10) - exact).abs().max() < 1e-5)
    True
    """
    batch, heads, n, _ = query.shape
    keys, start = key.shape[2], key.shape[2] - n
    window = whole("window", window)
    if start < 0:
        raise BadInput(f"queries are the last of their own keys; got {n} queries and {keys} keys")
    check_mask(padding_mask, batch, keys)
    if by_distance is not None and tuple(by_distance.shape) != (heads, 2 * keys - 1):
        raise BadInput(f"added by distance are {(heads, 2 * keys - 1)} numbers; got {tuple(by_distance.shape)}")
    if n == 0:
        return query.new_zeros(batch, heads, 0, value.shape[3])
    key, value = kept(key, padding_mask), kept(value, padding_mask)
    if not torch.compiler.is_compiling() and keys <= 2 * window and reach is None:  # nothing is beyond two blocks
        add = ignoring(padding_mask, query.dtype, (n, keys) if causal else None, query.device)
        if by_distance is not None:
            add = dense(by_distance, n, keys) + (0 if add is None else add)
        return softmax_attention(query, key, value, add, dropout=dropout, scale=scale)
    how = {"window": window, "landmarks": landmarks, "causal": causal, "dropout": dropout, "scale": scale}
    if padding_mask is not None and plainly():
        plain = partial(_laid_out, **how, reach=reach, by_distance=by_distance)
        return moved_to_blocks(query, key, value, padding_mask, window, plain)
    if padding_mask is not None and not bool(padding_mask[:, 0].all()):
        again = partial(window_attention, **how, reach=reach)
        return one_by_one(query, key, value, padding_mask, again, by_distance)
    plain = partial(_laid_out, **how, padding_mask=padding_mask, reach=reach, by_distance=by_distance)
    alike = query.shape == key.shape == value.shape and query.dtype == key.dtype == value.dtype
    wide = query.element_size() > 2 or not torch.is_grad_enabled()  # see softmax_attention
    if alike and wide and by_hand(query) and not (causal or dropout) and reach is None and by_distance is None:
        return merged_attention(query, key, value, window, landmarks, padding_mask, scale, plain)
    return plain(query, key, value)


def _laid_out(
    query: Tensor, key: Tensor, value: Tensor, window: int, landmarks: bool, padding_mask: Tensor | None, causal: bool,
    dropout: float, scale: float | None, reach: int | None, by_distance: Tensor | None,
) -> Tensor:  # fmt: skip
    """`window_attention` by operators that compilers and derivatives of all orders know: each block's neighbours and
    landmarks are laid out side by side."""
    batch, heads, n, _ = query.shape
    keys, start = key.shape[2], key.shape[2] - n
    first, ahead = start // window, start % window  # block of the first query, and its place there
    # exported for every length there are never less than two blocks, the last one empty: one would be a case of its own
    count = (keys + window - 1) // window + torch.compiler.is_exporting()
    blocks, rest = count - first, count * window - keys  # of the last block
    query = _wider(query, ahead, rest).unflatten(2, (blocks, window))
    behind = rest + (0 if causal else window)
    # blocks with one before them and, where it may be seen, one behind: zeros
    key, value = (_wider(x, window, behind).unflatten(2, (-1, window)) for x in (key, value))
    real = _wider(_real(padding_mask, keys, query.device)[:, None, :, None], window, behind).unflatten(2, (-1, window))
    shape = Blocks(first, blocks, window, causal, reach)
    add = added_near(real, shape, by_distance, query.dtype)
    rows, held = [query.flatten(0, 1)], real[:, 0, 1 : count + 1, :, 0]
    for blocked in (key, value):
        seen_by = shape.near(blocked)
        if landmarks:
            mean = blocked[:, :, 1 : count + 1].sum(3) / held.sum(2).clamp(min=1).to(query.dtype)[:, None, :, None]
            seen_by.append(mean[:, :, None].expand(-1, -1, blocks, -1, -1))
        rows.append(torch.cat(seen_by, 3).flatten(0, 1))
    if landmarks:
        far = added_far(held, shape, by_distance, query.dtype)
        add = torch.cat([x.expand(-1, -1, blocks, max(add.shape[3], far.shape[3]), -1) for x in (add, far)], 4)
    if padding_mask is not None or by_distance is not None:
        add = add.expand(batch, heads, -1, -1, -1)
    add = add.flatten(0, 1)
    out = softmax_attention(*rows, add, dropout=dropout, scale=scale)  # type: ignore[call-arg]
    return out.reshape(batch, heads, blocks * window, value.shape[4])[:, :, ahead : ahead + n]


def _real(padding_mask: Tensor | None, keys: int, device: torch.device) -> Bool[Tensor, "_ keys"]:
    return torch.ones(1, keys, dtype=torch.bool, device=device) if padding_mask is None else padding_mask


def _wider(x: Tensor, before: int, behind: int) -> Tensor:
    """(batch, head, n, dim) with zeros before and behind; no copy where there are none."""
    return x if not torch.compiler.is_compiling() and before == behind == 0 else F.pad(x, (0, 0, before, behind))


class Window(Softmax):
    """Multi-head attention to blocks of `window` tokens nearby; called as Softmax, within one sequence.

    >>> attention = Window(8, 2, window=4)
    >>> attention(torch.zeros(1, 30, 8), causal=True).shape
    torch.Size([1, 30, 8])
    """

    landmarks = False

    def __init__(self, dim: int, heads: int, *, window: int = WINDOW, rotary: bool = False, dropout: float = 0.0):
        super().__init__(dim, heads, rotary=rotary, dropout=dropout)
        self.window = whole("window", window)

    def forward(
        self,
        x: Float[Tensor, "batch n dim"],
        memory: Float[Tensor, "batch k dim"] | None = None,
        padding_mask: Bool[Tensor, "batch keys"] | None = None,
        causal: bool = False,
        cache: Cache | None = None,
    ) -> Float[Tensor, "batch n dim"]:
        """As `Softmax.forward`. Raises BadInput for a memory, and a cache where not causal."""
        if memory is not None:
            raise BadInput('a window is of one sequence, not of a memory; use "softmax"')
        return super().forward(x, None, padding_mask, causal, cache)

    def attend(self, query: Tensor, key: Tensor, value: Tensor, padding_mask: Tensor | None, causal: bool) -> Tensor:
        """For heads (batch, head, n, dim)."""
        return window_attention(
            query, key, value, self.window, landmarks=self.landmarks, padding_mask=padding_mask, causal=causal,
            dropout=self.dropout if self.training else 0.0,
        )  # fmt: skip


class WindowLandmarks(Window):
    """The same, and the means of all other blocks."""

    landmarks = True
