"""A model that writes, by its folder: minent's or one of Hugging Face."""

from pathlib import Path
from typing import Any

import torch

from minent.errors import BadInput, require, some
from minent.text.hub_folder import check_tokenizer, is_hub, open_hub
from minent.text.writing.hub import HubWriter
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
    if is_hub(folder, "model that writes"):
        return HubWriter(*pretrained(folder, dtype), chat)
    if chat:
        raise BadInput("messages are for models of Hugging Face with a chat template; this one is minent's")
    return Seq2Seq.from_pretrained(folder)


def pretrained(folder: str | Path, dtype: torch.dtype | None = None) -> tuple[Any, Any]:
    """A model of transformers that writes, and its tokenizer, in evaluation mode on the CPU; numbers as they were saved
    if no `dtype` is given. Raises BadInput for a folder that holds none, whole, and for one that needs its own code."""
    require("transformers", "hub", "open models of Hugging Face")
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

    config = read_config(Path(folder), "model that writes")
    if any("MaskedLM" in str(name) for name in config.get("architectures") or ()) and not config.get("is_decoder"):
        raise BadInput(f"{str(folder)!r} holds a masked language model, which fills gaps; one that writes was wanted")
    kind: Any = AutoModelForSeq2SeqLM if config.get("is_encoder_decoder") else AutoModelForCausalLM
    options: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
    try:
        how = options if dtype is None else {**options, "dtype": dtype}
        model, told = open_hub(kind, folder, **how)
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, **options)
    except ImportError as error:
        raise BadInput(f"{str(folder)!r} cannot be read here: {' '.join(str(error).split())[:200]}") from None
    except BadInput:
        raise
    except Exception as error:  # tokenizers raises no narrower one
        why = " ".join(str(error).split())[:200]
        raise BadInput(f"{str(folder)!r} holds no model that writes, with its tokenizer: {why}") from None
    if missing := sorted(told["missing_keys"]):
        was = some(model.config.architectures or ["another kind"])
        raise BadInput(
            f"{str(folder)!r} holds no whole model that writes: {some(missing, 2)} would be random (it was saved as "
            f"{was})"
        )
    check_tokenizer(tokenizer, folder)
    return model.eval(), tokenizer
