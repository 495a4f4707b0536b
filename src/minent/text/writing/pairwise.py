"""Each direction goes on by the mean of what it would write beside every beginning of the other, not beside one.

    p(y | Lᵢ) = 1/k Σⱼ p(y | Lᵢ, Rⱼ),   p(y | Rⱼ) = 1/k Σᵢ p(y | Lᵢ, Rⱼ)
for k beginnings Lᵢ from the left and Rⱼ from the right (Su 2019, kexue.fm/archives/6877): k² pairs are asked for.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor

from minent.text.writing.beam import Step


class Pairwise:
    """The `Step` of a beam of `beam` beginnings in each of two directions, given that of a beam of beam² pairs, in
    which the row (i, j) of a sentence is Lᵢ in the first half of the batch, and Rⱼ, its partner, in the second.

    >>> def step(tokens, rows):  # of two tokens the second is likelier beside a partner that has just written it
    ...     partner = torch.zeros_like(rows) if tokens is None else tokens.roll(len(rows) // 2)
    ...     return torch.tensor([[0.5, 0.5], [0.2, 0.8]]).log()[partner]
    >>> pairwise = Pairwise(step, beam=2)
    >>> _ = pairwise(None, torch.arange(4))
    >>> pairwise(torch.tensor([0, 0, 0, 1]), torch.arange(4)).exp()  # L0, L1 beside 0 and 1; R0, R1 beside 0
    tensor([[0.3500, 0.6500],
            [0.3500, 0.6500],
            [0.5000, 0.5000],
            [0.5000, 0.5000]])
    """

    def __init__(self, step: Step, beam: int):
        self.step, self.beam, self.sentences = step, beam, 0

    def __call__(
        self, tokens: Int[Tensor, " rows"] | None, rows: Int[Tensor, " rows"]
    ) -> Float[Tensor, "rows vocabulary"]:
        """log p of every next token."""
        k, n = self.beam, len(rows) // (2 * self.beam)
        pairs = torch.arange(2 * n * k * k, device=rows.device)
        if tokens is None:
            both = None
        else:
            left, right = tokens.view(2, n, k)
            both = torch.stack([left[:, :, None].expand(n, k, k), right[:, None, :].expand(n, k, k)]).flatten()
            left, right = rows.view(2, n, k) % k  # the places that were lengthened
            sentence = (rows.view(2, n, k)[0, :, 0] // k)[:, None, None]
            old = sentence * k * k + left[:, :, None] * k + right[:, None, :]
            pairs = torch.stack([old, old + self.sentences * k * k]).flatten()
        self.sentences = n
        logs = self.step(both, pairs).view(2, n, k, k, -1)
        return torch.stack([logs[0].logsumexp(2), logs[1].logsumexp(1)]).flatten(0, 2) - math.log(k)
