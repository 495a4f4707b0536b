"""The cross entropy of tokens whose scores are a linear map of vectors, without ever holding all scores.

    L = Σᵢ −Σ_v q_iv log p_iv,  p_i = softmax(W xᵢ),  q_iv = (1 − s) [v = wantedᵢ] + s / V
with label smoothing s (Szegedy et al. 2016); ∂L/∂(W xᵢ) = pᵢ − qᵢ, so a chunk of rows whose scores stay in the cache
gives its loss and its gradients at once, and the scores are gone before the next.
"""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

SCORES = {"cpu": 1 << 20}  # of a chunk: what a CPU's cache holds
MANY = 1 << 27  # of a chunk elsewhere: large products, whose scores take half a GB in float32
ROWS = 256  # and no fewer: for 50,000 words, 20 rows take three times as long on a CPU


def linear_cross_entropy(
    vectors: Float[Tensor, "rows dim"],
    weight: Float[Tensor, "vocabulary dim"],
    wanted: Int[Tensor, " rows"],
    smoothing: float = 0.0,
    bias: Float[Tensor, "groups vocabulary"] | None = None,
    group: Int[Tensor, " rows"] | None = None,
) -> Float[Tensor, ""]:
    """Σ over rows of the cross entropy of softmax(vectors weightᵀ + bias[group]) with `wanted`.

    Under autocast products are taken in its precision, all else in float32 or more. Raises RuntimeError where a second
    derivative is asked for (create_graph=True).

    >>> vectors, weight = torch.zeros(2, 3), torch.zeros(4, 3)
    >>> linear_cross_entropy(vectors, weight, torch.tensor([1, 2])).exp().item()  # two of four, by chance
    16.0
    """
    return _LinearCrossEntropy.apply(vectors, weight, bias, wanted, group, smoothing)  # type: ignore[return-value]


def cross_entropy(
    scores: Float[Tensor, "rows vocabulary"], wanted: Int[Tensor, " rows"], smoothing: float = 0.0
) -> Float[Tensor, ""]:
    """The same of scores that are held, twice differentiable. What cannot be (−∞) gets no share of the smoothing.

    >>> cross_entropy(torch.tensor([[0.0, 0.0, -torch.inf]]), torch.tensor([1]), 0.1).exp().item()
    2.0
    """
    scores = at_least_float32(scores)
    total = torch.nn.functional.cross_entropy(scores, wanted, reduction="sum")
    if smoothing:
        likely, can = scores.log_softmax(1), scores > -torch.inf
        spread = -(torch.where(can, likely, 0).sum(1) / can.sum(1)).sum()
        total = (1 - smoothing) * total + smoothing * spread
    return total


def at_least_float32(scores: Tensor) -> Tensor:
    """Sums over a vocabulary want more digits than bfloat16 has."""
    return scores.to(torch.promote_types(scores.dtype, torch.float32))


def rows_at_once(device: str, vocabulary: int) -> int:
    """Rows of a chunk.

    >>> rows_at_once("cpu", 1000), rows_at_once("cpu", 50_000), rows_at_once("cuda", 50_000)
    (1048, 256, 2684)
    """
    return max(ROWS, SCORES.get(device, MANY) // vocabulary)


class _LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, vectors: Tensor, weight: Tensor, bias: Tensor | None, wanted: Tensor, group: Tensor | None, s: float
    ) -> Tensor:
        device, vocabulary, learns = vectors.device.type, len(weight), any(ctx.needs_input_grad)
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else vectors.dtype
        x, w, wide = vectors.to(dtype), weight.to(dtype), torch.promote_types(vectors.dtype, torch.float32)
        to_vectors, to_weight = torch.empty_like(x), torch.zeros_like(weight, dtype=wide)
        to_bias = None if bias is None else torch.zeros_like(bias)
        total = torch.zeros((), dtype=wide, device=vectors.device)
        chunk = rows_at_once(device, vocabulary)
        with torch.autocast(device, enabled=False):
            for start in range(0, len(x), chunk):
                part = slice(start, start + chunk)
                scores, target = (x[part] @ w.T).to(wide), wanted[part, None]
                if bias is not None and group is not None:
                    scores += bias[group[part]]
                if s:
                    total -= s / vocabulary * scores.sum()
                total -= (1 - s) * scores.gather(1, target).sum()
                most = scores.amax(1, keepdim=True)
                odds = scores.sub_(most).exp_()  # p, but for a factor, which the narrower products take
                whole = odds.sum(1, keepdim=True)
                total += (most + whole.log()).sum()
                if learns:
                    odds.scatter_add_(1, target, (s - 1) * whole)
                    if to_bias is not None and group is not None:
                        to_bias.index_add_(0, group[part], (odds / whole).sub_(s / vocabulary).to(to_bias.dtype))
                    odds, share = odds.to(dtype), 1 / whole
                    torch.mul(odds @ w, share, out=to_vectors[part])
                    to_weight += odds.T @ (x[part] * share).to(dtype)
            if learns and s:
                to_vectors -= s / vocabulary * weight.sum(0)
                to_weight -= s / vocabulary * vectors.sum(0)
        ctx.save_for_backward(to_vectors.to(vectors.dtype), to_weight.to(weight.dtype), to_bias)
        return total

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore
        if torch.is_grad_enabled():
            raise RuntimeError(
                "linear_cross_entropy has no second derivative; take cross_entropy of the model's scores"
            )
        return *(None if part is None else slopes[0] * part for part in ctx.saved_tensors), None, None, None
