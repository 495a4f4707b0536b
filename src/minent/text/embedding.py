"""A text as one vector: what an encoder says of its tokens is averaged, or taken from the first token.

Reimers & Gurevych 2019; the folder's own 1_Pooling/config.json, where sentence-transformers wrote one, says which.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from minent.data.whole import read_json
from minent.errors import BadInput, require
from minent.text.hub_folder import check_tokenizer

POOLINGS = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "first"}


def embed(
    texts: Sequence[str], folder: str | os.PathLike[str], *, batch: int = 32
) -> Float[np.ndarray, "texts dimensions"]:
    """A vector for each text, by the encoder in a folder of transformers or sentence-transformers.

    Texts are cut where the model ends. Raises BadInput for a folder that holds no encoder, or one that pools in another
    way than by the mean or the first token; MissingExtra without transformers.
    """
    require("transformers", "hub", "embed texts by a model")
    import torch
    from transformers import AutoModel, AutoTokenizer

    if not (Path(folder) / "config.json").is_file():
        raise BadInput(f"a model is a folder with a config.json and weights; {str(folder)!r} is none")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        model = AutoModel.from_pretrained(folder, trust_remote_code=False).eval()
    except (OSError, ValueError) as error:
        raise BadInput(f"{str(folder)!r} cannot be read as a model: {str(error).splitlines()[0]}") from None
    check_tokenizer(tokenizer, folder)
    pooling, longest = _pooling(Path(folder)), _longest(Path(folder), tokenizer, model)
    order = np.argsort([len(text) for text in texts], kind="stable")
    rows: list[Any] = [None] * len(texts)
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch].tolist()
            read = tokenizer(
                [texts[i] for i in chosen], padding=True, truncation=True, max_length=longest, return_tensors="pt"
            )
            states, mask = model(**read).last_hidden_state.float(), read["attention_mask"][:, :, None].float()
            pooled = (states * mask).sum(1) / mask.sum(1).clamp(min=1)
            if pooling == "first":  # the first that is no padding, whichever side that is on
                pooled = states[torch.arange(len(chosen)), mask[:, :, 0].argmax(1)]
            for i, row in zip(chosen, pooled.numpy(), strict=True):
                rows[i] = row
    return np.array(rows, float)


def _pooling(folder: Path) -> str:
    file = folder / "1_Pooling" / "config.json"
    if not file.is_file():
        return "mean"
    asked = [name for name, on in read_json(file, "a way of pooling").items() if name.startswith("pooling_") and on]
    if len(asked) != 1 or asked[0] not in POOLINGS:
        raise BadInput(f"texts are pooled by {' or '.join(POOLINGS)}; {str(file)!r} asks for {', '.join(asked)}")
    return POOLINGS[asked[0]]


def _longest(folder: Path, tokenizer: Any, model: Any) -> int:
    """Tokens that are read at most."""
    file = folder / "sentence_bert_config.json"
    kind = "settings of sentence-transformers"
    told = read_json(file, kind).get("max_seq_length") if file.is_file() else None
    if not isinstance(told, int | None):
        raise BadInput(f"{str(file)!r} is not whole, or not {kind}: max_seq_length is {told!r}")
    positions = getattr(model.config, "max_position_embeddings", 512)
    return min(told or positions, positions, tokenizer.model_max_length)
