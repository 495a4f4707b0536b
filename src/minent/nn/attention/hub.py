"""minent's attentions within Hugging Face's models, which ask for their attention by name: weights stay where they are.

Importing this registers the name "minent" with transformers' AttentionInterface and AttentionMaskInterface. Which
attention it is stands in `config.minent_attention`, and so in config.json; a model that is loaded where minent was not
imported is refused by transformers.
"""

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedConfig
from transformers.masking_utils import causal_mask_function, sdpa_mask
from transformers.utils.output_capturing import _active_collector

from minent.errors import BadInput
from minent.nn.attention.heads import plainly
from minent.nn.attention.nystrom import nystrom_attention
from minent.nn.attention.relative import NAME, ByDistance
from minent.nn.attention.rows import Watch, row_of
from minent.nn.attention.softmax import softmax_attention
from minent.nn.attention.window import WINDOW, window_attention
from minent.nn.attention.window_scores import dense, low

LOW = -5000  # and less is added to scores of what is not to be seen: -10000 by some models
UNKNOWN = "softcap", "s_aux", "sinks", "block_indices"  # what a model may ask for, and is not done here


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
    """Which keys are real, (batch, keys), or, where none may see a later one, (batch, 1, keys) up to the last query: no
    mask grows with the square of the length. Where a compiler cannot tell the last query, (batch, 2, keys) tells both
    which are real and which come up to it. Others (packed texts) are whole (batch, 1, queries, keys)."""
    if attention_mask is not None and attention_mask.dim() == 3:  # made here before, by `generate`
        return attention_mask
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


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **more: Any,
) -> tuple[Tensor, Tensor | None]:
    """What a layer of a model asks for; (batch, queries, heads, dim), and the weights of all queries where the model
    is called with `output_attentions`. Raises BadInput for what is not done here."""
    added = more.get("position_bias")
    unknown = (*UNKNOWN, *(["position_bias"] if not isinstance(added, ByDistance) else []))
    if asked := [name for name in unknown if more.get(name) is not None]:
        raise BadInput(f"{type(module).__name__} adds {asked[0]} to scores, which minent's attentions do not")
    if attention_mask is not None and not isinstance(attention_mask, Tensor):
        raise BadInput(f"an attention mask is a tensor of truths or numbers; got {type(attention_mask).__name__}")
    if (groups := query.shape[1] // key.shape[1]) > 1:  # several heads of queries share one of keys
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    mask, causal = _padding(module, attention_mask)
    if mask is not None and key.shape[2] > mask.shape[-1]:
        key, value = key[:, :, : mask.shape[-1]], value[:, :, : mask.shape[-1]]
    if attention_mask is not None and attention_mask.dim() == 3 and attention_mask.shape[1] == 2:
        key, value, mask = _last_to_the_end(key, value, attention_mask)
    by_distance = None if added is None else added(key.shape[2]).to(query.dtype)
    told = mask, causal, scaling, more.get("sliding_window"), by_distance

    def answers(value: Tensor, dropout: float = 0.0) -> Tensor:
        return _answers(module, query, key, value, dropout, *told)

    if Watch.token is not None:
        Watch.rows.append(row_of(answers, value, Watch.token))
    weights = None
    if more.get("output_attentions") or any("attentions" in name for name in _collected()):
        each = torch.eye(key.shape[2], dtype=value.dtype, device=value.device)  # answered with all weights themselves
        weights = answers(each.expand(*key.shape[:2], -1, -1))
    return answers(value, dropout).transpose(1, 2).contiguous(), weights


def _padding(module: Any, mask: Tensor | None) -> tuple[Tensor | None, bool]:
    """Which keys are real, (batch, keys), or a mask for each query, (batch, _, queries, keys), and whether none may see
    a later one. The same mask for each query, as older models make it, says which keys are real."""
    if mask is None or mask.dim() == 2:
        return mask, mask is None and _is_causal(module)
    if mask.dim() == 3:
        return mask[:, 0], True
    if mask.shape[1] == mask.shape[2] == 1 and mask.shape[3] > 1 and not plainly():
        low = mask if mask.dtype == torch.bool else mask > LOW
        if mask.dtype == torch.bool or bool(((mask == 0) | ~low).all()):
            return low[:, 0, 0], False
    return mask, False


def _last_to_the_end(key: Tensor, value: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Keys, values and which are real, moved so that queries are the last: a static cache has room behind them."""
    keys = key.shape[2]
    old = torch.arange(keys, device=key.device) + mask[0, 1].sum() - keys
    place = old.clamp(min=0)
    return key.index_select(2, place), value.index_select(2, place), mask[:, 0].index_select(1, place) & (old >= 0)


def _answers(
    module: Any, query: Tensor, key: Tensor, value: Tensor, dropout: float, mask: Tensor | None, causal: bool,
    scale: float | None, sliding: int | None, by_distance: Tensor | None,
) -> Tensor:  # fmt: skip
    asked = {"attention": "window+landmarks", **(getattr(module.config, "minent_attention", None) or {})}
    n, keys = query.shape[2], key.shape[2]
    real = None if mask is None or mask.dim() == 4 else mask.bool().expand(len(query), -1)
    windows = partial(
        window_attention, query, key, value, padding_mask=real, causal=causal, dropout=dropout, scale=scale,
        by_distance=by_distance,
    )  # fmt: skip
    if mask is not None and mask.dim() == 4:  # a mask by query: exact, whatever it hides
        if by_distance is not None:
            mask = dense(by_distance, n, keys) + (low(mask, query.dtype) if mask.dtype == torch.bool else mask)
        return softmax_attention(query, key, value, mask, dropout=dropout, scale=scale)
    if sliding is not None:
        return windows(sliding, landmarks=False, reach=sliding - 1)
    if asked["attention"] == "softmax" or (n != keys and not causal):  # of another sequence
        if causal or by_distance is not None:
            return windows(max(keys, 1), landmarks=False)
        seen = None if real is None else real[:, None, None]
        return softmax_attention(query, key, value, seen, dropout=dropout, scale=scale)
    if asked["attention"] == "nystrom":
        if causal:
            raise BadInput(
                'Nyström attention sees whole texts, this model only what came before; use "window+landmarks"'
            )
        if by_distance is not None:
            raise BadInput(
                "Nyström attention compares means of many tokens, which are at no distance that this model's scores "
                'could be told; use "window+landmarks"'
            )
        return nystrom_attention(
            query, key, value, asked.get("landmarks", 64), padding_mask=real, dropout=dropout, scale=scale
        )
    return windows(asked.get("window", WINDOW), landmarks=asked["attention"] == "window+landmarks")


def _collected() -> dict[str, Any]:
    """What transformers collects from layers while the model runs; a compiler cannot ask where none is set."""
    if torch.compiler.is_compiling() and not _active_collector.compiling:
        return {}
    return _active_collector.get() or {}


def _is_causal(module: Any) -> bool:
    """Without a mask a model says itself whether a token may see later ones."""
    return getattr(module, "is_causal", False) and getattr(module.config, "is_causal", True) is not False


def _keep_name_in_config() -> None:
    """transformers reads `attn_implementation` from config.json but does not write it."""
    told = PreTrainedConfig.to_dict

    def to_dict(self: Any) -> dict[str, Any]:
        """As transformers', with the name of minent's attention where it is used."""
        found = told(self)
        return {**found, "attn_implementation": NAME} if self._attn_implementation == NAME else found

    PreTrainedConfig.to_dict = to_dict


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, seen)
_keep_name_in_config()
