"""A masked diffusion model is sampled as any masked language model: at a mask it says which token stood there, whatever
share of the text is masked (MDLM: Sahoo et al. 2024, arXiv:2406.07524; LLaDA: Nie et al. 2025, arXiv:2502.09992).

Its denoiser attends both ways, and has no head for masks by name. One that was begun from a model that writes from left
to right may keep its shift, logits at place i − 1 being of the token at i (Dream: Ye et al. 2025, arXiv:2508.15487).
"""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from minent.errors import BadInput
from minent.nn.evaluating import evaluating
from minent.text.masked.asked import CLOSE, minds_padding, tokens_known
from minent.text.masked.sites import at
from minent.text.masked.vocabulary import Vocabulary, vocabulary_of


class Denoiser:
    """`logits(tokens, positions)` of a denoiser of transformers, which returns logits of all sites, and attends as the
    mask (rows, 1, n, n) that it is handed says: to all tokens that are not padding. Sample from it by `Gibbs(Denoiser(
    model, pad), diffusion_vocabulary(tokenizer, mask=126336), schedule="confidence", …)`. Raises BadInput where the
    model attends to the left only, for all that."""

    def __init__(self, model: Any, pad: int, shifted: bool = False, longest: int = 0):
        self.model, self.pad, self.shifted, self.longest = model, pad, shifted, longest
        self.device, self.tokens = next(model.parameters()).device, tokens_known(model)
        self._both_ways()
        self.alike = minds_padding(self, model, self.tokens, pad, CLOSE)  # some ignore the mask that they are handed

    def __call__(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """The logits (rows, k, vocabulary) at `positions`. Raises BadInput for the first place of a shifted model."""
        if self.shifted and bool((positions == 0).any()):
            raise BadInput(
                "a shifted model says nothing of the first place: a text must begin with a token that is kept"
            )
        with evaluating(self.model):
            return at(self._all(tokens), positions - int(self.shifted))

    def _all(self, tokens: Tensor) -> Tensor:
        n = tokens.shape[1]
        real = (tokens != self.pad)[:, None, None, :].expand(-1, 1, n, -1)
        seen = torch.zeros(real.shape, dtype=self.model.dtype, device=tokens.device)
        seen = seen.masked_fill(~real, torch.finfo(self.model.dtype).min)
        return self.model(input_ids=tokens, attention_mask=seen).logits

    @torch.no_grad()
    def _both_ways(self) -> None:
        some = torch.tensor([[i for i in range(self.tokens) if i != self.pad][:4]], device=self.device)
        other = some.clone()
        other[0, -1] = some[0, 0]
        with evaluating(self.model):
            one, two = self._all(some), self._all(other)
        if torch.allclose(one[:, 0], two[:, 0]):
            raise BadInput(
                f"{type(self.model).__name__} attends to the left only, and cannot fill a gap from what follows it"
            )


def diffusion_vocabulary(tokenizer: Any, mask: int | None = None) -> Vocabulary:
    """What a tokenizer knows, whose mask is the token number `mask`, if given; padding, where it names none, is
    what ends a text."""
    if not hasattr(tokenizer, "mask_token_id"):
        return vocabulary_of(tokenizer)
    number = tokenizer.mask_token_id if mask is None else mask
    pad = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    if number is None or pad is None:
        lacking = "mask (say its number: mask=…)" if number is None else "padding, nor an end of texts"
        raise BadInput(f"{type(tokenizer).__name__} has no {lacking}")
    found = vocabulary_of(tokenizer, number, pad)
    return replace(found, special=tuple(sorted({*found.special, number, pad})))
