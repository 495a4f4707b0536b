"""A model of p(y | x) = Π_t p(y_t | y_<t, x) reads a history and says how likely each continuation is; here models are
read in one way, those of minent (see `seq2seq_reads`) and of Hugging Face (see `hub_reads`).

After the start, which is always read, `tokens[:, t]` is what stands for y_t, and `wanted[:, t]` is y_t itself; the last
is wanted after all that is read.
"""

from functools import cached_property

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minent.nn.cross_entropy import cross_entropy

Batch = dict[str, Tensor]
Summed = tuple[Float[Tensor, ""], Int[Tensor, ""]]


class Reads:
    """A batch as its model reads it. `free`: where another token may be read, those of the target, no separators, no
    padding; `source`, `source_mask` (rows, _): what the target is written for; `special`: tokens that are no text;
    `balance`: what a mixture of experts loses beside, at the last reading."""

    tokens: Int[Tensor, "rows n"]
    free: Bool[Tensor, "rows n"]
    wanted: Int[Tensor, "rows n1"]
    counts: Bool[Tensor, "rows n1"]
    source: Int[Tensor, "rows k"]
    source_mask: Bool[Tensor, "rows k"]
    embedding: nn.Embedding
    special: set[int]
    balance: Float[Tensor, ""] | None = None

    def scores(
        self, history: Int[Tensor, "rows n"] | Float[Tensor, "rows n dim"]
    ) -> Float[Tensor, "rows n1 vocabulary"]:
        """Logits of what follows each beginning of a history of tokens, or of vectors such as `embedding` gives."""
        raise NotImplementedError

    def loss(self, history: Int[Tensor, "rows n"] | Float[Tensor, "rows n dim"], smoothing: float = 0.0) -> Summed:
        """The cross entropies of what is wanted, summed, and how many they are."""
        return self.cross_entropy(self.scores(history), smoothing)

    def one_vocabulary(self) -> bool:
        """Whether source and target have the same tokens."""
        return True

    def own(self) -> Int[Tensor, "rows n1"]:
        """What the model writes greedily, reading itself; after its end −1."""
        raise NotImplementedError

    @cached_property
    def _at(self) -> Int[Tensor, " some"]:
        return self.counts.flatten().nonzero()[:, 0]  # a GPU is asked once, and not for each that is picked

    def counted(self, each: Tensor) -> Tensor:
        """Of something for each row and place, what is there for those that count."""
        return each.flatten(0, 1).index_select(0, self._at)

    def cross_entropy(self, scores: Float[Tensor, "rows n1 vocabulary"], smoothing: float = 0.0) -> Summed:
        """The same by given scores; twice differentiable. Tokens that cannot be (−∞) get no share of a smoothing."""
        return cross_entropy(self.counted(scores), self.counted(self.wanted), smoothing), self.counts.sum()


def to_the_end(wrote: Tensor, ends: set[int]) -> Tensor:
    """What was written, with −1 after the first of the ends."""
    ended = among(wrote, ends).cumsum(1)
    return wrote.masked_fill(F.pad(ended, (1, -1)) > 0, -1)


def among(tokens: Tensor, some: set[int]) -> Tensor:
    return torch.isin(tokens, torch.tensor(sorted(some), dtype=tokens.dtype, device=tokens.device))
