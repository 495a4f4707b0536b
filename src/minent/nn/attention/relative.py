"""Models of Hugging Face that add a learned number by distance to scores (T5, MT5, UMT5, MPNet) hand minent's
attentions 2n − 1 numbers a head instead of n².

Their modules are told so when transformers imports them, and do as before wherever another attention is set. MPNet does
not ask for an attention by name: its layers are made to.
"""

from typing import Any

import torch
from torch import Tensor

NAME = "minent"


class ByDistance:
    """Stands for the matrix of what is added to scores, in the model whose `config` this is."""

    def __init__(self, model: Any, added: Any):
        self.model, self.added = model, added

    def __call__(self, keys: int) -> Tensor:
        """(head, 2 keys − 1): for keys so many places behind the query, from −(keys − 1) to keys − 1."""
        return self.added(keys)


def t5(module: Any) -> None:
    """Tell the module of T5, or of one made from it."""
    (kind,) = {one for one in vars(module).values() if hasattr(one, "compute_bias")}
    whole = kind.compute_bias

    def compute_bias(self: Any, query_length: int, key_length: int, device: Any = None, **more: Any) -> Any:
        if self.config._attn_implementation != NAME:
            return whole(self, query_length, key_length, device, **more)
        # the numbers of one query, with keys - 1 tokens before it and as many behind
        return ByDistance(self, lambda keys: whole(self, 1, 2 * keys - 1, device, past_seen_tokens=keys - 1)[0, :, 0])

    kind.compute_bias = compute_bias


def mpnet(module: Any) -> None:
    """Tell the module of MPNet."""
    from minent.nn.attention.hub import attend

    whole, itself = module.MPNetEncoder.compute_position_bias, module.MPNetSelfAttention.forward

    def compute_position_bias(self: Any, x: Tensor, position_ids: Any = None, num_buckets: int = 32) -> Any:
        if self.config._attn_implementation != NAME:
            return whole(self, x, position_ids, num_buckets)

        def added(keys: int) -> Tensor:
            distance = torch.arange(1 - keys, keys, device=x.device)
            return self.relative_attention_bias(self.relative_position_bucket(distance, num_buckets)).mT

        return ByDistance(self, added)

    def forward(
        self: Any, hidden_states: Tensor, attention_mask: Any = None, position_bias: Any = None,
        output_attentions: bool = False, **more: Any,
    ) -> Any:  # fmt: skip
        if not isinstance(position_bias, ByDistance):
            return itself(self, hidden_states, attention_mask, position_bias, output_attentions, **more)
        query, key, value = (
            part(hidden_states).unflatten(2, (self.num_attention_heads, -1)).transpose(1, 2)
            for part in (self.q, self.k, self.v)
        )
        out, weights = attend(
            position_bias.model, query, key, value, attention_mask, position_bias=position_bias,
            dropout=self.dropout.p if self.training else 0.0, output_attentions=output_attentions,
        )  # fmt: skip
        return (self.o(out.flatten(2)), weights) if output_attentions else (self.o(out.flatten(2)),)

    module.MPNetEncoder.compute_position_bias, module.MPNetSelfAttention.forward = compute_position_bias, forward
    module.MPNetPreTrainedModel.asks_minent = True
