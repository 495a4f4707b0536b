"""A matrix in lines of text: cells between marks, perhaps with names above and before them."""

from typing import Any

import numpy as np
from jaxtyping import Float

from minent.data.networks.choices import Choices
from minent.data.networks.libraries.cells import Cells
from minent.data.networks.lines.columns.values import with_points
from minent.data.networks.lines.matrix_names import is_cell, names_of
from minent.data.networks.lines.records import Fields, Record, is_comment, records, weight_of
from minent.data.networks.lines.sample import Sample, fields_of, sample_of
from minent.errors import BadInput, BadLine


def cells_of_lines(data: bytes, file: str, choices: Choices) -> Cells:
    """The whole table. Raises BadLine for a line of another length, or a cell that is no weight.

    >>> cells_of_lines(b"name;A;B\\nB;0,5;0\\nA;0;2,5\\n", "ab.csv", Choices()).weights.tolist()
    [[0.5, 0.0], [0.0, 2.5]]
    """
    sample = sample_of(data, file, choices)
    names = names_of(sample) if choices.header is not False else None
    if names and names.numbers and not choices.header:
        names = None
    named = choices.header or (choices.header is None and _is_words(sample, names is not None))
    cells = [cell for row in sample.rows[named:] for cell in row[names is not None :]]
    comma = sample.delimiter != "," and with_points(cells) is not None
    first = sample.records[named] if len(sample.records) > named else Record(1, len(data), "")
    called: list[str] = []
    weights, empty = [], 0
    columns = names.columns if names else [name or "" for name in sample.rows[0]] if named else None
    for record in records(data, first.start, first.line):
        if is_comment(record.text, False, choices.comment):
            continue
        row = fields_of(record, sample.delimiter, file)
        if names:
            called.append(row.pop(0) or "")
        if len(row) != (wanted := len(columns or sample.rows[0])):
            raise BadLine(f"a row of the matrix needs {wanted} cells; got {len(row)}", file, record.line)
        weights.append(_weights(row, comma, record, file))
        empty += row.count(None)
    if not weights:
        raise BadInput(f"there is no matrix in {file!r}")
    return Cells(columns, called if names else None, np.array(weights, float), empty, comma)


def _is_words(sample: Sample, named: bool) -> bool:
    return named or not all(is_cell(cell, sample.delimiter) for cell in sample.rows[0])


def _weights(row: Fields, comma: bool, record: Record, file: str) -> Float[np.ndarray, " columns"]:
    text: list[Any] = ["0" if cell is None else cell.replace(",", ".") if comma else cell for cell in row]
    try:
        numbers = np.array(text, float)
    except ValueError:
        numbers = np.array([-1.0])
    if not (numbers >= 0).all() or not np.isfinite(numbers).all() or "_" in record.text:
        numbers = np.array([weight_of(cell, "link", file, record.line) for cell in text])
    return numbers
