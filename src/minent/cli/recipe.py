"""A recipe: a TOML file that holds options of a command that trains, each by its name: learning_rate = 0.001."""

import difflib
import tomllib
from collections.abc import Iterator
from typing import Any

from cyclopts import Parameter

from minent.cli.gan import gan
from minent.cli.text import text
from minent.data.text_file import open_text
from minent.errors import BadInput

TRAIN = {"text": text, "gan": gan}


def with_recipe(words: list[str]) -> list[str]:
    """The words of the command line, the first `.toml` that is no option's value replaced by those of its options that
    are not given beside it.

    Raises BadInput for a file that is not there or no TOML, or has other keys than options."""
    at = next((i for i, word in enumerate(words) if word.endswith(".toml") and not words[i - 1].startswith("-")), 0)
    if at < 2 or words[0] not in TRAIN or words[1] != "train":
        return words
    file, before, after = words[at], words[:at], words[at + 1 :]
    try:
        table = tomllib.loads(open_text(file).content())
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{file!r} is not TOML: {error}") from None
    arguments = TRAIN[words[0]]["train"].assemble_argument_collection(default_parameter=Parameter(negative=""))
    known = [name[2:].replace("-", "_") for one in arguments for name in one.names if name.startswith("--")]
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"minent {words[0]} train --help shows what it may set"
            raise BadInput(f"{file!r} sets {key!r}, which is no option; {hint}")
    given = {word.split("=")[0].replace("_", "-") for word in before + after}
    options = ((f"--{key.replace('_', '-')}", value) for key, value in table.items())
    held = (word for option, value in options if option not in given for word in _words(option, value))
    return [*before, *held, *after]


def _words(option: str, value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield from (word for one in value for word in _words(option, one))
        return
    if value is not False:
        yield option
    if not isinstance(value, bool):
        yield str(value)
