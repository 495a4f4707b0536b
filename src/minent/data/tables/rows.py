"""Rows of text: the fields of tables, JSON lines and Parquet by their names, each with the line it stands on."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from minent.data.bytes import TextFile
from minent.data.tables.parquet import read_parquet
from minent.errors import BadInput, BadLine

KINDS = (".tsv", ".csv", ".jsonl", ".ndjson", ".parquet")


@dataclass(frozen=True)
class Row:
    """The fields of one row by their names; `fault` makes a problem with them an error that names the place."""

    fields: dict[str, Any]
    fault: Callable[[str], BadInput]

    def text(self, name: str, *, numbers: bool = False) -> str:
        """The text of a field, as it stands; with `numbers`, integers are text too. Raises BadInput."""
        if name not in self.fields:
            raise self.fault(f"there is no {name!r} among the columns {list(self.fields)}")
        value = self.fields[name]
        if numbers and type(value) in (int, bool):
            return str(value)
        if not isinstance(value, str):
            raise self.fault(f"{name} must be text; got {str(value)[:60]}")
        if not value.strip():
            raise self.fault(f"{name} must not be empty")
        return value


def rows_of(file: TextFile, names: Sequence[str], header: Callable[[Iterable[bool]], bool] = any) -> Iterator[Row]:
    """The rows of a file that should have columns called `names`; blank lines are passed over. Raises BadInput.

    .csv: the first line names the columns. .jsonl and .ndjson: one object a line. .parquet: a table. Any other kind:
    fields divided by tabs; the first line names the columns where any (`header`: or all) of `names` stand in it, else
    the columns are `names`.

    >>> file = TextFile("words.tsv", ".tsv", "cat\\t猫\\n".encode())
    >>> [row.fields for row in rows_of(file, ["source", "target"])]
    [{'source': 'cat', 'target': '猫'}]
    """
    if file.kind == ".parquet":
        return _parquet(file, names)
    if file.kind in (".jsonl", ".ndjson"):
        return _objects(file)
    return _records(file, _csv(file) if file.kind == ".csv" else _tsv(file, names, header))


def _numbered(file: TextFile) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(file.lines(), 1) if line.strip())


def _tsv(
    file: TextFile, names: Sequence[str], header: Callable[[Iterable[bool]], bool]
) -> Iterator[tuple[int, list[str]]]:
    """Numbered lines as fields, the names of the columns first."""
    rows = ((number, line.split("\t")) for number, line in _numbered(file))
    for number, first in rows:
        found = [name.strip().lower() for name in first]
        if header(name.lower() in found for name in names):
            yield number, [name.strip() for name in first]
        else:
            yield 0, list(names)
            yield number, first
        yield from rows


def _csv(file: TextFile) -> Iterator[tuple[int, list[str]]]:
    content = file.content()
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    limit = csv.field_size_limit()
    csv.field_size_limit(max(limit, len(content)))
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for row in reader:
            rows += [(line, row)] if row else []
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadLine(f"quotes must open and close a field ({error})", file.name, line) from None
    finally:
        csv.field_size_limit(limit)
    return iter(rows)


def _records(file: TextFile, table: Iterator[tuple[int, list[str]]]) -> Iterator[Row]:
    _, names = next(table, (0, []))
    for number, fields in table:
        fault = partial(BadLine, file=file.name, line=number)
        if len(fields) != len(names):
            raise fault(f"a line holds {' and '.join(names)}; got {len(fields)} fields")
        yield Row(dict(zip(names, fields, strict=True)), fault)


def _objects(file: TextFile) -> Iterator[Row]:
    for number, line in _numbered(file):
        fault = partial(BadLine, file=file.name, line=number)
        try:
            fields = json.loads(line)
        except ValueError as error:
            raise fault(f"a line must be one JSON object ({error})") from None
        if not isinstance(fields, dict):
            raise fault(f"a line must be one JSON object; got {line[:60]}")
        yield Row(fields, fault)


def _parquet(file: TextFile, names: Sequence[str]) -> Iterator[Row]:
    def wanted(columns: list[str]) -> Sequence[str]:
        if missing := [name for name in names if name not in columns]:
            raise BadInput(f"there is no {missing[0]!r} among the columns {columns} of {str(file.name)!r}")
        return names

    for number, fields in enumerate(read_parquet(file.data, file.name, wanted).to_pylist()):
        yield Row(fields, partial(_in_row, file=file.name, row=number))


def _in_row(problem: str, file: object, row: int) -> BadInput:
    return BadInput(f"{problem} in row {row} of {str(file)!r}")
