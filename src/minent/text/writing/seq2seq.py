"""A sequence for a sequence: p(y | x) of `minent.text.writing.model`, searched for the likeliest y."""

from collections.abc import Sequence
from typing import Any

from minent.text.options import Search
from minent.text.writing.model import Writer
from minent.text.writing.write import n_best


class Seq2Seq(Writer):
    """A model that writes a sequence for a sequence; `minent text train --task seq2seq` makes one.

    The decoder attends by softmax where the encoder's attention cannot (Nyström). `end` is the token that ends a text.

    >>> import torch
    >>> from minent.nn.shape import Shape
    >>> model = Seq2Seq(20, Shape(dim=8, heads=2, layers=1, hidden=16), "bidirectional").eval()
    >>> source, target, real = torch.tensor([[5, 6, 7]]), torch.tensor([[8, 9]]), torch.ones(1, 2, dtype=torch.bool)
    >>> model(source, None, *model.histories(target, real)).shape  # two directions, two tokens and the end
    torch.Size([2, 3, 20])
    """

    def write(self, texts: Sequence[str] | str, **search: Any) -> list[str]:
        """What the model writes for each text, or for one; options are those of `Search` (beam=4, longest=20, …). An
        empty text for an empty one, and where options leave nothing to write.

        Raises BadInput without a tokenizer."""
        return [found[0].text if found else "" for found in n_best(self, texts, Search(**search))]
