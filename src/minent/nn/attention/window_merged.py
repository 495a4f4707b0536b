"""Windows and landmarks on a CPU, with nothing laid out: neighbours are overlapping views of the keys, and landmarks
are attended to apart and merged.

    out = out_near + σ(m − l)(out_far − out_near),  L = log(eˡ + eᵐ)
with l and m the logarithms of what exponentials of scores sum to, near and far. Backwards a softmax needs L and out,
    p = exp(s − L),  ds = p ∘ (dO·v − dO·out)
so a kernel that is handed those of the whole gives its part of the gradients.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from minent.nn.attention.window_scores import Blocks, added_far, low

Plain = Callable[[Tensor, Tensor, Tensor], Tensor]


def merged_attention(
    query: Tensor, key: Tensor, value: Tensor, window: int, landmarks: bool, real: Tensor | None, scale: float | None,
    plain: Plain,
) -> Tensor:  # fmt: skip
    """As `window_attention`, both ways, for (batch, head, n, dim) of more than two blocks. `real` (batch, n): keys that
    are no padding. `plain`: the same by operators that have gradients of gradients."""
    return _Merged.apply(query, key, value, window, landmarks, real, scale, plain)  # type: ignore[return-value]


class _Merged(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, window: int, landmarks: bool, real: Tensor | None,
        scale: float | None, plain: Plain,
    ) -> Tensor:  # fmt: skip
        whole = _Whole(query, key, value, window, landmarks, real, scale)
        out, total = whole.answers()
        ctx.save_for_backward(query, key, value, out, total)
        ctx.told, ctx.plain = (window, landmarks, real, scale), plain
        return out.reshape(*query.shape[:2], -1, query.shape[3])[:, :, : query.shape[2]]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore
        query, key, value, out, total = ctx.saved_tensors
        if not torch.is_grad_enabled():
            found = _Whole(query, key, value, *ctx.told).gradients(gradients[0], out, total)
            return *(x.reshape(*query.shape[:2], -1, x.shape[3])[:, :, : query.shape[2]] for x in found), *[None] * 5
        wanted = ctx.needs_input_grad[:3]
        with sdpa_kernel(SDPBackend.MATH):  # gradients of these gradients are asked for
            again = ctx.plain(query, key, value)
        asked = [x for x, want in zip((query, key, value), wanted, strict=True) if want]
        each = iter(torch.autograd.grad(again, asked, gradients[0], create_graph=True))
        return *(next(each) if want else None for want in wanted), *[None] * 5


class _Whole:
    """Queries, keys and values as (batch · head, block, window, dim), and what is added to scores."""

    def __init__(
        self, query: Tensor, key: Tensor, value: Tensor, window: int, landmarks: bool, real: Tensor | None,
        scale: float | None,
    ):  # fmt: skip
        batch, heads, n, _ = query.shape
        self.window, self.count, self.scale = window, -(-n // window), scale
        self.each = lambda x: x.expand(batch, heads, *x.shape[2:]).flatten(0, 1)  # for every sample and head
        rest = self.count * window - n
        self.query, self.key, self.value = (self._blocks(x, rest) for x in (query, key, value))
        seen = torch.ones(1, n, dtype=torch.bool, device=query.device) if real is None else real
        seen = F.pad(seen, (0, rest)).unflatten(1, (-1, window))
        self.added = None if real is None and not rest else low(seen, query.dtype)
        self.far = None
        if landmarks:
            far = added_far(seen, Blocks(0, self.count, window, False, None), None, query.dtype)
            self.far = self.each(far).expand(-1, -1, window, -1)
            self.size = self.each(seen.sum(2).clamp(min=1).to(query.dtype)[:, None, :, None])

    def _blocks(self, x: Tensor, rest: int) -> Tensor:
        wide = F.pad(x, (0, 0, 0, rest)) if rest else x
        return wide.reshape(-1, self.count, self.window, x.shape[3])

    def near(self, rows: slice) -> Iterator[tuple[slice, int, tuple[Tensor, Tensor, Tensor], Tensor | None]]:
        """Of blocks that have as many neighbours: which, the first block that they see, queries, keys and values, and
        what is added, for some rows of all."""
        for blocks, first, seen in ((slice(0, 1), 0, 2), (slice(1, -1), 0, 3), (slice(-1, None), self.count - 2, 2)):
            query = self.query[rows, blocks]
            size, number = seen * self.window, query.shape[1]
            key, value = (
                x[rows, first:].flatten(1, 2).unfold(1, size, self.window)[:, :number].mT
                for x in (self.key, self.value)
            )
            added = None
            if self.added is not None:
                line = self.added[:, first:].flatten(1).unfold(1, size, self.window)[:, :number]
                added = self.each(line[:, None, :, None])[rows].expand(-1, -1, self.window, -1)
            yield blocks, first, (query, key, value), added

    def means(self) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, and for each block the mean key and value of every block."""
        key, value = ((x.sum(2) / self.size)[:, None].expand(-1, self.count, -1, -1) for x in (self.key, self.value))
        return self.query, key, value

    def answers(self) -> tuple[Tensor, Tensor]:
        """out and L."""
        kernel = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
        parts = [kernel(*given, attn_mask=added, scale=self.scale) for _, _, given, added in self.near(slice(None))]
        out, total = (torch.cat(some, 1) for some in zip(*parts, strict=True))
        if self.far is None:
            return out, total
        other, sums = kernel(*self.means(), attn_mask=self.far, scale=self.scale)
        share = (sums - total).sigmoid_()[..., None].to(out.dtype)
        return out.lerp_(other, share), torch.logaddexp(total, sums)

    def gradients(self, gradient: Tensor, out: Tensor, total: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """By queries, keys and values."""
        kernel = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward
        gradient = self._blocks(gradient, self.count * self.window - gradient.shape[2])
        by_query = torch.empty_like(out)
        sums = torch.zeros_like(out), torch.zeros_like(out)
        for rows in (
            slice(i, i + 1) for i in range(len(out))
        ):  # head by head: neighbours' gradients are thrice the size
            for blocks, first, given, added in self.near(rows):
                found = kernel(
                    gradient[rows, blocks], *given, out[rows, blocks], total[rows, blocks], 0.0, False,
                    attn_mask=added, scale=self.scale,
                )  # fmt: skip
                by_query[rows, blocks] = found[0]
                for into, part in zip(sums, found[1:], strict=True):
                    for i, one in enumerate(part.split(self.window, 2)):
                        into[rows, first + i : first + i + one.shape[1]] += one
        if self.far is not None:
            found = kernel(gradient, *self.means(), out, total, 0.0, False, attn_mask=self.far, scale=self.scale)
            by_query += found[0]
            for into, part in zip(sums, found[1:], strict=True):
                into += (part.sum(1) / self.size)[:, :, None]
        return by_query, *sums
