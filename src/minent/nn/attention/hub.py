"""minent's attentions within Hugging Face's models, which ask for their attention by name: weights stay where they are.

Importing this registers the name "minent" with transformers' AttentionInterface and AttentionMaskInterface. Which
attention it is stands in `config.minent_attention`, and so in config.json; a model that is loaded where minent was not
imported is refused by transformers.
"""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedConfig
from transformers.utils.output_capturing import _active_collector

from minent.errors import BadInput
from minent.nn.attention.hub_masks import last_to_the_end, read_mask, seen
from minent.nn.attention.nystrom import nystrom_attention
from minent.nn.attention.relative import NAME, ByDistance
from minent.nn.attention.rows import Watch, row_of
from minent.nn.attention.softmax import softmax_attention
from minent.nn.attention.window import WINDOW, window_attention
from minent.nn.attention.window_scores import dense, low

UNKNOWN = "softcap", "s_aux", "sinks", "block_indices"  # what a model may ask for, and is not done here


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
    added, exactly = more.get("position_bias"), _writes(module)
    unknown = (*UNKNOWN, *([] if exactly or isinstance(added, ByDistance) else ["position_bias"]))
    if asked := [name for name in unknown if more.get(name) is not None]:
        raise BadInput(f"{type(module).__name__} adds {asked[0]} to scores, which minent's attentions do not")
    if attention_mask is not None and not isinstance(attention_mask, Tensor):
        raise BadInput(f"an attention mask is a tensor of truths or numbers; got {type(attention_mask).__name__}")
    if (groups := query.shape[1] // key.shape[1]) > 1:  # several heads of queries share one of keys
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    mask, causal = read_mask(module, attention_mask)
    if mask is not None and key.shape[2] > mask.shape[-1]:
        key, value = key[:, :, : mask.shape[-1]], value[:, :, : mask.shape[-1]]
    if attention_mask is not None and attention_mask.dim() == 3 and attention_mask.shape[1] == 2:
        key, value, mask = last_to_the_end(key, value, attention_mask)
    by_distance = None
    if isinstance(added, ByDistance):
        by_distance = added(key.shape[2]).to(query.dtype)
    elif added is not None:
        mask = added if mask is None else added + low(mask.bool()[:, None, None], query.dtype)
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


def _answers(
    module: Any, query: Tensor, key: Tensor, value: Tensor, dropout: float, mask: Tensor | None, causal: bool,
    scale: float | None, sliding: int | None, by_distance: Tensor | None,
) -> Tensor:  # fmt: skip
    told = {"attention": "softmax"} if _writes(module) else getattr(module.config, "minent_attention", None)
    asked: dict[str, Any] = {"attention": "window+landmarks", **(told or {})}
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
        each = None if real is None else real[:, None, None]
        return softmax_attention(query, key, value, each, dropout=dropout, scale=scale)
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


def _writes(module: Any) -> bool:
    """Whether it is of the decoder of a model that reads and writes: what is read is long, and the decoder exact."""
    return getattr(module, "is_decoder", False) and getattr(module.config, "is_encoder_decoder", False)


def _collected() -> dict[str, Any]:
    """What transformers collects from layers while the model runs; a compiler cannot ask where none is set."""
    if torch.compiler.is_compiling() and not _active_collector.compiling:
        return {}
    return _active_collector.get() or {}


def _keep_name_in_config() -> None:
    """transformers reads `attn_implementation` from config.json but does not write it."""
    told = PreTrainedConfig.to_dict

    def to_dict(self: Any) -> dict[str, Any]:
        """As transformers', with the name of minent's attention where it is used."""
        found, named = told(self), _named(self)
        return {**found, "attn_implementation": named} if named else found

    PreTrainedConfig.to_dict = to_dict


def _named(config: Any) -> str | dict[str, Any] | None:
    """What config.json is to say of attention: minent's name, or which parts of a model of several ask for it."""
    parts = {key: part for key in config.sub_configs if (part := getattr(config, key, None)) is not None}
    names = {"": config._attn_implementation, **{key: _named(part) for key, part in parts.items()}}
    minents = {key: name for key, name in names.items() if name == NAME or isinstance(name, dict)}
    return NAME if all(name == NAME for name in names.values()) else minents or None


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, seen)
_keep_name_in_config()
