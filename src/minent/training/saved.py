"""A model in a folder: config.json says how it is built, model.safetensors what it learned, tokenizer.json how to read.

The folder is that of huggingface_hub's mixin, so it is shared as any model of the hub is; nothing in it is code.
"""

import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from huggingface_hub import PyTorchModelHubMixin, snapshot_download
from huggingface_hub.errors import HFValidationError
from tokenizers import Tokenizer
from torch import Tensor, nn

from minent.data.whole import named, read_json
from minent.errors import BadInput
from minent.files import settled, whole_file, whole_folder, write_text
from minent.training import checkpoint
from minent.training.descent import averaging
from minent.training.weights import built, fill, read, weights, write

T = TypeVar("T", bound="Saved")
log = logging.getLogger(__name__)
FORMAT = 1
FILES = ["config.json", "model.safetensors", "tokenizer.json", "source_tokenizer.json"]


class Saved(PyTorchModelHubMixin, nn.Module, library_name="minent"):
    """A module that can `save_pretrained(folder)` and `push_to_hub(name)`; its class has `from_pretrained` for both.

    The arguments of its constructor are plain values or flat frozen dataclasses; config.json remembers them. The
    `tokenizer` is no argument: it is set, saved where there is one, and set again where one was saved.

    >>> import tempfile
    >>> class Line(Saved, nn.Linear):
    ...     def __init__(self, width: int = 2):
    ...         super().__init__(width, 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Line(width=3).save_pretrained(folder)
    ...     Line.from_pretrained(folder).in_features
    3
    """

    tokenizer: Tokenizer | None = None
    tokenizers: tuple[str, ...] = ("tokenizer",)
    has_learned: bool = False  # it came with weights

    def _stored(self) -> dict[str, Tensor]:
        """The weights as the file is to name them."""
        return weights(self)

    def _restored(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """The weights as the model names them, from what was stored."""
        return tensors

    def save_pretrained(
        self, save_directory: str | Path, *, push_to_hub: bool = False, repo_id: str | None = None, **options: Any
    ) -> str | None:
        """Save the model in a folder: a model that is there stays whole until the new one is. `push_to_hub`, `repo_id`
        and other options are those of `huggingface_hub.PyTorchModelHubMixin`."""
        folder = Path(save_directory)
        told = {name: options.pop(name) for name in ("config", "model_card_kwargs") if name in options}
        with whole_folder(folder) as half:
            super().save_pretrained(half, **told)
            if (folder / "README.md").exists():  # its owner may have written in it
                (half / "README.md").unlink()
        return self.push_to_hub(repo_id=repo_id or folder.name, **told, **options) if push_to_hub else None

    def _save_pretrained(self, save_directory: Path) -> None:
        write(save_directory / "model.safetensors", self._stored())
        self.describe(save_directory)

    def settings(self) -> dict[str, Any]:
        """What the constructor was given, as config.json tells it."""
        arguments = self._hub_mixin_config or {}
        return arguments if isinstance(arguments, dict) else asdict(arguments)

    def describe(self, folder: Path) -> None:
        """Write how the model is built and how it reads, without what it has learned."""
        for name in self.tokenizers:
            if (tokenizer := getattr(self, name)) is not None:
                with whole_file(folder / f"{name}.json") as temporary:
                    tokenizer.save(str(temporary))
        config = {**self.settings(), "minent": {"class": type(self).__name__, "format": FORMAT}}
        write_text(folder / "config.json", json.dumps(config, indent=2, ensure_ascii=False))

    @classmethod
    def from_pretrained(cls: type[T], pretrained_model_name_or_path: str | Path, **options: Any) -> T:
        """The model in a folder, or of a name on the hub, owner/name, in evaluation mode on the CPU. A `Path` is one,
        and so is a name whose owner is a folder here: the hub is not told of it. Of a run that was not finished, or is
        at work, it is the model with which it would end if it ended at its newest checkpoint.

        `options` are those of `huggingface_hub.snapshot_download` such as `revision` or `token`. Raises BadInput for a
        folder or name that holds no model of this class, whole.
        """
        folder = Path(pretrained_model_name_or_path)
        if not folder.is_dir():
            if is_path(pretrained_model_name_or_path) or len(folder.parts) < 2:  # minent's models have owners
                raise BadInput(f"wanted a folder with a {cls.__name__}; there is no folder {str(folder)!r}")
            try:
                folder = Path(snapshot_download(str(pretrained_model_name_or_path), allow_patterns=FILES, **options))
            except (OSError, HFValidationError) as error:
                wanted = f"wanted a folder with a {cls.__name__}, or its name on the hub"
                problem = str(error).splitlines()[0]
                raise BadInput(f"{wanted}; got {str(pretrained_model_name_or_path)!r}: {problem}") from None
        check(folder, cls.__name__)
        try:
            with named(folder):
                return super().from_pretrained(str(folder))
        except BadInput:
            raise
        except (TypeError, AttributeError, RecursionError) as error:
            raise BadInput(f"config.json in {str(folder)!r} builds no {cls.__name__}: {error}") from error

    @classmethod
    def _from_pretrained(
        cls: type[T], *, model_id: str, revision: Any, cache_dir: Any, force_download: Any, local_files_only: Any,
        token: Any, **arguments: Any,
    ) -> T:  # fmt: skip
        folder = Path(model_id)
        file, parts = folder / "model.safetensors", [] if (folder / "model.safetensors").exists() else learned(folder)
        model = built(parts[0] if parts else file, lambda: cls(**arguments))
        fill(weights(model), averaging.mean(parts) if parts else model._restored(read(file)), folder)
        model.has_learned = True
        for name in model.tokenizers:
            if (file := folder / f"{name}.json").exists():
                try:
                    setattr(model, name, Tokenizer.from_file(str(file)))
                except Exception as error:  # tokenizers raises no narrower one
                    raise BadInput(f"{file.name} in {str(folder)!r} is not a whole tokenizer: {error}") from None
        return model.eval()


def learned(folder: Path) -> list[Path]:
    """The files of weights whose mean a run, of which there is no model yet, would end with at its newest checkpoint;
    none where there is no checkpoint. What they are is told."""
    newest = checkpoint.newest(folder / "checkpoints")
    if newest is None:
        return []
    state, recipe, _ = checkpoint.told(newest)
    of, best = " and ".join(str(at) for _, at in state.best) or str(state.step), checkpoint.judged(state, recipe)
    said = "" if best is None else f", with a {best[0]} on dev of {best[1]:.4g}"
    log.warning("%s: the run stopped at step %d; these are the weights of step %s%s", folder, state.step, of, said)
    return checkpoint.best(folder / "checkpoints", state, bool(recipe.get("ema")))


def is_path(name: str | Path) -> bool:
    """Whether what names a model is plainly a folder, there or not, of which the hub is not told: a `Path`, what is
    written as one, and what lies in a folder that is here. The hub's names are name and owner/name.

    >>> is_path("./model"), is_path("a/b/c"), is_path(Path("model")), is_path("nobody/model"), is_path("model")
    (True, True, True, False, False)
    """
    parts = Path(name).parts
    written = str(name).startswith((".", "~", "/")) or "\\" in str(name) or len(parts) != min(len(parts), 2)
    return isinstance(name, Path) or written or (len(parts) == 2 and Path(parts[0]).is_dir())


def read_config(folder: Path, wanted: str) -> dict[str, Any]:
    """What config.json of a folder with a model says. Raises BadInput, which names the kind of model that is `wanted`,
    where there is none or it is not whole."""
    file = settled(folder) / "config.json"
    if not file.is_file():
        if checkpoint.newest(folder / "checkpoints") is not None:
            raise BadInput(
                f"wanted a folder with a {wanted}; the run in {str(folder)!r} has not come to its end, where there "
                "will be one: go on with it (--resume)"
            )
        raise BadInput(f"wanted a folder with a {wanted}; got {str(folder)!r}, which has no config.json")
    return read_json(file, "the settings of a model")


def check(folder: Path, name: str) -> None:
    """Raises BadInput where config.json does not say that the folder holds a model of the class `name`."""
    config = read_config(folder, name)
    made = config.get("minent")
    if not isinstance(made, dict):
        kind = f"a {config['model_type']} model of transformers" if "model_type" in config else "no model of minent"
        raise BadInput(f"wanted a folder with a {name}; got {str(folder)!r}, {kind}")
    if made.get("class") != name:
        raise BadInput(f"wanted a folder with a {name}; got {str(folder)!r} with a {made.get('class')}")
    if made.get("format") != FORMAT:
        raise BadInput(f"wanted format {FORMAT} of {name}; got {made.get('format')} in {str(folder)!r}: update minent")
