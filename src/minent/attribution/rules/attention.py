"""Attention, softmax(QKᵀ/√d) V, is two products with a softmax between: secants of all three are known."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from minent.attribution.rules.secant import plain, rule, secant, secants
from minent.attribution.rules.tape import Tape
from minent.errors import BadInput


@rule("scaled_dot_product_attention")
def scaled_dot_product_attention(
    tape: Tape, func: Any, query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> Any:  # fmt: skip
    if dropout_p and tape.paired:
        raise BadInput("attention is explained without dropout: call model.eval()")
    moves = attn_mask is not None and any(one.moving for one in secants(attn_mask))
    if not tape.paired and not (moves and not dropout_p):
        learned = [one.source.parameter for one in secants((query, key, value, attn_mask)) if one.moving and one.source]
        tape.loose.update(learned)
        parts = plain((query, key, value, attn_mask))
        out = func(*parts, dropout_p=dropout_p, is_causal=is_causal, scale=scale, enable_gqa=enable_gqa)
        return secant(tape, out, batched=True)
    if enable_gqa:  # some heads of queries share one of keys
        key, value = (one.repeat_interleave(query.shape[-3] // one.shape[-3], -3) for one in (key, value))
    scores = query @ key.transpose(-2, -1) * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    if is_causal:
        attn_mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=query.device).tril()
    if attn_mask is not None:
        scores = scores + additive(attn_mask, query.dtype)
    return scores.softmax(-1) @ value


def additive(mask: Tensor, dtype: torch.dtype) -> Tensor:
    """A mask to be added: −∞ where a boolean one is False. A learned one moves."""
    if mask.dtype != torch.bool and any(one.moving for one in secants(mask)):
        return mask
    mask = plain(mask)
    if mask.dtype != torch.bool:
        return mask.to(dtype)
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill(~mask, -math.inf)


@rule("multi_head_attention_forward")
def multi_head_attention_forward(
    tape: Tape, func: Any, query: Any, key: Any, value: Any, embed_dim_to_check: int, num_heads: int,
    in_proj_weight: Any, in_proj_bias: Any, bias_k: Any, bias_v: Any, add_zero_attn: bool, dropout_p: float,
    out_proj_weight: Any, out_proj_bias: Any, training: bool = True, key_padding_mask: Any = None,
    need_weights: bool = True, attn_mask: Any = None, use_separate_proj_weight: bool = False, q_proj_weight: Any = None,
    k_proj_weight: Any = None, v_proj_weight: Any = None, static_k: Any = None, static_v: Any = None,
    average_attn_weights: bool = True, is_causal: bool = False,
) -> Any:  # fmt: skip
    """That of `nn.MultiheadAttention`, whose tensors are (position, example, dim); attention weights are not given."""
    if bias_k is not None or add_zero_attn or static_k is not None or query.dim() != 3:
        raise BadInput("nn.MultiheadAttention is explained in batches, without added keys")
    query, key, value = (one.transpose(0, 1) for one in (query, key, value))
    own = q_proj_weight, k_proj_weight, v_proj_weight
    matrices = own if use_separate_proj_weight else in_proj_weight.chunk(3)
    shifts = (None, None, None) if in_proj_bias is None else in_proj_bias.chunk(3)
    heads = [
        F.linear(one, matrix, shift).unflatten(2, (num_heads, -1)).transpose(1, 2)
        for one, matrix, shift in zip((query, key, value), matrices, shifts, strict=True)
    ]
    mask = None
    if attn_mask is not None:
        mask = additive(_seen(attn_mask), heads[0].dtype)
        mask = mask.unflatten(0, (-1, num_heads)) if mask.dim() == 3 else mask
    if key_padding_mask is not None:
        padding = additive(_seen(key_padding_mask), heads[0].dtype)[:, None, None]
        mask = padding if mask is None else mask + padding
    out = F.scaled_dot_product_attention(*heads, attn_mask=mask, dropout_p=dropout_p if training else 0.0)
    out = out.transpose(1, 2).flatten(2)
    out = F.linear(out, out_proj_weight, out_proj_bias).transpose(0, 1)
    return (out.contiguous() if tape.drawn else out), None


def _seen(mask: Any) -> Any:
    """Its boolean masks are True for what is not seen."""
    return ~plain(mask) if mask.dtype == torch.bool else mask
