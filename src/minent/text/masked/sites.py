"""A BERT read for the sake of a few sites: all layers but the last transform all tokens; the last asks, and the head
answers, at those sites only.

    h = layers₁…ₗ₋₁(tokens),  xᵢ = LN(hᵢ + W₀ softmax(qᵢKᵀ/√d) V),  logitsᵢ = head(LN(xᵢ + W₂ act(W₁ xᵢ)))
(Devlin et al. 2019, arXiv:1810.04805). Keys and values of the last layer are of all tokens; of its other six maps, and
of the head's, only a site's share of 1/n is left.
"""

from typing import Any

import torch.nn.functional as F
from torch import Tensor

KNOWN = ("bert", "roberta", "xlm-roberta", "camembert")  # whose layers are those of BERT


class Bert:
    """`logits(tokens, positions)` of a masked language model of transformers that is built as BERT is."""

    def __init__(self, model: Any, pad: int):
        base = model.base_model
        self.embeddings, self.layers, self.pad = base.embeddings, list(base.encoder.layer), pad
        self.head = model.cls if hasattr(model, "cls") else model.lm_head

    def __call__(self, tokens: Tensor, positions: Tensor) -> Tensor:
        real = tokens != self.pad
        mask = None if bool(real.all()) else real[:, None, None, :]
        x = self.embeddings(input_ids=tokens)
        for layer in self.layers[:-1]:
            x = layer_at(layer, x, x, mask)
        sites = x.gather(1, positions[:, :, None].expand(-1, -1, x.shape[2]))
        return self.head(layer_at(self.layers[-1], sites, x, mask))


def layer_at(layer: Any, sites: Tensor, x: Tensor, mask: Tensor | None) -> Tensor:
    """What one layer makes of `sites`, which attend to `x`."""
    attention, heads = layer.attention.self, layer.attention.self.num_attention_heads
    query, key, value = (
        part.unflatten(2, (heads, -1)).transpose(1, 2)
        for part in (attention.query(sites), attention.key(x), attention.value(x))
    )
    found = F.scaled_dot_product_attention(query, key, value, mask, scale=attention.scaling)
    sites = layer.attention.output(found.transpose(1, 2).flatten(2), sites)
    return layer.output(layer.intermediate(sites), sites)
