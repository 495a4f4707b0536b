"""`minent text lengthen`: a pretrained model of Hugging Face that reads longer texts."""

import json
import shutil
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from minent.cli.outputs import check_apart
from minent.errors import BadInput, require
from minent.files import vacant, whole_folder

MODULES = "modules.json"  # of sentence-transformers


def lengthen(
    model: str,
    /,
    *,
    longest: int,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    attention: Literal["window+landmarks", "window", "nystrom", "softmax"] = "window+landmarks",
    window: Annotated[int | None, Parameter(show_default=False)] = None,
    landmarks: int = 64,
    positions: Literal["repeated", "stretched"] = "repeated",
) -> None:
    """Make a pretrained model read longer texts: minent text lengthen bert-base-uncased --longest 4096 --out long

    Texts as long as two windows are read as before. `import minent` before from_pretrained("long"); then train on.

    Parameters
    ----------
    model
        A model's folder, or its name on the Hugging Face Hub.
    longest
        Tokens that it is to read.
    out
        Folder for the lengthened model and its tokenizer.
    attention
        How tokens attend to one another: exactly to blocks nearby and to the means of the others; to those nearby only;
        through landmarks; exactly to all.
    window
        Tokens of a block; half of what the model could read before, at most 256, if not given.
    landmarks
        Of Nyström attention.
    positions
        Those beyond what the model has: its own repeated, or stretched over all.
    """
    transformers = require("transformers", "hub", "lengthen models of Hugging Face")
    from minent.nn import attention as ours
    from minent.training.saved import is_path

    if not vacant(out):
        raise BadInput(f"{str(out)!r} is there already; choose another folder")
    check_apart(out, [model])
    if is_path(model) and not Path(model).is_dir():
        raise BadInput(f"there is no folder {model!r}")
    try:
        config = transformers.AutoConfig.from_pretrained(model, trust_remote_code=False)
        kind = getattr(transformers, (config.architectures or ["AutoModel"])[0], transformers.AutoModel)
        found = kind.from_pretrained(model, trust_remote_code=False)
    except (OSError, ValueError, AttributeError) as error:
        raise BadInput(f"{model!r} is no model that transformers can load: {str(error).splitlines()[0]}") from error
    if not Path(model).is_dir() and transformers.utils.cached_file(
        model, MODULES, _raise_exceptions_for_missing_entries=False
    ):
        raise BadInput(f"{model!r} is a model of sentence-transformers; give the folder that it is saved in")
    before = getattr(config, "max_position_embeddings", None)
    ours.lengthen(found, longest, attention, window=window, landmarks=landmarks, positions=positions)
    with whole_folder(out) as part:
        found.save_pretrained(part)
        _pooling(Path(model), part, longest)
        told = "" if _tokenizer(model, part, longest) else "; it has no tokenizer"
    asked = ", ".join(f"{name} {value}" for name, value in found.config.minent_attention.items())
    had = f" of {before} positions" if before else ""
    print(f"{kind.__name__}{had} reads {longest:,} tokens: {asked}{told}")
    print(f"wrote {out}; import minent before you load it")


def _tokenizer(model: str, out: Path, longest: int) -> bool:
    """Whether there is one, which then is written."""
    transformers = require("transformers", "hub", "lengthen models of Hugging Face")
    if Path(model).is_dir() and not any(Path(model).glob("*[tv]o[kc]*")):
        return False  # transformers would make one up
    try:
        found = transformers.AutoTokenizer.from_pretrained(model, trust_remote_code=False)
    except (OSError, ValueError):
        return False
    found.model_max_length = longest
    found.save_pretrained(out)
    return True


def _pooling(model: Path, out: Path, longest: int) -> None:
    """What sentence-transformers keeps beside a model: how the states of its tokens become one vector."""
    if not (model / MODULES).is_file():
        return
    settings = model / "sentence_bert_config.json"
    try:
        parts = [str(one["path"]) for one in json.loads((model / MODULES).read_text(encoding="utf-8"))]
        told = {**json.loads(settings.read_text(encoding="utf-8"))} if settings.is_file() else {}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadInput(f"{str(model)!r} has files of sentence-transformers that cannot be read: {error}") from error
    if any(Path(part).name != part for part in parts):
        raise BadInput(f"{str(model / MODULES)!r} lists modules that are not folders beside it")
    for name in [MODULES, "config_sentence_transformers.json", *filter(None, parts)]:
        if (model / name).is_dir():
            shutil.copytree(model / name, out / name)
        elif (model / name).is_file():
            shutil.copy(model / name, out)
    (out / settings.name).write_text(json.dumps({**told, "max_seq_length": longest}, indent=1), encoding="utf-8")
