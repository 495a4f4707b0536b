"""Landmarks are the means of equal segments of the real tokens of a sequence (Xiong et al. 2021, §3.2).

Of c real tokens, min(c, m) segments are made; the first c mod m are one token longer than the others. Padding belongs
to no segment, wherever it stands, and the number of tokens need not be a multiple of anything. A landmark key stands
for all keys of its segment, so the logarithm of their number is added to its scores: without it unequal segments cost
accuracy, and where they are equal it changes nothing.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


class Segments(NamedTuple):
    """Which tokens form a segment: by their number alone, or as a matrix where some are padding."""

    number: int
    share: Float[Tensor, "batch m n"] | None = None  # of each token in the mean of each segment; None: no padding
    size: Int[Tensor, "_ m"] | None = None  # how many tokens segments hold, where not all hold as many

    @property
    def real(self) -> Bool[Tensor, "batch 1 m 1"] | None:
        """The segments that hold a token; None: all."""
        return None if self.share is None or self.size is None else (self.size > 0)[:, None, :, None]

    def stands_for(self, dtype: torch.dtype) -> Float[Tensor, "_ 1 1 m"] | None:
        """What to add to the scores of landmark keys; None where it makes no difference."""
        if self.size is None:
            return None
        share = self.size.to(dtype).log().to(dtype)  # under a GPU's autocast a logarithm is of float32, and a mask of
        return share.clamp(min=torch.finfo(dtype).min / 2)[:, None, None, :]  # another dtype than queries gives noise

    def mean(self, tokens: Float[Tensor, "batch head n dim"]) -> Float[Tensor, "batch head m dim"]:
        """The mean of each segment."""
        if self.share is not None:
            means = self.share.to(tokens.dtype) @ tokens.transpose(1, 2).flatten(2)
            return means.unflatten(2, (tokens.shape[1], -1)).transpose(1, 2)
        return torch.cat([part.mean(3) for part in self._parts(tokens)], dim=2)

    def spread(self, means: Float[Tensor, "batch head m dim"], tokens: Float[Tensor, "batch head n dim"]) -> None:
        """Add to each token its share in what `means` are for the segments: the adjoint of `mean`."""
        if self.share is not None:
            spread = self.share.to(tokens.dtype).mT @ means.transpose(1, 2).flatten(2)
            tokens += spread.unflatten(2, (means.shape[1], -1)).transpose(1, 2)
            return
        parts = self._parts(tokens)
        for part, mean in zip(parts, means.split([part.shape[2] for part in parts], dim=2), strict=True):
            part += mean[:, :, :, None] / part.shape[3]

    def _parts(self, tokens: Tensor) -> list[Tensor]:
        """Views (batch, head, segments, tokens, dim): the segments of one size, and those of another."""
        size, longer = divmod(tokens.shape[2], self.number)
        cut = longer * (size + 1)
        rest = tokens[:, :, cut:].unflatten(2, (self.number - longer, size))
        return [tokens[:, :, :cut].unflatten(2, (longer, size + 1)), rest] if longer else [rest]


def segments(
    n: int, number: int, padding_mask: Bool[Tensor, "batch n"] | None = None, device: torch.device | None = None
) -> Segments:
    """At most `number` segments of sequences of length n, of which the tokens where `padding_mask` is True are real.

    >>> segments(5, 2).mean(torch.arange(5.0).view(1, 1, 5, 1)).flatten().tolist()
    [1.0, 3.5]
    >>> mask = torch.tensor([[False, True, True, False, True]])
    >>> segments(5, 2, mask).mean(torch.arange(5.0).view(1, 1, 5, 1)).flatten().tolist()
    [1.5, 4.0]
    """
    if padding_mask is None:
        number = min(number, n)
        size, longer = divmod(n, number)
        sizes = torch.tensor([[size + 1] * longer + [size] * (number - longer)], device=device) if longer else None
        return Segments(number, None, sizes)
    count = padding_mask.sum(1, keepdim=True)
    used = count.clamp(min=1, max=number)
    size, longer = count // used, count % used
    place = padding_mask.cumsum(1) - 1
    shifted = place - longer * (size + 1)
    segment = torch.where(shifted < 0, place // (size + 1), longer + shifted // size.clamp(min=1))
    segment = torch.where(padding_mask, segment, -1)
    belongs = segment[:, None, :] == torch.arange(number, device=segment.device)[:, None]
    held = belongs.sum(2, keepdim=True)
    return Segments(number, belongs.double() / held.clamp(min=1), held[:, :, 0])
