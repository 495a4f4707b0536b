"""Rows of text: the fields of tables, JSON and Parquet by their names, each with the place it stands at."""

import csv
import io
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial

from minent.data.tables.json_rows import array, first_object, in_row, objects
from minent.data.tables.parquet import ARROW, arrow_rows, class_names, parquet_rows
from minent.data.tables.plan import Seen
from minent.data.tables.row import Row, column, missing
from minent.data.text_file import TextFile
from minent.errors import BadInput, BadLine

KINDS = (".tsv", ".csv", ".json", ".jsonl", ".ndjson", ".parquet", ".arrow", ".feather")
Rows = Iterator[Row | BadInput]  # what is no row is an error, and rows go on


def rows_of(
    file: TextFile, roles: Mapping[str, str], seen: Seen, header: Callable[[Iterable[bool]], bool] | bool = any,
    optional: Collection[str] = (),
) -> Rows:  # fmt: skip
    """The rows of a file with columns for these roles, each called what is said, and errors where a line is none; what
    is told of the file is noted in `seen`. Blank lines are passed over. `optional` roles are left out where the file
    has no column for them. Raises BadInput for what is no such file.

    .csv: the first line names the columns; fields are divided by commas, or where it has none by ; or tabs. .jsonl and
    .ndjson: one object a line; .json: that, or one array of objects. .parquet, .arrow: a table. Any other kind: fields
    divided by tabs; the first line names the columns where any (`header`: or all) of them stand in it, or `header` is
    True; else these are the columns.

    >>> file = TextFile("words.tsv", ".tsv", "cat\\t猫\\n".encode())
    >>> [row.fields for row in rows_of(file, {"source": "source", "target": "target"}, Seen())]
    [{'source': 'cat', 'target': '猫'}]
    """
    seen.roles = dict(roles)
    if file.kind in (".parquet", ".arrow", ".feather") or file.data[:8].startswith((b"PAR1", *ARROW)):
        return _columns(file, roles, seen, optional)
    seen.encoding = file.found
    lines = file.kind in (".jsonl", ".ndjson") or (file.kind != ".csv" and first_object(file.first) is not None)
    if lines and (file.kind != ".json" or file.content().strip().count("\n")):
        if file.kind not in (".json", ".jsonl", ".ndjson"):
            seen.say("JSON lines")
        return _there(objects(_numbered(file, seen), file.name), seen, optional)
    if file.kind == ".json":
        return _there(array(file.content(), file.name), seen, optional)
    table = _csv(file, seen) if file.kind == ".csv" else _tsv(file, roles, header, seen, optional)
    return _records(file, table, seen, optional)


def _there(rows: Rows, seen: Seen, optional: Collection[str]) -> Rows:
    """Objects; what the first has no field for is left out where it may."""
    first = True
    for row in rows:
        if first and isinstance(row, Row):
            first, there = False, [*map(str, row.fields)]
            seen.roles = {
                role: name for role, name in seen.roles.items()
                if role not in optional or column(name, there) or column(name.split(".")[0], there)
            }  # fmt: skip
        yield row


def _numbered(file: TextFile, seen: Seen) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(file.lines(), 1):
        if line.strip():
            yield number, line
        else:
            seen.blank += 1


def _tsv(
    file: TextFile, roles: Mapping[str, str], header: Callable[[Iterable[bool]], bool] | bool, seen: Seen,
    optional: Collection[str],
) -> Iterator[tuple[int, list[str]]]:  # fmt: skip
    """Numbered lines as fields, the names of the columns first."""
    names = list(roles.values())
    rows = ((number, line.split("\t")) for number, line in _numbered(file, seen))
    for number, first in rows:
        stand = (column(name, first) is not None and not name.isdecimal() for name in names)
        if header if isinstance(header, bool) else header(stand):
            yield number, [name.strip() for name in first]
        else:
            if len(first) < len(names):
                names = [name for role, name in roles.items() if role not in optional]
            seen.say("no header")
            numbered = all(name.isdecimal() for name in names)
            yield 0, [str(i) for i in range(1, len(first) + 1)] if numbered else names
            yield number, first
        yield from rows


def _csv(file: TextFile, seen: Seen) -> Iterator[tuple[int, list[str]]]:
    mark = next((mark for mark in ",;\t" if mark in file.first), ",")
    if mark != ",":
        seen.say(f"fields between {'tabs' if mark == chr(9) else mark}")
    lines = (line for piece in file.pieces() for line in io.StringIO(piece, newline=""))
    reader = csv.reader(lines, strict=True, delimiter=mark, skipinitialspace=True)
    limit = csv.field_size_limit()
    csv.field_size_limit(max(limit, len(file.data)))
    line = 1
    try:
        for row in reader:
            if row:
                yield line, row
            else:
                seen.blank += 1
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadLine(f"quotes must open and close a field ({error})", file.name, line) from None
    finally:
        csv.field_size_limit(limit)


def _records(file: TextFile, table: Iterator[tuple[int, list[str]]], seen: Seen, optional: Collection[str]) -> Rows:
    first, names = next(table, (0, []))
    names = [name.strip() for name in names]
    names = [name if name and names.count(name) == 1 else str(i) for i, name in enumerate(names, 1)]
    seen.columns = names
    seen.roles = {role: name for role, name in seen.roles.items() if role not in optional or column(name, names)}
    if first and (wanted := [role for role, name in seen.roles.items() if column(name, names) is None]):
        raise BadLine(missing(wanted[0], seen.roles[wanted[0]], names), file.name, first)
    for number, fields in table:
        fault = partial(BadLine, file=file.name, line=number)
        if len(fields) == len(names):
            yield Row(dict(zip(names, fields, strict=True)), fault)
        elif first:
            yield fault(f"the header names {len(names)} columns ({', '.join(names)}); got {len(fields)} fields")
        else:
            told, flags = " ".join(map(repr, fields))[:80], ", ".join(f"--{name}" for name in names)
            wanted = f"a line holds {' and '.join(names)}, a tab between (of a table with more, say which: {flags})"
            yield fault(f"{wanted}; got {len(fields)} field{'s' * (len(fields) > 1)} ({told})")


def _columns(file: TextFile, roles: Mapping[str, str], seen: Seen, optional: Collection[str]) -> Rows:
    """The rows of Parquet or Arrow; only the columns that count are read."""

    def wanted(columns: list[str]) -> Sequence[str]:
        seen.columns, found = columns, []
        for role, name in roles.items():
            one = column(name, columns) or column(name.split(".")[0], columns)
            if one is None and role not in optional:
                raise BadInput(f"{missing(role, name, columns)} in {str(file.name)!r}")
            if one is None:
                del seen.roles[role]
            else:
                found.append(one)
        return list(dict.fromkeys(found))

    read = arrow_rows if file.kind in (".arrow", ".feather") or file.data[:8].startswith(ARROW) else parquet_rows
    classes: dict[str, list[str]] | None = None
    for number, (fields, schema) in enumerate(read(file.data, file.name, wanted)):
        classes = class_names(schema) if classes is None else classes
        for name, called in classes.items():
            if isinstance(place := fields.get(name), int) and 0 <= place < len(called):
                fields[name] = called[place]
        yield Row(fields, partial(in_row, file=file.name, row=number))
