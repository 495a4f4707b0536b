"""A model of Hugging Face that was trained is saved as any of theirs: whole, with its tokenizer, adapters in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from minent.files import whole_folder
from minent.text.lora import merged


def save_hub(model: Any, tokenizer: Any, folder: str | Path) -> None:
    """Save both: a model that is there stays whole until the new one is."""
    with whole_folder(folder) as half, quietly():
        merged(model).save_pretrained(half)
        if hasattr(tokenizer, "save_pretrained"):
            tokenizer.save_pretrained(half)


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
