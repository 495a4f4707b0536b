"""Attention to neighbouring blocks and the means of the others, token by token."""

import torch
from torch import Tensor


def window_attention(
    q: Tensor, k: Tensor, v: Tensor, w: int, landmarks: bool, mask: Tensor, causal: bool, by: Tensor | None = None
) -> Tensor:
    """For (batch, head, n, dim) and a mask (batch, n), one query after another; `by` (head, 2n − 1) is added to scores
    by distance, for a landmark by that of the middle of its real tokens."""
    batch, head, n, dim = q.shape
    out = q.new_zeros(batch, head, n, v.shape[3])
    for b in range(batch):
        first = mask[b].tolist().index(True)
        for t in range(first, n):
            keys, values, counts, places, own = [], [], [], [], (t - first) // w
            for j in range(-(-(n - first) // w)):
                tokens = [u for u in range(first + j * w, min(n, first + j * w + w)) if mask[b, u]]
                if 0 <= own - j <= 1 if causal else abs(own - j) <= 1:
                    tokens = [u for u in tokens if u <= t or not causal]
                    keys += [k[b, :, u] for u in tokens]
                    values += [v[b, :, u] for u in tokens]
                    counts += [1] * len(tokens)
                    places += tokens
                elif landmarks and tokens and (j < own or not causal):
                    keys.append(k[b][:, tokens].mean(1))
                    values.append(v[b][:, tokens].mean(1))
                    counts.append(len(tokens))
                    places.append(sum(tokens) // len(tokens))
            if keys:
                scores = (torch.stack(keys, 1) @ q[b, :, t, :, None])[..., 0] / dim**0.5
                if by is not None:
                    scores = scores + by[:, [n - 1 + place - t for place in places]]
                weights = (scores + q.new_tensor(counts).log()).softmax(1)
                out[b, :, t] = (weights[..., None] * torch.stack(values, 1)).sum(1)
    return out
