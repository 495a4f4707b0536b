"""Masks of Hugging Face's models: made so that they grow with the length, not its square, and read again.

(batch, keys): which keys are real. (batch, 1, keys): the same, and none may see a later one. (batch, 2, keys): the
same where a compiler cannot tell which key is the last query's: the second row tells which come up to it.
(batch, _, queries, keys): one for each query (packed texts).
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers.masking_utils import causal_mask_function, sdpa_mask

from minent.errors import BadInput
from minent.nn.attention.heads import plainly

LOW = -5000  # and less is added to scores of what is not to be seen: -10000 by some models


def seen(
    batch_size: int,
    q_length: int,
    kv_length: int,
    q_offset: Any = 0,
    kv_offset: int = 0,
    mask_function: Any = causal_mask_function,
    attention_mask: Tensor | None = None,
    **more: Any,
) -> Tensor | None:
    """The mask that a model asks transformers for; None: all keys are real. Keys end with the last query's where that
    is known. Raises BadInput for a mask that is neither of a text nor of each query."""
    if attention_mask is not None and attention_mask.dim() == 3:
        if attention_mask.shape[1] == 1:  # made here before, by `generate`
            return attention_mask
        came = tuple(attention_mask.shape)
        raise BadInput(f"a mask is (batch, tokens), or, for each query, (batch, 1, queries, keys); got {came}")
    both_ways = "allow_is_bidirectional_skip" in more and not more.get("use_vmap", False)
    open_ended = not both_ways and torch.compiler.is_compiling() and not isinstance(q_offset, int)
    if not both_ways and not kv_offset and not open_ended:
        kv_length = min(kv_length, int(q_offset) + q_length)  # a static cache has room behind
        attention_mask = None if attention_mask is None else attention_mask[:, :kv_length]
    elif open_ended and attention_mask is not None and attention_mask.shape[1] < kv_length:
        attention_mask = F.pad(attention_mask, (0, kv_length - attention_mask.shape[1]))
    fits = attention_mask is None or attention_mask.shape[1] == kv_length
    if not fits or kv_offset or not (both_ways or mask_function is causal_mask_function):
        return sdpa_mask(
            batch_size=batch_size, q_length=q_length, kv_length=kv_length, q_offset=q_offset, kv_offset=kv_offset,
            mask_function=mask_function, attention_mask=attention_mask,
            **{**more, "allow_is_causal_skip": False, "allow_is_bidirectional_skip": False},
        )  # fmt: skip
    if both_ways:
        return None if attention_mask is None or (not plainly() and bool(attention_mask.all())) else attention_mask
    if attention_mask is None:
        attention_mask = torch.ones(batch_size, kv_length, dtype=torch.bool, device=more.get("device"))
    if open_ended:
        come = torch.arange(kv_length, device=attention_mask.device) < q_offset + q_length
        return torch.stack([attention_mask.bool() & come, come.expand(batch_size, -1)], 1)
    return attention_mask[:, None]


def read_mask(module: Any, mask: Tensor | None) -> tuple[Tensor | None, bool]:
    """Which keys are real, (batch, keys), or a mask for each query, (batch, _, queries, keys), and whether none may see
    a later one. The same mask for each query, as older models make it, says which keys are real."""
    if mask is None or mask.dim() == 2:
        return mask, mask is None and _is_causal(module)
    if mask.dim() == 3:
        return mask[:, 0], True
    if mask.shape[1] == mask.shape[2] == 1 and mask.shape[3] > 1:
        real = mask if mask.dtype == torch.bool else mask > LOW
        if mask.dtype == torch.bool or _hides_or_not(mask, real):
            return real[:, 0, 0], False
    return mask, False


def _hides_or_not(mask: Tensor, real: Tensor) -> bool:
    """Whether what is added to scores is nothing, or hides. A compiler cannot ask, and then it must be so."""
    good = ((mask == 0) | ~real).all()
    if torch.compiler.is_compiling() and not torch.compiler.is_exporting():
        said = "compiled, a mask (batch, 1, 1, keys) adds nothing to scores, or hides keys"
        torch._assert_async(good, said)  # pyright: ignore[reportPrivateImportUsage]
    return plainly() or bool(good)


def last_to_the_end(key: Tensor, value: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Keys, values and which are real, moved so that queries are the last: a static cache has room behind them."""
    keys = key.shape[2]
    old = torch.arange(keys, device=key.device) + mask[0, 1].sum() - keys
    place = old.clamp(min=0)
    return key.index_select(2, place), value.index_select(2, place), mask[:, 0].index_select(1, place) & (old >= 0)


def _is_causal(module: Any) -> bool:
    """Without a mask a model says itself whether a token may see later ones."""
    return getattr(module, "is_causal", False) and getattr(module.config, "is_causal", True) is not False
