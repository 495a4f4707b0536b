"""A masked language model is read for a few sites: all layers but the last transform all tokens; the last asks, and the
head answers, at those sites only.

    h = layers₁…ₗ₋₁(tokens),  xᵢ = hᵢ + W₀ softmax(qᵢKᵀ/√d) V,  logitsᵢ = head(xᵢ + W₂ act(W₁ xᵢ))
with norms before the maps (minent's) or after the sums (BERT's: Devlin et al. 2019, arXiv:1810.04805). Keys and values
of the last layer are of all tokens; of its other maps, and of the head's, only a site's share of 1/n is left.
"""

from collections.abc import Callable
from typing import Any

import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from minent.nn.attention import Softmax
from minent.nn.attention.heads import joined, split
from minent.nn.positions import rotated

KNOWN = ("bert", "roberta", "xlm-roberta", "camembert")  # whose layers are those of BERT


def at(x: Float[Tensor, "rows n dim"], positions: Int[Tensor, "rows k"]) -> Float[Tensor, "rows k dim"]:
    """What stands at the positions of each row."""
    return x.gather(1, positions[:, :, None].expand(-1, -1, x.shape[2]))


def layer_at(layer: Any, x: Tensor, padding_mask: Tensor | None, positions: Tensor) -> Tensor:
    """What a layer of minent makes of some sites. Softmax attention asks for these only; others need all to ask."""
    sites, attention, normed = at(x, positions), layer.attention, layer.norms[0](x)
    if isinstance(attention, Softmax):
        query, key, value = (
            split(part, attention.heads)
            for part in (attention.query(at(normed, positions)), attention.key(normed), attention.value(normed))
        )
        if attention.rotary:
            turned = joined(rotated(split(attention.query(normed), attention.heads)))
            query, key = split(at(turned, positions), attention.heads), rotated(key)
        found = attention.out(joined(attention.attend(query, key, value, padding_mask, False)))
    else:
        found = at(attention(normed, None, padding_mask, False, None), positions)
    sites = sites + layer.dropout(found)
    return sites + layer.dropout(layer.feed(layer.norms[1](sites)))


def at_head(model: Any, head: Any, pad: int) -> Callable[[Tensor, Tensor], Tensor]:
    """`logits(tokens, positions)` of any model of transformers: its layers are run as they are, and of what comes to
    the `head`, the map to all tokens, only the sites go on."""

    def logits(tokens: Tensor, positions: Tensor) -> Tensor:
        handle = head.register_forward_pre_hook(lambda _, come: (at(come[0], positions), *come[1:]))
        try:
            return model(input_ids=tokens, attention_mask=(tokens != pad).long()).logits
        finally:
            handle.remove()

    return logits


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
            x = bert_layer(layer, x, x, mask)
        return self.head(bert_layer(self.layers[-1], at(x, positions), x, mask))


def bert_layer(layer: Any, sites: Tensor, x: Tensor, mask: Tensor | None) -> Tensor:
    """What a layer of BERT makes of `sites`, which attend to `x`."""
    attention, heads = layer.attention.self, layer.attention.self.num_attention_heads
    query, key, value = (split(part, heads) for part in (attention.query(sites), attention.key(x), attention.value(x)))
    found = F.scaled_dot_product_attention(query, key, value, mask, scale=attention.scaling)
    sites = layer.attention.output(joined(found), sites)
    return layer.output(layer.intermediate(sites), sites)
