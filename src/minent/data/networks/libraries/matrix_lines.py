"""A matrix in lines of text: a cell weighs the link from the node of its row to that of its column, 0 is no link.

Rows and columns are called alike, or are nodes of two kinds; without names both count from 0.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from minent.data.networks.bipartite import two_kinds
from minent.data.networks.choices import Choices
from minent.data.networks.libraries.direction import Noted
from minent.data.networks.libraries.matrices import graph_of_matrix
from minent.data.networks.lines.columns.values import with_points
from minent.data.networks.lines.matrix_names import is_cell, names_of
from minent.data.networks.lines.records import Fields, Record, is_comment, records, weight_of
from minent.data.networks.lines.sample import Sample, fields_of, sample_of
from minent.data.networks.naming.called import integers_or_text
from minent.errors import BadInput, BadLine


class Cells(NamedTuple):
    """What columns and rows are called, where they are, and the weights that cells say; `empty` ones say none."""

    columns: list[str] | None
    rows: list[str] | None
    weights: Float[np.ndarray, "rows columns"]
    comma: bool
    empty: int


def graph_of_matrix_lines(data: bytes, file: str, choices: Choices, directed: bool | None = None) -> Noted:
    """The network of such a matrix, and notes; a Bipartite where rows and columns have no name in common. Raises
    BadInput, BadLine.

    >>> text = b"name;A;B\\nB;0,5;0\\nA;0;2,5\\n"
    >>> network, notes = graph_of_matrix_lines(text, "ab.csv", Choices())
    >>> network.names.tolist(), network.links()[2].tolist(), notes
    (['A', 'B'], [2.5, 0.5], ['2 × 2', 'decimal commas', 'links have a direction'])
    """
    if choices.source or choices.target or choices.layer or choices.weight not in (None, "none"):
        raise BadInput(f"a matrix has no columns of source, target, weight or layer ({file!r} is read as one)")
    table = _cells(data, file, choices)
    weights = (table.weights > 0).astype(float) if choices.weight == "none" else table.weights
    notes = [f"{len(weights)} × {weights.shape[1]}"] + ["decimal commas"] * table.comma
    said = "1 empty cell is no link" if table.empty == 1 else f"{table.empty:,} empty cells are no links"
    notes += [said] * (table.empty > 0)
    rows, columns = table.rows, table.columns
    if rows is not None and columns is not None and set(rows) != set(columns):
        if both := set(rows) & set(columns):
            alone = min(set(rows) ^ set(columns))
            wanted = f"rows and columns are called alike, or have no name in common; {min(both)!r} is both, {alone!r}"
            raise BadInput(f"{wanted} is not in {file!r}")
        row, column = np.nonzero(weights)
        ends = [rows[i] for i in row], [columns[i] for i in column]
        network = two_kinds(*ends, weights[row, column], (rows, columns), bool(directed))
        return network, [*notes, "rows and columns are nodes of two kinds"]
    if rows is not None and columns is not None:
        place = {name: i for i, name in enumerate(rows)}
        weights = weights[[place[name] for name in columns]]
    try:
        network, told = graph_of_matrix(weights, directed, None if columns is None else integers_or_text(columns))
    except BadInput as error:
        raise BadInput(f"{error} in {file!r}") from None
    way = ["links have a direction"] * (network.directed and directed is None)
    return network, notes + told + way


def _cells(data: bytes, file: str, choices: Choices) -> Cells:
    """The whole table. Raises BadLine for a line of another length, or a cell that is no weight."""
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
    for which in (called, columns or []):
        if twice := next((name for name in which if which.count(name) > 1), None):
            raise BadInput(f"nodes of a matrix have names that differ; {twice!r} stands twice in {file!r}")
    return Cells(columns, called if names else None, np.array(weights, float).reshape(len(weights), -1), comma, empty)


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
