"""A recipe: a TOML file that holds options of a command that trains, each by its name: learning_rate = 0.001."""

import difflib
import tomllib

from cyclopts import Parameter

from minent.cli.gan import gan
from minent.cli.kept_options import words_of
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
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput(f"{file!r} is not TOML: {error}") from None
    arguments = TRAIN[words[0]]["train"].assemble_argument_collection(default_parameter=Parameter(negative=""))
    known = [name[2:].replace("-", "_") for one in arguments for name in one.names if name.startswith("--")]
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"minent {words[0]} train --help shows what it may set"
            raise BadInput(f"{file!r} sets {key!r}, which is no option; {hint}")
    return [*before, *words_of(table, before + after), *after]
