"""A terminal does what control characters tell it to (OSC 52 fills the clipboard, OSC 8 hides where a link leads), and
names and texts are other people's: what is printed to a terminal shows them as \\x1b.

Rich's own colours and cursor moves go past this; what it is given to print is made plain before.
"""

import re
import sys
from contextlib import suppress
from typing import Any

CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")


def plain(text: str) -> str:
    r"""The text with control characters, but for tabs and ends of lines, shown as escapes.

    >>> plain("a\x1b]52;c;aGk=\x07\tb\n")
    'a\\x1b]52;c;aGk=\\x07\tb\n'
    """
    return CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def guard(stream: Any) -> None:
    """Have all that is written to a stream that is a terminal made plain."""
    if stream.isatty() and not hasattr(stream, "raw_write"):
        write = stream.write
        stream.write, stream.raw_write = lambda text: write(plain(text)), write


def forgive(stream: Any) -> None:
    """Have a stream go on where what is said cannot be written: a full disk under a log loses no result."""

    def tried(act: Any) -> Any:
        def of(*given: Any) -> Any:
            with suppress(OSError):
                return act(*given)

        return of

    stream.write, stream.flush = tried(stream.write), tried(stream.flush)


class Raw:
    """A guarded stream, for what may move the cursor."""

    def __init__(self, stream: Any):
        self.stream = stream
        self.write = getattr(stream, "raw_write", stream.write)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def console(stderr: bool = False) -> Any:
    """Rich's console on standard output or error; what it prints is made plain by who asks for it."""
    from rich.console import Console

    return Console(file=Raw(sys.stderr if stderr else sys.stdout), highlight=False)  # type: ignore[arg-type]
