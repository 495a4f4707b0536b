"""A model that writes in one direction, as CTranslate2 runs it: the same weights, in a folder of its own.

The first vector of the decoder becomes the embedding of a token more, which is never written; where it stands, no
position is added.
"""

import os
from typing import Any, get_args

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from minent.errors import BadInput, require
from minent.files import vacant, whole_folder
from minent.nn.positions import waves
from minent.text.options import Quantization
from minent.text.tokenizer import blank_of
from minent.text.writing.seq2seq import Seq2Seq

START = "<start>"
NEVER = -1e4  # the score of a token that is not to be written, in float16 as well


def export(model: Seq2Seq, folder: str | os.PathLike[str], *, quantization: Quantization | None = None) -> None:
    """Write what `ctranslate2.Translator(folder)` loads; `quantization` is CTranslate2's.

    It takes tokens, `model.reader.encode(text, add_special_tokens=False).tokens`, and gives those of `model.tokenizer`;
    those of a right-to-left model come backwards. Raises BadInput for a folder that is there already, a bidirectional
    model, other attention than softmax, rotary positions, and a model that copies; MissingExtra without ctranslate2.
    """
    require("ctranslate2", "ctranslate2", "export models to CTranslate2")
    from ctranslate2.specs import TransformerSpec
    from ctranslate2.specs.common_spec import Activation

    if quantization is not None and quantization not in get_args(Quantization):
        raise BadInput(f"quantization is one of {', '.join(get_args(Quantization))}; got {quantization!r}")
    shape, (reader, tokenizer) = model.shape, exportable(model)
    if not vacant(folder):
        raise BadInput(f"{str(folder)!r} is there already; choose another folder")
    layers = shape.layers, shape.decoder_layers or shape.layers
    spec: Any = TransformerSpec.from_config(layers, shape.heads, activation=Activation.GELU)
    tokens = model.embedding.tokens.weight
    table, longest = numbers(torch.cat([tokens, model.starts / shape.dim**0.5])), max(shape.longest, shape.written) + 1
    places = model.embedding.learned
    if places is None:
        places = waves(0, longest, shape.dim) if shape.positions == "sinusoidal" else torch.zeros(longest, shape.dim)
    places = numbers(places)
    spec.encoder.embeddings[0].weight = spec.decoder.embeddings.weight = table
    spec.encoder.position_encodings.encodings = places
    if model.source_embedding is not None:
        spec.encoder.embeddings[0].weight = numbers(model.source_embedding.tokens.weight)
        if model.source_embedding.learned is not None:
            spec.encoder.position_encodings.encodings = numbers(model.source_embedding.learned)
    spec.decoder.position_encodings.encodings = np.concatenate([np.zeros_like(places[:1]), places[1:]])
    spec.decoder.projection.weight = np.concatenate([numbers(tokens), np.zeros((1, shape.dim), np.float32)])
    spec.decoder.projection.bias = np.append(np.zeros(len(tokens), np.float32), np.float32(NEVER))
    for side, ours in ((spec.encoder, model.encoder), (spec.decoder, model.decoder)):
        norm(side.layer_norm, ours.norm)
        for out, layer in zip(side.layer, ours.layers, strict=True):
            one: Any = layer
            attention(out.self_attention, one.attention, one.norms[0], together=True)
            if side is spec.decoder:
                attention(out.attention, one.across, one.norms[1], together=False)
            norm(out.ffn.layer_norm, one.norms[-1])
            linear(out.ffn.linear_0, one.feed.into)
            linear(out.ffn.linear_1, one.feed.out)
    words = named(tokenizer, len(tokens))
    sources = named(reader, model.source_vocabulary) if model.source_vocabulary else [*words, START]
    spec.register_source_vocabulary(sources)
    spec.register_target_vocabulary([*words, START])
    unknown = words[blank_of(tokenizer)]
    names = {"bos_token": START, "eos_token": words[model.end], "unk_token": unknown, "decoder_start_token": START}
    for name, token in names.items():
        setattr(spec.config, name, token)
    spec.validate()
    spec.optimize(quantization=quantization)
    with whole_folder(folder) as half:
        spec.save(str(half))


def exportable(model: Seq2Seq) -> tuple[Tokenizer, Tokenizer]:
    """The tokenizers of a model that CTranslate2 can run, to read and to write with; of others BadInput is raised."""
    for what, came, wanted in (
        ("decoder", model.direction, ("left-to-right", "right-to-left")),
        ("attention", model.shape.attention, ("softmax",)),
        ("positions", model.shape.positions, ("sinusoidal", "learned", "none")),
    ):
        if came not in wanted:
            raise BadInput(f"CTranslate2 runs models whose {what} is {' or '.join(wanted)}; got {came}")
    if model.copying is not None:
        raise BadInput("CTranslate2 knows no prior for tokens of the source; got a model that copies")
    reader = model.reader
    if model.tokenizer is None or reader is None:
        raise BadInput("a model is exported with its tokenizer; this one has none: set model.tokenizer")
    return reader, model.tokenizer


def numbers(tensor: Tensor) -> np.ndarray:
    """As CTranslate2 takes them."""
    return tensor.detach().float().cpu().numpy()


def named(tokenizer: Tokenizer, many: int) -> list[str]:
    """Tokens by their numbers, of which some may be left out."""
    return [tokenizer.id_to_token(i) or f"<{i}>" for i in range(many)]


def norm(spec: Any, layer: nn.Module) -> None:
    spec.gamma, spec.beta = numbers(layer.weight), numbers(layer.bias)  # type: ignore[arg-type]


def linear(spec: Any, *layers: nn.Module) -> None:
    """One map, or several one above the other."""
    spec.weight = np.concatenate([numbers(layer.weight) for layer in layers])  # type: ignore[arg-type]
    spec.bias = np.concatenate([numbers(layer.bias) for layer in layers])  # type: ignore[arg-type]


def attention(spec: Any, layer: Any, before: nn.Module, together: bool) -> None:
    """Queries, keys and values in one map; or, of a memory, keys and values in one of their own."""
    norm(spec.layer_norm, before)
    if together:
        linear(spec.linear[0], layer.query, layer.key, layer.value)
    else:
        linear(spec.linear[0], layer.query)
        linear(spec.linear[1], layer.key, layer.value)
    linear(spec.linear[-1], layer.out)
