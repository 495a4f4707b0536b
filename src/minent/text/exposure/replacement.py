"""Random replacement: a history that errs at random, as one's own may (Su 2020, kexue.fm/archives/7259).

With probability p a text is touched, and then each token that is read is, with probability q, one drawn from the text's
own tokens; separators and padding stay. What is wanted stays the gold text.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from jaxtyping import Bool, Int
from torch import Tensor, nn

from minent.errors import BadInput, check
from minent.text.exposure.objective import Objective
from minent.text.exposure.reads import Batch, Reads, Summed

Origin = Literal["target", "both", "vocabulary"]


@dataclass(frozen=True)
class RandomReplacement(Objective):
    """Reads with tokens replaced: in a share `samples` of the texts, a share `tokens`, by random tokens of the
    target, of source and target (both), or of the vocabulary. Raises BadInput for shares that are none.

    >>> RandomReplacement(samples=1.5)
    Traceback (most recent call last):
    minent.errors.BadInput: samples must be from 0 to 1; got 1.5
    """

    samples: float = 0.5
    tokens: float = 0.3
    origin: Origin = "target"

    def __post_init__(self) -> None:
        check(self, *((name, 0 <= getattr(self, name) <= 1, "from 0 to 1") for name in ("samples", "tokens")))
        if self.origin not in get_args(Origin):
            raise BadInput(f"origin is one of {', '.join(get_args(Origin))}; got {self.origin!r}")

    def lost(self, model: nn.Module, read: Reads, batch: Batch, smoothing: float) -> Summed:
        return read.loss(self.replaced(read), smoothing)

    def replaced(self, read: Reads, generator: torch.Generator | None = None) -> Int[Tensor, "rows n"]:
        """The histories, with tokens replaced; where none are to be, nothing is drawn either."""
        if not (self.samples and self.tokens and read.free.any()):
            return read.tokens
        shape, device = read.tokens.shape, read.tokens.device
        chance = torch.rand(2, *shape, generator=generator, device=device)
        touched = torch.rand(shape[0], 1, generator=generator, device=device) < self.samples
        if self.origin == "vocabulary":
            text = torch.ones(read.embedding.num_embeddings, dtype=torch.bool, device=device)
            text[sorted(read.special)] = False
            pool, real = text.nonzero().T, text.new_ones(1, int(text.sum()))
        elif self.origin == "both":
            if not read.one_vocabulary():
                raise BadInput("tokens of the source stand for some of the target where both have one vocabulary")
            pool = torch.cat([read.source, read.tokens], dim=1)
            real = torch.cat([read.source_mask, read.free], dim=1)
        else:
            pool, real = read.tokens, read.free
        drawn = _drawn(pool, real, chance[0])
        return torch.where(read.free & touched & (chance[1] < self.tokens), drawn, read.tokens)


def _drawn(pool: Int[Tensor, "some k"], real: Bool[Tensor, "some k"], chance: Tensor) -> Int[Tensor, "rows n"]:
    """For each number from 0 to 1 in a row a real token of the pool's row, or of its only row, all as likely."""
    first = (~real).to(torch.uint8).argsort(dim=1, stable=True)  # the places of real tokens, then the others
    place = (chance * real.sum(1, keepdim=True)).long()
    return pool.expand(len(chance), -1).gather(1, first.expand(len(chance), -1).gather(1, place))
