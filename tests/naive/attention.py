"""A query looks at keys, weighs them so that the weights add up to one, and takes the weighted mean of their values:

    o_i = Σ_j softmax_j(B_ij) v_j

Slow and obvious: loops over samples, heads and queries, in the mathematics of the papers. B_ij = q_i·k_j/√d (Vaswani et
al. 2017); Nyström's three factors (Xiong et al. 2021); the Synthesizer's B, made without q·k (Tay et al. 2020).
Everything can be differentiated. `real` is true where a token is no padding; outputs at padding are zero.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def weights(scores: Sequence[Tensor]) -> Tensor:
    """Softmax of a list of numbers: positive, in their order, adding up to one."""
    greatest = max(float(score.detach()) for score in scores)
    powers = [torch.exp(score - greatest) for score in scores]
    return torch.stack([power / sum(powers) for power in powers])


def look(query: Tensor, keys: Sequence[Tensor], values: Sequence[Tensor], add: Sequence[float] = ()) -> Tensor:
    """What one query sees: the mean of the values, weighted by the softmax of scaled dot products with the keys, to
    each of which a number may be added."""
    scores = [(query * key).sum() / len(query) ** 0.5 for key in keys]
    shares = weights([score + one for score, one in zip(scores, add or [0.0] * len(scores), strict=True)])
    return sum(share * value for share, value in zip(shares, values, strict=True))


def places(real: Tensor | None, sample: int, length: int) -> list[int]:
    """Positions of the real tokens of a sample."""
    return [i for i in range(length) if real is None or bool(real[sample, i])]


def every_head(outputs: Callable[[int, int], list[Tensor]], query: Tensor) -> Tensor:
    """Stacks the outputs of every sample and head, one vector a query."""
    samples, heads = query.shape[:2]
    rows = [[torch.stack(outputs(sample, head)) for head in range(heads)] for sample in range(samples)]
    return torch.stack([torch.stack(row) for row in rows])


def softmax(query: Tensor, key: Tensor, value: Tensor, real: Tensor | None = None, causal: bool = False) -> Tensor:
    """Exact attention; `real` speaks of the keys. A query that may look at nothing gets zeros."""
    late = key.shape[2] - query.shape[2]  # the last query stands at the last key

    def outputs(sample: int, head: int) -> list[Tensor]:
        rows = []
        for i, vector in enumerate(query[sample, head]):
            seen = [j for j in places(real, sample, key.shape[2]) if not causal or j <= i + late]
            k, v = [key[sample, head, j] for j in seen], [value[sample, head, j] for j in seen]
            rows.append(look(vector, k, v) if seen else torch.zeros_like(value[sample, head, 0]))
        return rows

    return every_head(outputs, query)


def segments(count: int, landmarks: int) -> list[list[int]]:
    """Consecutive runs of the numbers 0 to count-1: `landmarks` of them or one each, the first `count mod landmarks`
    one longer.

    >>> segments(7, 3)
    [[0, 1, 2], [3, 4], [5, 6]]
    >>> segments(2, 3)
    [[0], [1]]
    """
    parts = min(count, landmarks)
    runs, start = [], 0
    for part in range(parts):
        end = start + count // parts + (part < count % parts)
        runs.append(list(range(start, end)))
        start = end
    return runs


def newton(a: Tensor, iterations: int = 6) -> Tensor:
    """An approximate inverse: Z ← ¼Z(13I − AZ(15I − AZ(7I − AZ))) from Z = Aᵀ/(‖A‖₁‖A‖∞)."""
    column = max(float(a[:, j].detach().abs().sum()) for j in range(len(a)))
    row = max(float(a[i].detach().abs().sum()) for i in range(len(a)))
    # The norms take part in the gradient, as everything else does.
    column_sum = next(s for j in range(len(a)) if float((s := a[:, j].abs().sum()).detach()) == column)
    row_sum = next(s for i in range(len(a)) if float((s := a[i].abs().sum()).detach()) == row)
    z, identity = a.T / (column_sum * row_sum), torch.eye(len(a), dtype=a.dtype)
    for _ in range(iterations):
        az = a @ z
        z = z @ (13 * identity - az @ (15 * identity - az @ (7 * identity - az))) / 4
    return z


def nystrom_head(
    query: Tensor, key: Tensor, value: Tensor, landmarks: int, solver: str = "ridge", ridge: float = 0.005
) -> Tensor:
    """One sample, one head, no padding: softmax(QK̃ᵀ/√d + log size) W, with W by ridge regression or by Newton's
    iterations; a landmark key counts as often as its segment has tokens."""
    runs = segments(len(query), landmarks)
    queries, keys, values = ([sum(t[i] for i in run) / len(run) for run in runs] for t in (query, key, value))
    identity = list(torch.eye(len(runs), dtype=query.dtype))
    sizes = [math.log(len(run)) for run in runs]
    a = torch.stack([look(q, keys, identity, sizes) for q in queries])
    y = torch.stack([look(q, list(key), list(value)) for q in queries])
    if solver == "newton":
        w = newton(a) @ y
    else:
        v = torch.stack(values)
        w = v + torch.linalg.solve(a.T @ a + ridge * torch.stack(identity), a.T @ (y - a @ v))
    return torch.stack([look(q, keys, list(w), sizes) for q in query])


def skip(value: Tensor, filters: Tensor) -> Tensor:
    """Each position adds its neighbours' values, weighted by the head's own filter of odd length; outside is zero."""

    def outputs(sample: int, head: int) -> list[Tensor]:
        length, half = value.shape[2], filters.shape[1] // 2
        rows = []
        for i in range(length):
            near = [j for j in range(i - half, i + half + 1) if 0 <= j < length]
            rows.append(sum(filters[head, j - i + half] * value[sample, head, j] for j in near))
        return rows

    return every_head(outputs, value)


def nystrom(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    landmarks: int,
    real: Tensor | None = None,
    solver: str = "ridge",
    filters: Tensor | None = None,
    ridge: float = 0.005,
) -> Tensor:
    """Padding is dropped before anything is computed; in the convolution its values are zero where they stand."""
    length = query.shape[2]

    def outputs(sample: int, head: int) -> list[Tensor]:
        here, rows = places(real, sample, length), [torch.zeros_like(value[sample, head, 0])] * length
        if here:
            q, k, v = (torch.stack([t[sample, head, i] for i in here]) for t in (query, key, value))
            for i, row in zip(here, nystrom_head(q, k, v, landmarks, solver, ridge), strict=True):
                rows[i] = row
        return rows

    attended = every_head(outputs, query)
    if filters is None:
        return attended
    keep = torch.ones(len(query), length) if real is None else real
    keep = keep.to(value.dtype)[:, None, :, None]
    return attended + skip(value * keep, filters) * keep


def dense(x: Tensor, first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor]) -> list[Tensor]:
    """Scores of the token x for one head: ReLU(x W₁ + b₁) W₂ + b₂, each pair (W, b), W with one column an output."""
    hidden = [torch.relu((x * first[0][:, h]).sum() + first[1][h]) for h in range(first[0].shape[1])]
    return [sum(u * second[0][h, j] for h, u in enumerate(hidden)) + second[1][j] for j in range(second[0].shape[1])]


def factorised_dense(a: Sequence[Tensor], b: Sequence[Tensor]) -> list[Tensor]:
    """Scores from a short and a long pattern, one tiled and the other with its elements repeated: a[j mod p] b[j // p].

    >>> factorised_dense([1, 10], [1, 2, 3])
    [1, 10, 2, 20, 3, 30]
    """
    return [a[j % len(a)] * b[j // len(a)] for j in range(len(a) * len(b))]


def factorised_random(first: Tensor, second: Tensor, i: int) -> list[Tensor]:
    """Scores of position i: row i of R₁R₂ᵀ."""
    return [(first[i] * row).sum() for row in second]


def mixture(parts: Sequence[Sequence[Tensor]], numbers: Tensor) -> list[Tensor]:
    """Scores added up, Σ αᵢ Bᵢ, α = softmax of trained numbers, on the positions all have."""
    alpha = weights(list(numbers))
    return [sum(a * score for a, score in zip(alpha, scores, strict=True)) for scores in zip(*parts, strict=False)]


def synthesised(
    scores: Callable[[int, int, int], Sequence[Tensor]],
    value: Tensor,
    real: Tensor | None = None,
    causal: bool = False,
) -> Tensor:
    """Weighted means of values where `scores(sample, head, i)` are those of query i, whatever made them."""

    def outputs(sample: int, head: int) -> list[Tensor]:
        rows = []
        for i in range(value.shape[2]):
            seen = [j for j in places(real, sample, value.shape[2]) if not causal or j <= i]
            if not seen:
                rows.append(torch.zeros_like(value[sample, head, 0]))
                continue
            row = scores(sample, head, i)
            shares = weights([row[j] for j in seen])
            rows.append(sum(share * value[sample, head, j] for share, j in zip(shares, seen, strict=True)))
        return rows

    return every_head(outputs, value)


def heads(x: Tensor, weight: Tensor, bias: Tensor, number: int) -> Tensor:
    """The linear map Wx + b of every token, cut into `number` equal pieces: (batch, head, n, dim)."""
    mapped = torch.stack([torch.stack([weight @ token + bias for token in sample]) for sample in x])
    return torch.stack(mapped.chunk(number, dim=2), dim=1)


def joined(parts: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The heads of every token side by side, and then the linear map of that."""
    return torch.stack([torch.stack([weight @ torch.cat(list(t)) + bias for t in s.unbind(1)]) for s in parts])


PADDING = "none", "right", "left", "holes", "all of a sample"


def padding(kind: str, samples: int, length: int) -> Tensor | None:
    """Which tokens are real, where padding stands as `kind` says; the first sample of some is full, the others not.

    >>> padding("left", 2, 4).int().tolist()
    [[1, 1, 1, 1], [0, 0, 1, 1]]
    """
    if kind == "none":
        return None
    place, sample = torch.arange(length)[None], torch.arange(samples)[:, None]
    if kind == "holes":
        return (place * 7 + sample * 2 + 3) % 5 > 1
    right = place < (length * (samples - sample) // samples).clamp(min=1)
    if kind == "left":
        return right.flip(1)
    return right & (sample > 0) if kind == "all of a sample" else right
