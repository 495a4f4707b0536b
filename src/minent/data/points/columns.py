"""Points in a .csv or .tsv: columns of numbers, and beside them perhaps one of names. Arrow reads them."""

import csv
import logging
import os
from pathlib import Path
from typing import Any

from minent.data.text_file import open_text
from minent.data.whole import whole
from minent.errors import BadInput, some

log = logging.getLogger(__name__)
SEPARATORS = {".csv": ",", ".tsv": "\t"}
NAMES = "", "id", "index", "unnamed: 0", "编号", "序号", "索引"  # of columns that hold no coordinates
SHOWN = 3  # lines by which a file of points is told from one of texts


def read_columns(path: str | os.PathLike[str]) -> Any:
    """The table of a file; names of columns are those of its first line, if that holds none but words. A column called
    "id" or "编号", or by no name, as pandas writes an index, holds names. What is read is told.

    Raises BadInput for what is no table, and for numbers that are not all numbers."""
    from pyarrow import BufferReader
    from pyarrow import csv as arrow

    rows = _rows(path)
    options: dict[str, Any] = {"autogenerate_column_names": bool(rows) and any(map(_is_number, rows[0]))}
    apart = arrow.ParseOptions(delimiter=SEPARATORS[Path(path).suffix.lower()])
    content = BufferReader(open_text(path).content().encode())
    with whole(path, "a table of numbers"):
        table = arrow.read_csv(content, read_options=arrow.ReadOptions(**options), parse_options=apart)
        for i, name in enumerate(table.column_names):
            if name.strip().lower() in NAMES:
                table = table.set_column(i, name, table[name].cast("string"))
    for name, *column in zip(table.column_names, *rows[not options["autogenerate_column_names"] :], strict=False):
        if column and all(map(_is_number, column)) and name not in NAMES and table.schema.field(name).type == "string":
            raise BadInput(f"column {name!r} holds numbers at first, and not only numbers, in {str(path)!r}")
    words = [field.name for field in table.schema if field.type == "string"]
    numbers = [name for name in table.column_names if name not in words]
    called = f", called by {words[0] or 'the first column'}" if words else ""
    log.warning("%s: points of %d numbers (%s)%s", path, len(numbers), some(numbers, 8), called)
    return table


def holds_columns(path: str | os.PathLike[str]) -> bool:
    """Whether the first lines of a file hold two columns of numbers or more, at most one of anything else, and none
    that is called text."""
    rows = _rows(path)
    if not rows or "text" in (name.strip().lower() for name in rows[0]):
        return False
    named = not any(map(_is_number, rows[0]))
    names = [name.strip().lower() for name in rows[0]] if named else ["x"] * len(rows[0])
    columns = zip(names, zip(*rows[named:], strict=False), strict=False)
    numbers = [name not in NAMES and all(map(_is_number, column)) for name, column in columns]
    return sum(numbers) > 1 and len(numbers) - sum(numbers) <= 1 and len({len(row) for row in rows}) == 1


def _rows(path: str | os.PathLike[str]) -> list[list[str]]:
    """The first rows; none of what is no such file."""
    file = Path(path)
    if file.suffix.lower() not in SEPARATORS or not file.is_file():
        return []
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        rows = csv.reader(lines, delimiter=SEPARATORS[file.suffix.lower()])
        try:
            return [row for row, _ in zip(rows, range(SHOWN), strict=False)]
        except csv.Error:
            return []


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return "_" not in field
