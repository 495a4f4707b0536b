"""What a model of another library is asked before texts are drawn from it, for neither its name nor its configuration
tells: how many tokens it knows, how many it reads, and whether padding leaves the logits of a text as they are."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from minent.errors import BadInput

PROBE = 6  # tokens of the texts that are read


def tokens_known(model: Any) -> int:
    """How many tokens a model of transformers has embeddings of."""
    table = model.get_input_embeddings()
    return int(table.weight.shape[0]) if hasattr(table, "weight") else int(model.config.vocab_size)


def head_of(model: Any, size: int) -> nn.Module | None:
    """The map to the logits of all tokens; None where there is not just one."""
    head = model.get_output_embeddings()
    if head is not None:
        return head
    maps = [one for one in model.modules() if isinstance(one, nn.Linear) and one.out_features == size]
    return maps[0] if len(maps) == 1 else None


@torch.no_grad()
def longest_text(model: Any, size: int, pad: int) -> int:
    """The most tokens that a model reads, 0 for any number: of each table that is asked for consecutive rows, which are
    those of places, as many as are left from the first row on.

    A table of places may begin behind the padding's number (RoBERTa, MPNet, ESM, Longformer …), or not (BERT)."""
    tokens, room = _probe(model, size, pad), []
    steps = torch.arange(PROBE, device=tokens.device)

    def look(module: Any, come: tuple[Any, ...], named: dict[str, Any], made: Any) -> None:
        indices = [one for one in (*come, *named.values()) if isinstance(one, Tensor)]
        for index in indices:
            if not index.is_floating_point() and index.numel() == (*index.shape, 0)[-2]:
                row = index.reshape(-1)[:PROBE]  # longer where a model pads to its window
                if len(row) == PROBE and torch.equal(row - row[0], steps):
                    room.append(module.weight.shape[0] - int(row[0]))
        if not indices and isinstance(made, Tensor) and torch.equal(made.squeeze(0), module.weight[:PROBE]):
            room.append(module.weight.shape[0])  # RoFormer's is asked by a shape

    tables = [one for one in model.modules() if getattr(getattr(one, "weight", None), "ndim", 0) == 2]
    handles = [one.register_forward_hook(look, with_kwargs=True) for one in tables]
    try:
        model(input_ids=tokens, attention_mask=torch.ones_like(tokens))
    except (IndexError, RuntimeError, TypeError, ValueError) as error:
        why = " ".join(str(error).split())[:120]
        raise BadInput(f"{type(model).__name__} does not read a text of {PROBE} tokens: {why}") from None
    finally:
        for handle in handles:
            handle.remove()
    return min(room, default=0)


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
