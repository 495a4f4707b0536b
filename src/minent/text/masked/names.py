"""A masked language model by the names that transformers has for its weights: those of RoBERTa-PreLayerNorm.

Embeddings are multiplied by √dim there once and for all, and the map back to tokens, which is not, has a copy of its
own; sinusoidal positions are written down as if they had been learned.
"""

from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from minent.nn.positions import waves
from minent.nn.shape import Shape
from minent.training.weights import weights

BASE = "roberta_prelayernorm."
NAMES = {
    "norm": f"{BASE}embeddings.LayerNorm", "encoder.norm": f"{BASE}LayerNorm", "dense": "lm_head.dense",
    "last": "lm_head.layer_norm",
}  # fmt: skip
LAYER = {
    "norms.0": "attention.LayerNorm", "norms.1": "intermediate.LayerNorm", "attention.query": "attention.self.query",
    "attention.key": "attention.self.key", "attention.value": "attention.self.value",
    "attention.out": "attention.output.dense", "feed.into": "intermediate.dense", "feed.out": "output.dense",
}  # fmt: skip
WORDS, PLACES = f"{BASE}embeddings.word_embeddings.weight", f"{BASE}embeddings.position_embeddings.weight"
OUT, BIAS = "lm_head.decoder.weight", "lm_head.bias"
TYPES = f"{BASE}embeddings.token_type_embeddings.weight"


def shared(shape: Shape) -> bool:
    """Whether transformers has layers of this shape.

    >>> shared(Shape()), shared(Shape(attention="nystrom")), shared(Shape(positions="rotary"))
    (True, False, False)
    """
    return shape.attention == "softmax" and shape.positions != "rotary"


def theirs(model: Any) -> dict[str, Tensor]:
    """The weights of a `MaskedLM` by their names."""
    shape: Shape = model.shape
    found = {new: tensor for name, tensor in weights(model).items() if (new := _renamed(name)) is not None}
    table = model.embedding.tokens.weight.detach()
    if shape.positions == "learned":
        places = model.embedding.learned.detach()
    else:
        sinusoidal = shape.positions == "sinusoidal"
        places = waves(0, shape.longest, shape.dim) if sinusoidal else torch.zeros(shape.longest, shape.dim)
    pad = _pad(model.tokenizer)
    return {
        **found,
        WORDS: table * shape.dim**0.5,
        OUT: table,
        BIAS: model.bias.detach(),
        "lm_head.decoder.bias": model.bias.detach().clone(),
        PLACES: torch.cat([torch.zeros(pad + 1, shape.dim), places.cpu()]),
        TYPES: torch.zeros(1, shape.dim),
    }


def ours(tensors: dict[str, Tensor], model: Any) -> dict[str, Tensor]:
    """The weights of a `MaskedLM` from those that it was saved as."""
    named = {
        name: _renamed(name) or {"embedding.tokens.weight": OUT, "bias": BIAS}.get(name) for name in weights(model)
    }
    found = {name: tensors[other] for name, other in named.items() if other in tensors}
    if model.shape.positions == "learned" and PLACES in tensors:
        found["embedding.learned"] = tensors[PLACES][-model.shape.longest :]
    return found


def config_of(model: Any) -> dict[str, Any]:
    """What transformers reads in config.json."""
    shape: Shape = model.shape
    pad = _pad(model.tokenizer)
    return {
        "architectures": ["RobertaPreLayerNormForMaskedLM"], "model_type": "roberta-prelayernorm",
        "vocab_size": model.vocabulary, "hidden_size": shape.dim, "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads, "intermediate_size": shape.hidden, "hidden_act": "gelu",
        "hidden_dropout_prob": shape.dropout, "attention_probs_dropout_prob": 0.0,
        "max_position_embeddings": shape.longest + pad + 1, "type_vocab_size": 1, "layer_norm_eps": 1e-5,
        "pad_token_id": pad, "tie_word_embeddings": False,
    }  # fmt: skip


def tokenizer_config(tokenizer: Tokenizer) -> dict[str, Any]:
    """What transformers reads beside tokenizer.json."""
    known = {token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special}
    kinds = {
        "pad": ("<pad>", "[PAD]"), "unk": ("<unk>", "[UNK]"), "mask": ("<mask>", "[MASK]"), "cls": ("<s>", "[CLS]"),
        "sep": ("</s>", "[SEP]"), "bos": ("<s>", "[CLS]"), "eos": ("</s>", "[SEP]"),
    }  # fmt: skip
    named = {kind: next((name for name in names if name in known), None) for kind, names in kinds.items()}
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        **{f"{kind}_token": name for kind, name in named.items() if name is not None},
    }


def _pad(tokenizer: Tokenizer | None) -> int:
    """The id of padding; positions count from the one after it."""
    ids = (None if tokenizer is None else tokenizer.token_to_id(name) for name in ("<pad>", "[PAD]"))
    return next((i for i in ids if i is not None), 0)


def _renamed(name: str) -> str | None:
    """Their name for a weight that is the same there."""
    path, _, kind = name.rpartition(".")
    if path in NAMES:
        return f"{NAMES[path]}.{kind}"
    if path.startswith("encoder.layers."):
        number, part = path.removeprefix("encoder.layers.").split(".", 1)
        return f"{BASE}encoder.layer.{number}.{LAYER[part]}.{kind}" if part in LAYER else None
    return None
