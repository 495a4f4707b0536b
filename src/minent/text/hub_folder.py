"""A model of Hugging Face that was trained is saved as any of theirs: whole, with its tokenizer, adapters in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from torch import nn

from minent.errors import BadInput
from minent.files import whole_folder
from minent.text.lora import merged


def save_hub(model: Any, tokenizer: Any, folder: str | Path, copied: bool = False) -> None:
    """Save both: a model that is there stays whole until the new one is. Of one that goes on to learn,
    adapters are added to the matrices of a copy (`copied`)."""
    with whole_folder(folder) as half, quietly():
        merged(deepcopy(model) if copied and hasattr(model, "merge_and_unload") else model).save_pretrained(half)
        if hasattr(tokenizer, "save_pretrained"):
            tokenizer.save_pretrained(half)


def unsaved_stay(model: nn.Module) -> None:
    """Freeze what transformers leaves out of its files and makes anew, such as the sinusoids of Marian's places, which
    count as weights there: what they learned would be lost."""
    left_out, names = getattr(model, "_keys_to_ignore_on_save", None) or (), dict[int, set[str]]()
    for name, weight in model.named_parameters(remove_duplicate=False):
        names.setdefault(id(weight), set()).add(name)
    for weight in model.parameters():
        if names[id(weight)] <= {*left_out}:
            weight.requires_grad_(False)


def check_tokenizer(tokenizer: Any, name: object) -> None:
    """Raises BadInput for a tokenizer that knows special tokens alone: from a folder without its files transformers
    makes such a one, to which each text is empty or unknown."""
    special = {str(token) for token in tokenizer.added_tokens_decoder.values()} | {*tokenizer.all_special_tokens}
    if len(tokenizer.get_vocab().keys() - special) < 2:  # a blank may be left
        raise BadInput(f"{str(name)!r} holds no tokenizer, or one that knows no words: its files must lie there, too")


@contextmanager
def quietly() -> Iterator[None]:
    """Within the block transformers draws no bars of progress, and tells only of errors."""
    from transformers.utils import logging

    shows, tells = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(tells)
        if shows:
            logging.enable_progress_bar()
