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
from minent.text.masked.asked import CLOSE, heads_of, longest_text, minds_padding, tokens_known, unread
from minent.text.masked.model import MaskedLM
from minent.text.masked.sites import KNOWN, Bert, at, at_head
from minent.text.masked.vocabulary import Vocabulary

TOKENS = 1 << 15  # that are read at a time, about


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
    tokens: int = 0
    """How many tokens the model knows; 0 where it cannot be asked."""
    pad: int = 0
    alike: bool = False
    """Whether texts are read beside others of their own length only, for padding would change what is said of them."""

    @torch.no_grad()
    def __call__(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """As the protocol has it, some rows at a time."""
        with nullcontext() if self.model is None else evaluating(self.model):
            if not self.alike:
                return self._some(tokens, positions)
            length = (tokens != self.pad).sum(1)
            found = [(length == n).nonzero()[:, 0] for n in length.unique().tolist()]
            parts = [self._some(tokens[rows, : int(length[rows[0]])], positions[rows]) for rows in found]
        return torch.cat(parts)[torch.cat(found).argsort()]

    def _some(self, tokens: Tensor, positions: Tensor) -> Tensor:
        rows = max(1, TOKENS // tokens.shape[1])
        try:
            found = [self.logits(*part) for part in zip(tokens.split(rows), positions.split(rows), strict=True)]
        except (IndexError, RuntimeError, ValueError) as error:
            if self.model is None or isinstance(self.model, MaskedLM) or isinstance(error, torch.OutOfMemoryError):
                raise
            raise unread(self.model, tokens.shape[1], error) from None
        return torch.cat(found) if len(found) > 1 else found[0]


def conditionals_of(model: Any, vocabulary: Vocabulary, precision: str = "fp32") -> Conditionals:
    """The cheapest way to a model's logits that gives what the model itself gives. Raises BadInput.

    minent's own             last layer (softmax attention) and head at the sites only; others: head
    any masked LM of transformers    those built as BERT is: the same; others: head; where what comes out is not what
                                     the model says of a few random texts: the model as it is, all its sites
    a function               as it is

    It is computed in `precision`, fp32 or bf16, whatever the weights were saved as; in float64 where they are so.
    """
    logits: Any = model
    if not isinstance(model, nn.Module):
        if not callable(model):
            raise BadInput(f"wanted a masked language model or a function logits(tokens, positions); got {type(model)}")
        device = getattr(model, "device", torch.device("cpu"))
        size, longest = getattr(model, "tokens", 0), getattr(model, "longest", 0)
        pad, alike = getattr(model, "pad", 0), getattr(model, "alike", False)
        return Conditionals(logits, "a function", longest, device, fresh=False, tokens=size, pad=pad, alike=alike)
    weight = next(model.parameters())
    wanted = (
        torch.bfloat16 if precision == "bf16" else torch.float64 if weight.dtype == torch.float64 else torch.float32
    )
    if weight.dtype != wanted:
        model = copy.deepcopy(model).to(wanted)
    device = weight.device
    if isinstance(model, MaskedLM):
        part = "last layer and head" if model.shape.attention == "softmax" else "head"
        longest, size = model.shape.longest, model.vocabulary
        how = f"{part} at the sampled sites only"
        return Conditionals(_own(model, vocabulary.pad), how, longest, device, model=model, tokens=size)
    config: Any = getattr(model, "config", None)
    if config is None or not hasattr(config, "model_type"):
        raise BadInput(
            f"wanted a masked language model of minent or transformers; got {type(model).__name__}: hand in a function "
            "logits(tokens, positions) instead"
        )
    return _of_transformers(model, vocabulary, CLOSE if precision == "fp32" else 0.1)


def _of_transformers(model: Any, vocabulary: Vocabulary, close: float) -> Conditionals:
    device, size, pad = next(model.parameters()).device, tokens_known(model), vocabulary.pad
    if pad >= size:
        raise BadInput(f"the model knows {size:,} tokens, and the tokenizer's padding is number {pad:,}")
    ways: list[tuple[Any, str]] = []
    if model.config.model_type in KNOWN:
        ways.append((Bert(model, pad), "last layer and head at the sampled sites only"))
    plain = plainly(model, pad)
    with evaluating(model):
        longest = longest_text(model, size, pad)
        heads = heads_of(model, size, pad)
        ways += [(at_head(model, head, pad), "head at the sampled sites only") for head in heads]
        alike = minds_padding(plain, model, size, pad, close)
        found = (way for way in ways if _agree(way[0], plain, vocabulary, size, device, close))
        logits, how = next(found, (plain, "all sites of every layer"))
    return Conditionals(logits, how, longest, device, model=model, tokens=size, pad=pad, alike=alike)


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
    except (AttributeError, IndexError, RuntimeError, TypeError):
        return False
    wanted = other(tokens, positions).float()
    if found.shape != wanted.shape:
        return False
    return bool((found - wanted).abs().max() <= close * wanted.std())
