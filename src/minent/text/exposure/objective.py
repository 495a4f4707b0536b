"""A model that writes learns to continue gold histories, but when it writes it reads its own: exposure bias (Ranzato et
al. 2016). An objective says what histories a model learns from, and what it loses.

Teacher forcing, the usual one, loses the cross entropy −log p(y_t | y_<t, x) of every token after gold histories.
"""

from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from minent.errors import BadInput
from minent.text.exposure.hub_reads import DecoderOnly, EncoderDecoder
from minent.text.exposure.reads import Batch, Reads, Summed
from minent.text.exposure.seq2seq_reads import Ours
from minent.text.writing.model import Writer


def reads_of(model: nn.Module, batch: Batch) -> Reads:
    """The batch as `model` reads it. Raises BadInput for a batch without what is needed, or another kind of model."""
    bare: Any = getattr(model, "module", model)  # processes wrap it
    if isinstance(bare, Writer):
        return Ours(bare, batch)
    if not hasattr(bare, "config"):
        wanted = "a minent Seq2Seq or a Hugging Face model that writes"
        raise BadInput(f"an objective is for {wanted}; got {type(bare).__name__}")
    if missing := [name for name in ("input_ids", "labels") if name not in batch]:
        raise BadInput(f"a Hugging Face batch holds input_ids and labels, not {', '.join(batch)}; no {missing[0]}")
    return (EncoderDecoder if bare.config.is_encoder_decoder else DecoderOnly)(model, bare, batch)


def mean(total: Tensor, count: Tensor) -> Tensor:
    """Of a batch in which nothing is wanted, 0."""
    return total / count.clamp_min(1)


class Objective:
    """`objective(model, batch)` → the mean loss of a target, a scalar to call backward() on, 0 where none is wanted;
    `smoothing` is the share of the probability that is wanted spread over all tokens.

    Models are minent's `Seq2Seq`, with batches of source, target and their masks, or Hugging Face's, with batches of
    input_ids, labels (−100: none) and what else they take. "progress" in a batch, from 0 to 1, is how much of the
    training is done. Randomness, that of dropout too, is torch's own."""

    def __call__(self, model: nn.Module, batch: Batch, smoothing: float = 0.0) -> Float[Tensor, ""]:
        total, count = self.loss(model, batch, smoothing)
        return mean(total, count)

    def loss(self, model: nn.Module, batch: Batch, smoothing: float = 0.0) -> Summed:
        """The losses of all targets, summed, and how many they are: what `minent.training.loop.fit` takes."""
        read = reads_of(model, batch)
        total, count = self.lost(model, read, batch, smoothing)
        return total if read.balance is None else total + read.balance * count, count

    def check(self, model: nn.Module) -> None:
        """Raises BadInput for a model that cannot learn by it."""

    def lost(self, model: nn.Module, read: Reads, batch: Batch, smoothing: float) -> Summed:
        """The same of a batch that is read already."""
        raise NotImplementedError


@dataclass(frozen=True)
class TeacherForcing(Objective):
    """Gold histories.

    >>> import torch
    >>> from minent.nn.shape import Shape
    >>> from minent.text.writing.seq2seq import Seq2Seq
    >>> model = Seq2Seq(20, Shape(dim=8, heads=2, layers=1, hidden=16))
    >>> texts, real = torch.tensor([[5, 6, 7]]), torch.ones(1, 3, dtype=torch.bool)
    >>> TeacherForcing()(model, {"source": texts, "source_mask": real, "target": texts, "target_mask": real}).shape
    torch.Size([])
    """

    def lost(self, model: nn.Module, read: Reads, batch: Batch, smoothing: float) -> Summed:
        return read.loss(read.tokens, smoothing)
