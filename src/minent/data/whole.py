"""What other libraries raise of a damaged file becomes a sentence: around their calls only, so that a mistake of ours
still shows."""

import json
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tokenize import TokenError
from typing import Any
from zipfile import BadZipFile

from minent.errors import BadInput

TORN = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, OSError, EOFError, BadZipFile,
    zlib.error, struct.error, TokenError, SyntaxError, MemoryError, NotImplementedError, RuntimeError,
)  # fmt: skip


@contextmanager
def whole(file: object, kind: str) -> Iterator[None]:
    """Within the block what a damaged file raises is BadInput: it is not whole, or not `kind`.

    >>> with whole("a.npy", "an array of numbers"):
    ...     raise TokenError("EOF in multi-line statement")
    Traceback (most recent call last):
    minent.errors.BadInput: 'a.npy' is not whole, or not an array of numbers: EOF in multi-line statement
    """
    try:
        yield
    except BadInput:
        raise
    except TORN as error:
        said = error.strerror if isinstance(error, OSError) else error.args[0] if error.args else ""
        why = " ".join(str(said or error).split()) or type(error).__name__
        raise BadInput(f"{str(file)!r} is not whole, or not {kind}: {why}") from None


def read_json(file: Path, kind: str) -> dict[str, Any]:
    """The object in a JSON file that a program wrote. Raises BadInput, by `whole`, where there is none.

    >>> read_json(Path("nothere.json"), "settings")
    Traceback (most recent call last):
    minent.errors.BadInput: 'nothere.json' is not whole, or not settings: No such file or directory
    """
    with whole(file, kind):
        found = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise TypeError(f"it holds a {type(found).__name__}")
        return found


@contextmanager
def named(file: object) -> Iterator[None]:
    """Within the block BadInput names the file."""
    try:
        yield
    except BadInput as error:
        if repr(str(file)) in str(error):
            raise
        raise BadInput(f"{error} in {str(file)!r}") from None
