"""What a model of another library is asked before texts are drawn from it, for neither its name nor its configuration
tells: how many tokens it knows, how many it reads, and whether padding leaves the logits of a text as they are."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from minent.errors import BadInput

PROBE = 6  # tokens of the texts that are read
CLOSE = 1e-3  # how far apart two ways to the same logits may be, of their spread


def tokens_known(model: Any) -> int:
    """How many tokens a model of transformers has embeddings of."""
    table = model.get_input_embeddings()
    return int(table.weight.shape[0]) if hasattr(table, "weight") else int(model.config.vocab_size)


@torch.no_grad()
def heads_of(model: Any, size: int, pad: int) -> list[nn.Module]:
    """The modules that make logits of all tokens of what comes to them, the outermost first."""
    tokens, found = _probe(model, size, pad), []

    def look(module: Any, _: Any, made: Any) -> None:
        if isinstance(made, Tensor) and made.ndim == 3 and made.shape[2] == size and module is not model:
            found.append(module)

    handles = [one.register_forward_hook(look) for one in model.modules()]
    try:
        model(input_ids=tokens, attention_mask=torch.ones_like(tokens))
    finally:
        for handle in handles:
            handle.remove()
    return found[::-1]  # what a module calls is done before it


class _Places(TorchDispatchMode):
    """Sees which rows of which tables are read."""

    def __init__(self) -> None:
        super().__init__()
        self.room: list[int] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.embedding.default:
            row = args[1].reshape(-1)[:PROBE]  # longer where a model pads to its window
            if args[1].numel() == args[1].shape[-1] and torch.equal(row - row[0], torch.arange(PROBE).to(row)):
                self.room.append(args[0].shape[0] - int(row[0]))
        return func(*args, **(kwargs or {}))


@torch.no_grad()
def longest_text(model: Any, size: int, pad: int) -> int:
    """The most tokens that a model reads, 0 for any number: of each table that is asked for consecutive rows, which are
    those of places, as many as are left from the first row on.

    A table of places may begin behind the padding's number (RoBERTa, MPNet, ESM, Longformer …), at 2 (BART), or not
    (BERT)."""
    tokens, places = _probe(model, size, pad), _Places()
    try:
        with places:
            model(input_ids=tokens, attention_mask=torch.ones_like(tokens))
    except (IndexError, RuntimeError, TypeError, ValueError) as error:
        raise unread(model, PROBE, error) from None
    return min(places.room, default=0)


def unread(model: Any, length: int, error: Exception) -> BadInput:
    """What is said of a model that fails on a text of so many tokens."""
    return BadInput(
        f"{type(model).__name__} does not read a text of {length:,} tokens: {' '.join(str(error).split())[:120]}"
    )


@torch.no_grad()
def minds_padding(logits: Callable[[Tensor, Tensor], Tensor], model: Any, size: int, pad: int, close: float) -> bool:
    """Whether a text's logits are others beside a longer one, as in FNet, which has no attention to mask."""
    tokens = _probe(model, size, pad)
    sites = torch.tensor([[1, 3]], device=tokens.device)
    alone = logits(tokens, sites).float()
    beside = logits(nn.functional.pad(tokens, (0, 3), value=pad), sites).float()
    return bool((alone - beside).abs().max() > close * alone.std())


def _probe(model: Any, size: int, pad: int) -> Tensor:
    """A text without padding whose numbers do not follow one another."""
    low, high = [i for i in range(min(size, 9)) if i != pad][:1] * 2, [i for i in range(size) if i != pad][-1]
    tokens = torch.tensor([[low[0], high] * (PROBE // 2)])
    return tokens.to(next(model.parameters()).device)
