"""An encoder keeps what it has learned when its attention is exchanged for another of the same kind of weights."""

from typing import Any

import torch
from torch import Tensor, nn

from minent.errors import BadInput
from minent.nn.attention.named import ATTENTIONS, attention

OURS = "query", "key", "value", "out"
LIKE_BERT = "query", "key", "value", None  # the output projection stands outside the exchanged module
FAMILY = (
    "Bert", "Roberta", "XLMRoberta", "XLMRobertaXL", "RobertaPreLayerNorm", "Camembert", "Electra", "Ernie", "RoCBert",
    "Data2VecText", "Nystromformer",
)  # fmt: skip
KNOWN: dict[str, tuple[str | None, ...]] = {
    **{f"{name}SelfAttention": LIKE_BERT for name in FAMILY},
    "DistilBertSelfAttention": ("q_lin", "k_lin", "v_lin", "out_lin"),
}


def swap(model: nn.Module, name: str, **options: Any) -> nn.Module:
    """Exchange every self-attention of an encoder for the one called `name`, in place; returns the model.

    Works on minent's encoders and on Hugging Face's BERT-like ones (KNOWN). Projections are kept where the new
    attention has them too. Nyström starts with a convolution of zeros, which can learn (a Nyströmformer's own is kept):
    with `landmarks` ≥ length the outputs are the old ones. `options` are the attention's own; a synthesizer's `longest`
    is the model's longest input where that is known.

    Raises BadInput for a model without attention known here, for a decoder, and as `attention` does.

    >>> from minent.nn.transformer import Encoder, Shape
    >>> encoder = swap(Encoder(Shape(dim=8, heads=2, layers=1, hidden=16)), "nystrom", landmarks=16)
    >>> type(encoder.layers[0].attention).__name__
    'Nystrom'
    """
    ours = tuple(ATTENTIONS.values())
    found = [
        (parent, key, module)
        for parent in model.modules()
        for key, module in parent.named_children()
        if type(module).__name__ in KNOWN or (isinstance(module, ours) and not hasattr(parent, "across"))
    ]
    config = getattr(model, "config", None)
    if not found or getattr(config, "is_decoder", False):
        came = f"{type(model).__name__}, {'a decoder' if found else 'which has none'}"
        raise BadInput(f"swap knows encoders with minent's attentions or {', '.join(KNOWN)}; got {came}")
    longest = getattr(config, "max_position_embeddings", None)
    if name == "synthesizer" and longest:
        options.setdefault("longest", longest)
    for parent, key, old in found:
        names = OURS if isinstance(old, ours) else KNOWN[type(old).__name__]
        linears: list[Any] = [None if part is None else getattr(old, part, None) for part in names]
        value = linears[2]
        heads = next(getattr(old, part) for part in ("heads", "num_attention_heads", "n_heads") if hasattr(old, part))
        new = attention(name, value.in_features, heads, **options)
        for part, linear in zip(OURS, linears, strict=True):
            if linear is not None and getattr(new, part, None) is not None:
                setattr(new, part, linear)
        if getattr(new, "filter", None) is not None:
            _start_filter(new, old)
        new.train(old.training).to(value.weight)
        setattr(parent, key, new if isinstance(old, ours) else _LikeBert(new, outside=linears[3] is None))
    return model


def _start_filter(new: Any, old: Any) -> None:
    """The convolution of a Nyströmformer goes on; elsewhere it starts at zero."""
    given = old.filter if hasattr(old, "filter") else getattr(getattr(old, "conv", None), "weight", None)
    with torch.no_grad():
        if given is not None and given.numel() == new.filter.numel():
            new.filter.copy_(given.view_as(new.filter))
        else:
            new.filter.zero_()


class _LikeBert(nn.Module):
    """An attention that is called as Hugging Face's encoders call theirs."""

    def __init__(self, attention: nn.Module, outside: bool):
        super().__init__()
        self.attention = attention
        if outside:
            self.attention.out = nn.Identity()

    def forward(
        self, hidden_states: Tensor, attention_mask: Tensor | None = None, *_: Any, **__: Any
    ) -> tuple[Any, Any]:
        return self.attention(hidden_states, padding_mask=_real(attention_mask, len(hidden_states))), None


def _real(mask: Tensor | None, batch: int) -> Tensor | None:
    """(batch, n), True for real tokens, from (batch, n) or (batch, 1, queries, n), of truths or numbers to add."""
    if mask is None:
        return None
    if mask.dim() == 4:
        mask = mask[:, 0, 0]
        mask = mask if mask.dtype == torch.bool else mask > torch.finfo(mask.dtype).min / 4
    return mask.bool().expand(batch, -1)
