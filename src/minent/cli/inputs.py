"""What commands read of texts: files, and standard input as it comes."""

import sys
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from io import BufferedReader, BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, cast

from minent.errors import BadInput, BadLine

DASH = "\1"  # "-" while words are parsed: cyclopts takes that for an option
STREAM = 256  # lines that are read together


def dashed(value: Any) -> Any:
    """The value of an argument, whose words were parsed with DASH for "-"."""
    if isinstance(value, str | Path):
        return type(value)("-") if str(value) == DASH else value
    if isinstance(value, tuple | list):
        return type(value)(map(dashed, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: dashed(getattr(value, field.name)) for field in fields(value)})
    return value


def named(path: str | Path) -> str:
    """What to call what is read."""
    return "standard input" if str(path) == "-" else Path(path).stem


def read_lines(path: str) -> Iterator[list[tuple[int, str]]]:
    """The numbered lines of a file, blank ones too, some at a time; of standard input those that have come."""
    from minent.data.text_file import open_text

    if path != "-":
        lines = iter(enumerate(open_text(path).lines(), 1))
        yield from iter(lambda: list(islice(lines, STREAM)), [])
        return
    number = 0
    for lines in _arriving():
        yield [(number + i, _decoded(line, number + i)) for i, line in enumerate(lines, 1)]
        number += len(lines)


def _arriving() -> Iterator[list[bytes]]:
    """Lines as they come; all at once of what is packed, or has the mark of UTF-16."""
    from minent.data.bytes import in_pieces
    from minent.data.text_file import open_text

    stream, rest = cast(BufferedReader, sys.stdin.buffer), b""
    come = stream.read1()
    if not in_pieces(come):
        yield [line.encode() for line in open_text(BytesIO(come + stream.read())).lines()]
        return
    come = come.removeprefix(BOM_UTF8)
    while come:
        *lines, rest = (rest + come).split(b"\n")
        if lines:
            yield lines
        come = stream.read1()
    if rest:
        yield [rest]


def _decoded(line: bytes, number: int) -> str:
    try:
        return line.decode("utf-8").rstrip("\r")
    except UnicodeDecodeError:
        raise BadLine("text must be UTF-8", "standard input", number) from None


def read_texts(path: str, text: str = "text", label: str = "label") -> Any:
    """Texts, with their labels where the file has any."""
    from minent.data import read_labelled
    from minent.data.tables.row import column

    if path == "-":
        return read_labelled("-", text=text, label=None)
    try:
        plain = read_labelled(path, text=text, label=None)
    except BadInput:  # such as lines of a label and a text
        return read_labelled(path, text=text, label=label)
    there = plain.plan is None or column(label.split(".")[0], plain.plan.passed_over) is not None
    return read_labelled(path, text=text, label=label) if there else plain
