"""What a masked language model says of a site: logits(tokens, positions), by the cheapest way that its kind allows.

Any function of that form can be sampled from. `tokens` (rows, n) are ids with masks in them, padded at the end; of
`positions` (rows, k) each row has its own; what comes back is (rows, k, vocabulary).
"""

import copy
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from minent.errors import BadInput
from minent.nn.evaluating import evaluating
from minent.text.masked.model import MaskedLM
from minent.text.masked.sites import KNOWN, Bert, at
from minent.text.masked.vocabulary import Vocabulary

TOKENS = 1 << 15  # that are read at a time, about
CLOSE = 1e-3  # how far apart two ways to the same logits may be, of their spread


@runtime_checkable
class Logits(Protocol):
    """The logits of every token at `positions` of `tokens`."""

    def __call__(self, tokens: Tensor, positions: Tensor, /) -> Tensor: ...


@dataclass(frozen=True)
class Conditionals:
    """Logits, how they are come by, the most tokens of an input (0: any number), and where tensors live."""

    logits: Callable[[Tensor, Tensor], Tensor]
    how: str
    longest: int
    device: torch.device
    fresh: bool = True
    """Whether what comes back is no one else's, and may be written to."""
    model: nn.Module | None = None
    """What is put in evaluation mode for as long as it is asked."""

    @torch.no_grad()
    def __call__(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """As the protocol has it, some rows at a time."""
        rows = max(1, TOKENS // tokens.shape[1])
        parts = zip(tokens.split(rows), positions.split(rows), strict=True)
        with nullcontext() if self.model is None else evaluating(self.model):
            found = [self.logits(*part) for part in parts]
        return torch.cat(found) if len(found) > 1 else found[0]


def conditionals_of(model: Any, vocabulary: Vocabulary, precision: str = "fp32") -> Conditionals:
    """The cheapest way to a model's logits that gives what the model itself gives. Raises BadInput.

    minent's own             last layer (softmax attention) and head at the sites only; others: head
    BERT, RoBERTa and like   the same, if what comes out is what the model says of a few random texts
    any masked LM of transformers    the model as it is, all its sites
    a function               as it is
    """
    logits: Any = model
    if not isinstance(model, nn.Module):
        if not callable(model):
            raise BadInput(f"wanted a masked language model or a function logits(tokens, positions); got {type(model)}")
        return Conditionals(logits, "a function", 0, torch.device("cpu"), fresh=False)
    if precision == "bf16":
        model = copy.deepcopy(model).to(torch.bfloat16)
    device = next(model.parameters()).device
    if isinstance(model, MaskedLM):
        part = "last layer and head" if model.shape.attention == "softmax" else "head"
        longest = model.shape.longest
        how = f"{part} at the sampled sites only"
        return Conditionals(_own(model, vocabulary.pad), how, longest, device, model=model)
    config: Any = getattr(model, "config", None)
    if config is None or not hasattr(config, "model_type"):
        raise BadInput(
            f"wanted a masked language model of minent or transformers; got {type(model).__name__}: hand in a function "
            "logits(tokens, positions) instead"
        )
    places = getattr(config, "max_position_embeddings", 0) or 0
    pads = (config.pad_token_id or 0) + 1 if "roberta" in config.model_type or config.model_type in OFFSET else 0
    plain = plainly(model, vocabulary.pad)
    logits, how = plain, "all sites of every layer"
    if config.model_type in KNOWN:
        fast = Bert(model, vocabulary.pad)
        with evaluating(model):
            same = _agree(fast, plain, vocabulary, config.vocab_size, device, CLOSE if precision == "fp32" else 0.1)
        if same:
            logits, how = fast, "last layer and head at the sampled sites only"
    return Conditionals(logits, how, max(places - pads, 0), device, model=model)


OFFSET = ("camembert",)


def plainly(model: Any, pad: int) -> Callable[[Tensor, Tensor], Tensor]:
    """Logits of a masked language model of transformers, by the model as it is."""

    def logits(tokens: Tensor, positions: Tensor) -> Tensor:
        return at(model(input_ids=tokens, attention_mask=(tokens != pad).long()).logits, positions)

    return logits


def _own(model: MaskedLM, pad: int) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda tokens, positions: model(tokens, tokens != pad, positions)


@torch.no_grad()
def _agree(one: Any, other: Any, vocabulary: Vocabulary, size: int, device: torch.device, close: float) -> bool:
    """Whether both ways say the same of two random texts, the second shorter."""
    draw = torch.Generator().manual_seed(0)
    tokens = torch.randint(size, (2, 7), generator=draw)
    tokens[tokens == vocabulary.pad] = vocabulary.mask
    tokens[1, 5:] = vocabulary.pad
    tokens, positions = tokens.to(device), torch.tensor([[1, 6], [3, 4]], device=device)
    try:
        found = one(tokens, positions).float()
    except (AttributeError, RuntimeError, TypeError):
        return False
    wanted = other(tokens, positions).float()
    return bool((found - wanted).abs().max() <= close * wanted.std())
