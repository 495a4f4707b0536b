"""What commands read of texts: files, and standard input as it comes."""

import sys
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass, replace
from io import BufferedReader, BytesIO
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import Any, cast

from minent.data.natural import natural
from minent.data.tables.columns import SourceColumn, TextColumn
from minent.errors import BadInput, BadLine, some

DASH = "\1"  # "-" while words are parsed: cyclopts takes that for an option
MOST = 2**62  # of any whole number
STREAM = 256  # lines that are read together


def check_numbers(arguments: Mapping[str, Any]) -> None:
    """Raises BadInput for an option that is no finite number or more than anything counts, and for a seed that no
    generator takes."""
    for name, value in arguments.items():
        if is_dataclass(value):
            check_numbers(vars(value))
        elif isinstance(value, float) and not isfinite(value):
            raise BadInput(f"--{name.replace('_', '-')} must be a finite number; got {value}")
        elif name == "seed" and isinstance(value, int) and not 0 <= value < 2**63:
            raise BadInput(f"--seed must be from 0 to {2**63 - 1}; got {value}")
        elif isinstance(value, int) and not -MOST <= value <= MOST:
            raise BadInput(f"--{name.replace('_', '-')} must be at most {MOST}; got {value}")


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


def understood(path: str | Sequence[str], plan: Any) -> str:
    """How a file was read, in a line."""
    name = path if isinstance(path, str) else ", ".join(path)
    return f"{'standard input' if name == '-' else Path(name).name}: {plan}"


def tell(path: str | Sequence[str], plan: Any) -> None:
    """Say on standard error how a file was read, and where several were, how many rows each holds."""
    print(understood(path, plan), file=sys.stderr)


def read_lines(path: str, columns: SourceColumn | None = None) -> Iterator[list[tuple[int, str]]]:
    """The numbered texts of a file, blank and bad ones as empty, some at a time; of standard input those that have
    come."""
    from minent.data.texts.sources import read_sources

    columns = columns or SourceColumn()
    if path != "-" or columns != SourceColumn():
        found = read_sources(path, **asdict(columns))
        tell(path, found.plan)
        lines = iter(enumerate(found.by_row(found.texts, ""), 1))
        yield from iter(lambda: list(islice(lines, STREAM)), [])
        return
    number, objects = 0, None
    for lines in _arriving():
        texts = [_decoded(line, number + i) for i, line in enumerate(lines, 1)]
        objects = _holds_objects(texts) if objects is None else objects
        numbered = list(enumerate(texts, number + 1))
        yield [(n, _of_object(text, n)) for n, text in numbered] if objects else numbered
        number += len(lines)


def _holds_objects(lines: list[str]) -> bool | None:
    """Whether the first line that is not blank is a JSON object; None where there is none yet."""
    from minent.data.tables.json_rows import first_object

    first = next((line for line in lines if line.strip()), None)
    return None if first is None else first_object(first) is not None


def _of_object(line: str, number: int) -> str:
    """The source in a JSON object; of a blank line nothing. Raises BadLine."""
    from minent.data.tables.json_rows import objects

    if not line.strip():
        return ""
    row = next(objects(iter([(number, line)]), "standard input"))
    if isinstance(row, BadInput):
        raise row
    return row.text("source", "source")


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


def read_texts(path: str, columns: TextColumn) -> Any:
    """Texts, with their labels where the file has any and these have a column; how they were read is told."""
    from minent.data import read_labelled

    found = read_labelled(path, **{"label": None, **asdict(columns)}, optional=True)
    tell(path, found.plan)
    return found


def numbered_texts(path: str, columns: TextColumn) -> list[tuple[int, str]]:
    """The texts that are not blank, and of each the number of its row, from 1."""
    found = read_texts(path, columns)
    numbers = found.rows if found.rows is not None else range(len(found.texts))
    return [(row + 1, text) for row, text in zip(numbers, found.texts, strict=True) if text.strip()]


def unknown_labels(labels: Sequence[str] | None, known: Sequence[str]) -> str:
    """What is told of labels that a classifier does not know: it never says them."""
    found = sorted({*(labels or ())} - {*known}, key=natural)
    if not found:
        return ""
    rows = sum(label in found for label in labels or ())
    never = f"labels that the classifier does not know ({some(found)})"
    return f"{rows:,} of {len(labels or ()):,} have {never}; it knows {', '.join(known)[:80]}"
