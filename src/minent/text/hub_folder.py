"""A model of Hugging Face that was trained is saved as any of theirs: whole, with its tokenizer, adapters in it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from accelerate import PartialState
from torch import nn

from minent.errors import BadInput
from minent.files import whole_folder
from minent.text.lora import adapted, merged
from minent.training.descent import averaging
from minent.training.saved import learned, read_config
from minent.training.weights import fill, weights

T = TypeVar("T")


def save_hub(model: Any, tokenizer: Any, folder: str | Path, copied: bool = False) -> None:
    """Save both: a model that is there stays whole until the new one is. Of one that goes on to learn,
    adapters are added to the matrices of a copy (`copied`)."""
    with whole_folder(folder) as half, quietly():
        merged(deepcopy(model) if copied and hasattr(model, "merge_and_unload") else model).save_pretrained(half)
        if hasattr(tokenizer, "save_pretrained"):
            tokenizer.save_pretrained(half)


def hub_run(run: Callable[..., Iterable[T]], model: Any, tokenizer: Any, folder: str | Path | None) -> Iterator[T]:
    """The records of `run(keep=…)`, in which `model` learns, as they come. Once it has begun its folder says how the
    model is built and how it reads, so that it can be asked whenever the run stops; at the end it is saved there."""
    _unsaved_stay(model)
    place = folder if PartialState().is_main_process else None
    for number, record in enumerate(run(keep=partial(save_hub, model, tokenizer, copied=True))):
        if not number and place is not None:
            bare = model.get_base_model() if hasattr(model, "get_base_model") else model
            config = deepcopy(bare.config)
            config.architectures = [type(bare).__name__]
            parts: list[Any] = [config, getattr(bare, "generation_config", None), tokenizer]
            for part in parts:
                if hasattr(part, "save_pretrained"):
                    part.save_pretrained(place)
        yield record
    if place is not None:
        save_hub(model, tokenizer, place)


def open_hub(kind: Any, name: str | Path, within: str = "", **options: Any) -> tuple[Any, dict[str, Any]]:
    """A model of transformers of this `kind`, and what was told of its weights; of a run that was not finished, or is
    at work, the model with which it would end if it ended at its newest checkpoint, whose names begin by `within`."""
    folder = Path(name)
    whole = not folder.is_dir() or any(folder.glob("*.safetensors")) or any(folder.glob("*.bin"))
    if whole or not (parts := learned(folder)):
        with quietly():
            return kind.from_pretrained(name, output_loading_info=True, **options)
    from transformers import AutoConfig, GenerationConfig

    model = kind.from_config(AutoConfig.from_pretrained(folder, local_files_only=True))
    if (folder / "generation_config.json").exists():
        model.generation_config = GenerationConfig.from_pretrained(folder, local_files_only=True)
    tensors = {key.removeprefix(within): value for key, value in averaging.mean(parts).items()}
    if ranks := {value.shape[0] for key, value in tensors.items() if ".lora_A." in key}:
        model = adapted(model, min(ranks), task="SEQ_CLS" if within else None)
    fill(weights(model), tensors, folder)
    return merged(model).to(options.get("dtype")), {"missing_keys": []}


def _unsaved_stay(model: nn.Module) -> None:
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


def is_hub(folder: str | Path, wanted: str) -> bool:
    """Whether a folder holds a model of transformers, by its config.json. Raises BadInput, which names what is
    `wanted`, for a folder without one."""
    if not Path(folder).is_dir():
        return False
    config = read_config(Path(folder), wanted)
    return "minent" not in config and "model_type" in config
