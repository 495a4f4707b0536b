"""Text with one link a line: `source target [weight]`, divided by tabs, semicolons, commas, bars or blanks.

Arrow reads it. Only what Arrow refuses is read line by line, which ends in the number of the line at fault.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from minent.data.networks.link_layout import COMMENTS, Layout, layout_of
from minent.errors import BadInput, BadLine

if TYPE_CHECKING:
    import pyarrow as pa


def links_of_text(data: bytes, file: object, first_line: int = 1, header: bool = True) -> "pa.Table":
    """A table of sources, targets and perhaps weights; ends are int64 where all of them are integers, else text.

    Lines count from `first_line`; with `header` the first may name the columns. Raises BadInput where there is no link,
    and BadLine.

    >>> links_of_text("# who knows whom\\n甲,乙\\n乙,丙\\n".encode(), "friends.csv").to_pydict()
    {'source': ['甲', '乙'], 'target': ['乙', '丙']}
    """
    import pyarrow as pa

    layout = layout_of(data, file, first_line, header)
    if layout is None:
        raise BadInput(f"there are no links in {str(file)!r}")
    for text, ends in _attempts(data[layout.skipped :], layout):
        try:
            return _table(text, layout, ends)
        except (pa.ArrowInvalid, BadInput):
            continue
    return _table_line_by_line(data, layout, file, first_line)


def _attempts(text: bytes, layout: Layout) -> Iterator[tuple[bytes, str]]:
    integers = b"0x" not in text and b"0X" not in text  # which Arrow would take for numbers
    if integers:
        yield text, "int64"
    text = _tidy(text, layout.delimiter)
    if integers:
        yield text, "int64"
    yield text, "string"


def _tidy(text: bytes, delimiter: str) -> bytes:
    """Without comments; where blanks divide, with one blank between fields and none at the ends of a line."""
    text = b"\n" + text.replace(b"\r\n", b"\n") + b"\n"
    if delimiter == " ":
        text = text.replace(b"\t", b" ")
        while b"  " in text:
            text = text.replace(b"  ", b" ")
        text = text.replace(b"\n ", b"\n").replace(b" \n", b"\n")
    marks = tuple(comment.encode() for comment in COMMENTS)
    if any(mark in text for mark in marks):
        text = b"\n".join(line for line in text.split(b"\n") if not line.lstrip().startswith(marks))
    return text


def _table(text: bytes, layout: Layout, ends: str) -> "pa.Table":
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv as arrow_csv

    names = [str(i) for i in range(layout.fields)]
    wanted = [names[i] for i in layout.columns]
    types = dict(zip(wanted, (ends, ends, "float64"), strict=False))
    table = arrow_csv.read_csv(
        pa.BufferReader(text),
        read_options=arrow_csv.ReadOptions(use_threads=False, block_size=1 << 22, column_names=names),
        parse_options=arrow_csv.ParseOptions(delimiter=layout.delimiter),
        convert_options=arrow_csv.ConvertOptions(
            column_types={name: pa.type_for_alias(type) for name, type in types.items()},
            include_columns=wanted, null_values=[], strings_can_be_null=False,
        ),
    )  # fmt: skip
    table = table.rename_columns(["source", "target", "weight"][: len(wanted)])
    if ends == "string":
        for i in (0, 1):
            column = pc.call_function("utf8_trim_whitespace", [table.column(i)])
            if column.index("").as_py() >= 0:
                raise BadInput("a link without an end")
            table = table.set_column(i, table.column_names[i], column)
    if len(wanted) == 3:
        weight = table.column(2).to_numpy()
        if not (weight.min(initial=0.0) >= 0.0 and weight.max(initial=0.0) < np.inf):
            raise BadInput("a weight that is none")
    return table


def _table_line_by_line(data: bytes, layout: Layout, file: object, first_line: int) -> "pa.Table":
    import pyarrow as pa

    rows: list[list[str]] = []
    weights: list[float] = []
    first_line += data.count(b"\n", 0, layout.skipped)
    for number, line in enumerate(data[layout.skipped :].split(b"\n"), first_line):
        try:
            text = line.decode().strip()
        except UnicodeDecodeError:
            raise BadLine("text must be UTF-8; got other bytes", file, number) from None
        if not text or text.startswith(COMMENTS):
            continue
        fields = layout.split(text)
        if len(fields) <= max(layout.columns):
            wanted = "a source, a target and a weight" if len(layout.columns) == 3 else "a source and a target"
            raise BadLine(f"a link needs {wanted}; got {text[:60]!r}", file, number)
        if layout.fields == 2 < len(fields):
            raise BadLine(f"a link has two fields here, as in the first line; got {text[:60]!r}", file, number)
        row = [fields[i] for i in layout.columns]
        if not row[0] or not row[1]:
            raise BadLine(f"a link needs a source and a target; got {text[:60]!r}", file, number)
        rows.append(row)
        if len(row) == 3:
            weights.append(_weight(row[2], file, number))
    ends = [[row[i] for row in rows] for i in (0, 1)]
    if all(_is_integer(end) for column in ends for end in column):
        ends = [[int(end) for end in column] for column in ends]
    return pa.table(dict(source=ends[0], target=ends[1], **({"weight": weights} if weights else {})))


def _weight(text: str, file: object, line: int) -> float:
    try:
        weight = float(text)
    except ValueError:
        raise BadLine(f"link weight must be a number; got {text!r}", file, line) from None
    if weight < 0:
        raise BadLine(f"link weight must not be negative; got {text}", file, line)
    if not weight < float("inf"):
        raise BadLine(f"link weight must be a finite number; got {text}", file, line)
    return weight


def _is_integer(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and abs(int(digits)) < 2**63
