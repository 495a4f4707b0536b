"""Texts with their labels: tables, JSON lines, Parquet, or a folder of files for each label."""

import csv
import gzip
import io
import json
import os
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minent.errors import BadInput, BadLine

Rows = Iterator[tuple[int, dict[str, Any]]]  # each with the number of its line
Place = Callable[[str, int], BadInput]  # a problem and where it is, as an error


@dataclass(frozen=True)
class Labelled:
    """Texts, and of each its label and the group it belongs to, where there are any (a group is never split)."""

    texts: list[str]
    labels: list[str] | None = None
    groups: list[str] | None = None

    def __len__(self) -> int:
        return len(self.texts)


def read_labelled(path: str | os.PathLike[str] | Any, *, text: str = "text", label: str | None = "label") -> Labelled:
    """The texts in a file or folder, with their labels; `text` and `label` name the columns, label=None reads none.

    .tsv              one example a line, quotes are text; the first line names the columns where one of its fields is
                      `text` or `label`, else lines are label<TAB>text (with label=None: text)
    .csv              the first line names the columns; fields that hold commas, quotes or newlines are quoted
    .jsonl .ndjson    one object a line
    .parquet          a table
    a folder          one folder for each label, holding .txt files
    any other, "-" or an open binary file: one text a line, without labels

    UTF-8; files of lines may be gzipped; lines that are blank are passed over. Texts stay as they are, labels lose the
    blanks around them. Raises BadInput, BadLine for a line at fault.

    >>> read_labelled(io.BytesIO("道可道，非常道。\\nIt was a dark night.\\n".encode())).texts
    ['道可道，非常道。', 'It was a dark night.']
    """
    if isinstance(path, str | os.PathLike) and Path(path).is_dir():
        return _folder(Path(path), label is not None)
    data, file = _content(path)
    kinds = [suffix.lower() for suffix in Path(str(file)).suffixes if suffix.lower() != ".gz"]
    kind = kinds[-1] if kinds and isinstance(path, str | os.PathLike) else ""

    def on_line(problem: str, line: int) -> BadInput:
        return BadLine(problem, file, line)

    def in_row(problem: str, row: int) -> BadInput:
        return BadInput(f"{problem} in row {row} of {str(file)!r}")

    if kind == ".parquet":
        return _labelled(_parquet(data, file, text, label), file, text, label, in_row)
    content = _decoded(data, file)
    if kind in (".tsv", ".csv"):
        table = _tsv(content, text, label) if kind == ".tsv" else _csv(content, on_line)
        return _labelled(_records(table, on_line), file, text, label, on_line)
    if kind in (".jsonl", ".ndjson"):
        return _labelled(_objects(content, on_line), file, text, label, on_line)
    return _labelled(((number, {text: line}) for number, line in _lines(content)), file, text, None, on_line)


def _labelled(rows: Rows, file: object, text: str, label: str | None, at: Place) -> Labelled:
    texts: list[str] = []
    labels: list[str] = []
    for number, row in rows:
        for name, values in [(text, texts)] if label is None else [(text, texts), (label, labels)]:
            if name not in row:
                raise at(f"there is no {name!r} among the columns {list(row)}", number)
            value = str(row[name]) if name == label and type(row[name]) in (int, bool) else row[name]
            if not isinstance(value, str):
                raise at(f"{name} must be text; got {str(value)[:60]}", number)
            if not value.strip():
                raise at(f"{name} must not be empty", number)
            values.append(value if name == text else value.strip())
    if not texts:
        raise BadInput(f"there are no texts in {str(file)!r}")
    return Labelled(texts, None if label is None else labels)


def _tsv(content: str, text: str, label: str | None) -> Iterator[tuple[int, list[str]]]:
    """Numbered lines as fields, the names of the columns first."""
    rows = ((number, line.split("\t")) for number, line in _lines(content))
    first = next(rows, None)
    if first is None:
        return
    named = {name.strip().lower() for name in first[1]} & {name.lower() for name in (text, label) if name}
    yield (0, [text] if label is None else [label, text]) if not named else (first[0], [n.strip() for n in first[1]])
    if not named:
        yield first
    yield from rows


def _csv(content: str, at: Place) -> list[tuple[int, list[str]]]:
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
        raise at(f"quotes must open and close a field ({error})", line) from None
    finally:
        csv.field_size_limit(limit)
    return rows


def _records(table: Iterable[tuple[int, list[str]]], at: Place) -> Rows:
    rows = iter(table)
    _, names = next(rows, (0, []))
    for number, fields in rows:
        if len(fields) != len(names):
            raise at(f"a line holds {' and '.join(names)}; got {len(fields)} fields", number)
        yield number, dict(zip(names, fields, strict=True))


def _objects(content: str, at: Place) -> Rows:
    for number, line in _lines(content):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise at(f"a line must be one JSON object ({error})", number) from None
        if not isinstance(row, dict):
            raise at(f"a line must be one JSON object; got {line[:60]}", number)
        yield number, row


def _parquet(data: bytes, file: object, text: str, label: str | None) -> Rows:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        parquet = pq.ParquetFile(io.BytesIO(data))
        names = parquet.schema_arrow.names
        if missing := [name for name in (text, label) if name and name not in names]:
            raise BadInput(f"there is no {missing[0]!r} among the columns {names} of {str(file)!r}")
        yield from enumerate(parquet.read([name for name in (text, label) if name]).to_pylist())
    except pa.ArrowException as error:
        raise BadInput(f"{str(file)!r} is not a whole Parquet file: {error}") from None


def _folder(folder: Path, labelled: bool) -> Labelled:
    files = sorted(folder.glob("*/*.txt"))
    texts = [_decoded(file.read_bytes(), file) for file in files]
    if empty := [file for file, text in zip(files, texts, strict=True) if not text.strip()]:
        raise BadInput(f"text must not be empty; got nothing in {str(empty[0])!r}")
    if not files:
        raise BadInput(f"{str(folder)!r} must hold one folder for each label with .txt files in it; there are none")
    return Labelled(texts, [file.parent.name for file in files] if labelled else None)


def _content(path: str | os.PathLike[str] | Any) -> tuple[bytes, object]:
    if path == "-":
        data, file = sys.stdin.buffer.read(), "standard input"
    elif isinstance(path, str | os.PathLike):
        try:
            data, file = Path(path).read_bytes(), path
        except FileNotFoundError:
            raise BadInput(f"there is no file {str(path)!r}") from None
        except OSError as error:
            raise BadInput(f"{str(path)!r} cannot be read: {error.strerror}") from None
    else:
        data, file = path.read(), getattr(path, "name", "standard input")
        if not isinstance(data, bytes):
            raise BadInput(f"an open file must be binary (mode 'rb'); reading it gave {type(data).__name__}")
    try:
        return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data, file
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"{str(file)!r} is not a whole gzip file: {error}") from None


def _decoded(data: bytes, file: object) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadLine("text must be UTF-8; got other bytes", file, data.count(b"\n", 0, error.start) + 1) from None


def _lines(content: str) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, numbered from 1; only newlines divide them."""
    return ((i, line.removesuffix("\r")) for i, line in enumerate(content.split("\n"), 1) if line.strip())
