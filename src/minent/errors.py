"""Everything that can go wrong on purpose.

MinentError         the command line prints the sentence and exits 2, as where a path is not there
├── BadInput        what came in is not what was wanted (also a ValueError)
│   └── BadLine     …in a file, on a line that is named
└── MissingExtra    an optional package is not installed (also an ImportError)
"""

import importlib
from collections.abc import Iterable
from types import ModuleType


class MinentError(Exception):
    """The root of every error minent raises on purpose."""


class BadInput(MinentError, ValueError):
    """What came in is not what was wanted: the sentence names both."""


class BadLine(BadInput):
    """A line of a file that cannot be read as what the file should hold."""

    def __init__(self, problem: str, file: object, line: int):
        super().__init__(f"{problem} on line {line} of {str(file)!r}")


class MissingExtra(MinentError, ImportError):
    """An optional package is not installed."""


def check(options: object, *wants: tuple[str, bool, str]) -> None:
    """Raise BadInput for the first option, of (name, whether it is good, what is wanted), that is not good.

    >>> class Options:
    ...     trials = 0
    >>> check(Options(), ("trials", Options.trials >= 1, "at least 1"))
    Traceback (most recent call last):
    minent.errors.BadInput: trials must be at least 1; got 0
    """
    for name, good, wanted in wants:
        if not good:
            raise BadInput(f"{name} must be {wanted}; got {getattr(options, name)!r}")


def some(names: Iterable[object], most: int = 3) -> str:
    """The first names, in one line, for a sentence.

    >>> some("abcd")
    'a, b, c, …'
    """
    listed = [" ".join(str(name).encode("utf-8", "backslashreplace").decode().split()) for name in names]
    return ", ".join(listed[:most] + ["…"] * (len(listed) > most))


def require(package: str, extra: str, purpose: str) -> ModuleType:
    """Import an optional package at the moment of use.

    >>> require("json", "plot", "draw figures").__name__
    'json'
    >>> require("no_such_package", "plot", "draw figures")
    Traceback (most recent call last):
    minent.errors.MissingExtra: pip install "minent[plot]" to draw figures (no_such_package is not installed)
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package.split(".")[0]:
            raise
        raise MissingExtra(f'pip install "minent[{extra}]" to {purpose} ({package} is not installed)') from None
