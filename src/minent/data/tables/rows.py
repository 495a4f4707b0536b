"""Rows of text: the fields of tables, JSON and Parquet by their names, each with the place it stands at."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from minent.data.tables.json_rows import array, in_row, is_object, objects
from minent.data.tables.parquet import class_names, read_parquet
from minent.data.tables.plan import Seen
from minent.data.tables.row import Row, column, missing
from minent.data.text_file import TextFile
from minent.errors import BadInput, BadLine

KINDS = (".tsv", ".csv", ".json", ".jsonl", ".ndjson", ".parquet")
Rows = Iterator[Row | BadInput]  # what is no row is an error, and rows go on


def rows_of(
    file: TextFile, roles: Mapping[str, str], seen: Seen, header: Callable[[Iterable[bool]], bool] | bool = any
) -> Rows:
    """The rows of a file with columns for these roles, each called what is said, and errors where a line is none; what
    is told of the file is noted in `seen`. Blank lines are passed over. Raises BadInput for what is no such file.

    .csv: the first line names the columns. .jsonl and .ndjson: one object a line; .json: that, or one array of objects.
    .parquet: a table. Any other kind: fields divided by tabs; the first line names the columns where any (`header`: or
    all) of them stand in it, or `header` is True; else these are the columns.

    >>> file = TextFile("words.tsv", ".tsv", "cat\\t猫\\n".encode())
    >>> [row.fields for row in rows_of(file, {"source": "source", "target": "target"}, Seen())]
    [{'source': 'cat', 'target': '猫'}]
    """
    if file.kind == ".parquet" or file.data.startswith(b"PAR1"):
        return _parquet(file, roles, seen)
    content, seen.encoding = file.decoded
    if file.kind in (".jsonl", ".ndjson") or (file.kind not in (".csv", ".json") and is_object(content)):
        return objects(_numbered(file, seen), file.name)
    if file.kind == ".json":
        if is_object(content) and content.strip().count("\n"):
            return objects(_numbered(file, seen), file.name)
        return array(content, file.name)
    return _records(
        file, _csv(file, content) if file.kind == ".csv" else _tsv(file, list(roles.values()), header, seen), seen
    )


def _numbered(file: TextFile, seen: Seen) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(file.lines(), 1):
        if line.strip():
            yield number, line
        else:
            seen.blank += 1


def _tsv(
    file: TextFile, names: Sequence[str], header: Callable[[Iterable[bool]], bool] | bool, seen: Seen
) -> Iterator[tuple[int, list[str]]]:
    """Numbered lines as fields, the names of the columns first."""
    rows = ((number, line.split("\t")) for number, line in _numbered(file, seen))
    for number, first in rows:
        stand = (column(name, first) is not None and not name.isdecimal() for name in names)
        if header if isinstance(header, bool) else header(stand):
            yield number, [name.strip() for name in first]
        else:
            numbered = all(name.isdecimal() for name in names)
            yield 0, [str(i) for i in range(1, len(first) + 1)] if numbered else list(names)
            yield number, first
        yield from rows


def _csv(file: TextFile, content: str) -> Iterator[tuple[int, list[str]]]:
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


def _records(file: TextFile, table: Iterator[tuple[int, list[str]]], seen: Seen) -> Rows:
    first, names = next(table, (0, []))
    seen.columns, seen.header = names, first > 0
    for number, fields in table:
        fault = partial(BadLine, file=file.name, line=number)
        if len(fields) == len(names):
            yield Row(dict(zip(names, fields, strict=True)), fault)
        elif first:
            yield fault(f"the header names {len(names)} columns ({', '.join(names)}); got {len(fields)} fields")
        else:
            told, flags = " ".join(map(repr, fields))[:80], ", ".join(f"--{name}" for name in names)
            came = f"a line holds {' and '.join(names)}, a tab between; got {len(fields)} fields ({told})"
            yield fault(f"{came}. Of a table with more, say which columns of its first line these are ({flags})")


def _parquet(file: TextFile, roles: Mapping[str, str], seen: Seen) -> Rows:
    def wanted(columns: list[str]) -> Sequence[str]:
        seen.columns, found = columns, []
        for role, name in roles.items():
            found.append(column(name, columns) or column(name.split(".")[0], columns))
            if found[-1] is None:
                raise BadInput(f"{missing(role, name, columns)} in {str(file.name)!r}")
        return list(dict.fromkeys(found))

    table = read_parquet(file.data, file.name, wanted)
    classes = class_names(table.schema)
    for number, fields in enumerate(row for batch in table.to_batches() for row in batch.to_pylist()):
        for name, called in classes.items():
            if isinstance(place := fields.get(name), int) and 0 <= place < len(called):
                fields[name] = called[place]
        yield Row(fields, partial(in_row, file=file.name, row=number))
