"""What any classifier is asked: how likely each label of a text is, and which is the likeliest."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from minent.data import Batches
from minent.data.ragged import Ragged
from minent.nn.evaluating import evaluating
from minent.text.cut import Cut, told


class Labelling(nn.Module):
    """A classifier of texts: called with tokens and their mask (batch, n) it returns the scores of its `labels`; of a
    text it reads `longest` tokens, and fills up with `pad`."""

    labels: list[str]
    longest: int
    pad: int = 0

    def token_array(self, texts: Sequence[str], cut: Cut | None = None) -> Ragged:
        """The first `longest` token ids of each text; `cut` counts what is lost."""
        raise NotImplementedError

    @torch.no_grad()
    def probabilities(
        self, texts: Sequence[str] | str, *, tokens: int = 8192, cut: Cut | None = None
    ) -> Float[np.ndarray, "texts labels"]:
        """p(label | text), labels in the order of `classifier.labels`; about `tokens` tokens are read at a time, and
        `cut` counts what is not, or not known; it is told where nobody asks for it.

        Raises BadInput without a tokenizer."""
        texts = [texts] if isinstance(texts, str) else texts
        device, found = next(self.parameters()).device, np.zeros((len(texts), len(self.labels)))
        if not len(texts):
            return found
        counted = Cut(self.longest) if cut is None else cut
        rows = self.token_array(texts, counted)
        if cut is None:
            told({"text": counted})
        most = max(tokens, int(rows.lengths.max()))
        with evaluating(self):
            for batch in Batches({"tokens": rows}, tokens=most, shuffle=False, pad=self.pad).epoch(1):
                ids, mask = (torch.from_numpy(batch[name]).to(device) for name in ("tokens", "tokens_mask"))
                found[batch["id"]] = self(ids, mask).double().softmax(1).cpu().numpy()
        return found

    def classify(self, texts: Sequence[str] | str, *, tokens: int = 8192) -> list[str]:
        """The likeliest label of each text."""
        return [self.labels[i] for i in self.probabilities(texts, tokens=tokens).argmax(1)]
