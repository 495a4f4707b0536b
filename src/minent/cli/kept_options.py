"""The options of a run, kept in its folder: `minent text train --resume FOLDER` wants no others."""

import glob
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from minent.errors import BadInput
from minent.files import held, write_text

T = TypeVar("T")
FILE = "options.json"
NAMES: dict[str, tuple[str, ...]] = {  # options that are paths, and what is none there: names, whatever lies here
    **dict.fromkeys(("train", "train_target", "dev", "dev_target"), ("-",)),
    **dict.fromkeys(("init", "distil"), ()),
    "tokenizer": ("auto", "bpe", "unigram", "characters", "words"),
    "images": ("digits", "gaussians", "swiss-roll"),
}


def keeping(records: Iterable[T], command: str, out: Path, arguments: Mapping[str, Any], resume: bool) -> Iterator[T]:
    """The records of a run as they come; its options are kept before the first, or where it goes on, once it did: with
    others than its own it may not."""
    if not resume:
        with held(out):  # else another run would lose its own
            _write(command, out, arguments)
    for number, record in enumerate(records):
        if resume and not number:
            _write(command, out, arguments)
        yield record


def _write(command: str, out: Path, arguments: Mapping[str, Any]) -> None:
    """Write the options of `minent COMMAND train`, given as they are or within dataclasses."""
    options: dict[str, Any] = {}
    for name, value in arguments.items():
        one = {field.name: getattr(value, field.name) for field in fields(value)} if is_dataclass(value) else {}
        options |= one or {name: str(value) if isinstance(value, Path) else value}
    options = {
        key: _placed(one, NAMES[key]) if key in NAMES else one
        for key, one in options.items()
        if key not in ("out", "resume") and one not in (None, "")
    }
    out.mkdir(parents=True, exist_ok=True)
    told = {"command": command, "options": options}
    write_text(out / FILE, json.dumps(told, indent=2, ensure_ascii=False))


def _placed(value: Any, names: tuple[str, ...]) -> Any:
    """A path, or several, from the root on, so that it is found from anywhere; what is a name stays one."""
    if isinstance(value, list):
        return [_placed(one, names) for one in value]
    if value in names:
        return value
    if Path(value).exists():
        return str(Path(value).absolute())
    fits = glob.has_magic(value) and glob.glob(value, recursive=True)  # noqa: PTH207  of absolute ones, too
    return os.path.join(glob.escape(str(Path.cwd())), value) if fits else value  # noqa: PTH118  keeps what is absolute


def begun(init: str, out: Path, resume: bool) -> str:
    """The model that a run begins as; where that is no more and the run goes on, it is itself built the same."""
    gone = Path(init).is_absolute() and not Path(init).exists()
    return str(out) if gone and resume and (out / "config.json").is_file() else init


def of_run(words: list[str]) -> list[str]:
    """The words of `minent … train --resume FOLDER` with those options of the run in that folder that are not given;
    any other words as they are.

    Raises BadInput for a folder that is not there, and for a run that has left no options."""
    words = [part for word in words for part in (word.split("=", 1) if word.startswith("--resume=") else [word])]
    at = words.index("--resume") + 1 if "--resume" in words else len(words)
    given = words[1:2] == ["train"] and at < len(words) and not words[at].startswith("-")
    if not given or any(_named(word) == "--out" for word in words):
        return words
    if not Path(words[at]).is_dir():
        raise BadInput(f"--resume FOLDER wants the folder of a run; there is none at {words[at]!r}")
    run, rest = Path(words[at]).resolve(), [*words[2 : at - 1], *words[at + 1 :]]
    try:
        kept = json.loads((run / FILE).read_text(encoding="utf-8"))
        command, options = kept["command"], dict(kept["options"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise BadInput(f"{str(run)!r} has no {FILE} of a run: give all its options, --out and --resume") from None
    if command != words[0]:
        raise BadInput(f"{str(run)!r} holds a run of minent {command} train; got minent {words[0]} train")
    first = [options.pop("images")] if "images" in options else []
    return [*words[:2], *first, *words_of(options, rest), "--out", str(run), "--resume", *rest]


def words_of(options: Mapping[str, Any], given: list[str]) -> Iterator[str]:
    """Options as words of a command line, but for those that are given there."""
    names = {_named(word) for word in given}
    named = ((f"--{key.replace('_', '-')}", value) for key, value in options.items())
    return (word for option, value in named if option not in names for word in _words(option, value))


def _named(word: str) -> str:
    """The option that a word of a command line names: -oFOLDER is --out, too."""
    return "--out" if word.startswith("-o") else word.split("=")[0].replace("_", "-")


def _words(option: str, value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield from (word for one in value for word in _words(option, one))
        return
    if value is not False:
        yield option
    if not isinstance(value, bool):
        yield str(value)
