"""A masked language model by name: a folder of minent's or of transformers, or a name on the hub."""

import socket
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from huggingface_hub import constants
from safetensors import SafetensorError

from minent.errors import BadInput, require, some
from minent.text.hub_folder import check_tokenizer, open_hub
from minent.text.masked.model import MaskedLM
from minent.training.saved import is_path, read_config


def load(name: str | Path) -> tuple[Any, Any]:
    """A model and its tokenizer. Raises BadInput where there is neither a folder nor, on the hub, such a model;
    MissingExtra without transformers for a model of theirs."""
    folder = Path(name)
    if folder.is_dir():
        if "minent" in read_config(folder, "masked language model"):
            model = MaskedLM.from_pretrained(folder)
            return model, model.tokenizer
    elif is_path(str(name)):
        raise BadInput(f"there is no folder {str(name)!r}")
    require("transformers", "hub", "sample from models of Hugging Face")
    import torch
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    try:
        local = folder.is_dir() or not _online()
        tokenizer: Any = AutoTokenizer.from_pretrained(name, local_files_only=local, trust_remote_code=False)
        options = {"local_files_only": local, "dtype": torch.float32, "trust_remote_code": False}
        model, told = open_hub(AutoModelForMaskedLM, name, **options)  # whatever it was saved in
    except ImportError as error:
        raise BadInput(f"{str(name)!r} cannot be read here: {' '.join(str(error).split())[:200]}") from None
    except (OSError, ValueError, SafetensorError) as error:
        why = " ".join(str(error).split())[:200]
        if folder.is_dir():
            raise BadInput(f"{str(name)!r} holds no masked language model with its tokenizer: {why}") from None
        raise BadInput(
            f"there is no folder {str(name)!r}, and no such masked language model came from the hub: give a folder "
            f"that holds one, or go online and check the name ({why})"
        ) from None
    if missing := sorted(told["missing_keys"]):
        raise BadInput(
            f"{str(name)!r} holds no whole masked language model: {some(missing, 2)} would be random (it was saved as "
            f"{some(model.config.architectures or ['another kind'])})"
        )
    check_tokenizer(tokenizer, name)
    return model.eval(), tokenizer


def _online() -> bool:
    """Whether the hub has an address here: without one, asking it again and again would take a minute."""
    if urllib.request.getproxies():
        return True
    try:
        socket.getaddrinfo(urlsplit(constants.ENDPOINT).hostname, 443)
    except OSError:
        return False
    return True
