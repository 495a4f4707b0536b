"""A model that writes, by its folder: minent's or one of Hugging Face."""

from pathlib import Path

import torch

from minent.errors import BadInput
from minent.text.writing.hub import HubWriter, pretrained
from minent.text.writing.seq2seq import Seq2Seq
from minent.training.saved import read_config


def writes(folder: str | Path) -> bool:
    """Whether a folder holds a model that writes, by what its config.json says. Raises BadInput where it has none."""
    config = read_config(Path(folder), "model")
    if "minent" in config:
        return isinstance(config["minent"], dict) and config["minent"].get("class") == Seq2Seq.__name__
    made = " ".join(map(str, config.get("architectures") or ()))
    return bool(config.get("is_encoder_decoder")) or "CausalLM" in made or "LMHead" in made


def load_writer(folder: str | Path, *, dtype: torch.dtype = torch.float32, chat: bool = False) -> Seq2Seq | HubWriter:
    """What `n_best` writes with, in evaluation mode on the CPU: a `Seq2Seq`, which may be a name on the hub, or what is
    in a folder of transformers, a model of an encoder and a decoder, or of a decoder only, and its tokenizer; weights
    become `dtype`. `chat`: each text is a message, put as the folder's chat template has it.

    Raises BadInput for a folder that holds neither; MissingExtra without transformers for a model of theirs."""
    config = read_config(Path(folder), "model that writes") if Path(folder).is_dir() else {"minent": {}}
    if "minent" not in config and "model_type" in config:
        return HubWriter(*pretrained(folder, dtype), chat)
    if chat:
        raise BadInput("messages are for models of Hugging Face with a chat template; this one is minent's")
    return Seq2Seq.from_pretrained(folder)
