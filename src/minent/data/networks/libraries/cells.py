"""A matrix of cells: a cell weighs the link from the node of its row to that of its column, 0 is no link.

Rows and columns are called alike, or are nodes of two kinds; without names both count from 0.
"""

from collections import Counter
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from minent.data.networks.bipartite import two_kinds
from minent.data.networks.choices import Choices
from minent.data.networks.libraries.direction import Noted
from minent.data.networks.libraries.matrices import graph_of_matrix
from minent.data.networks.naming.called import integers_or_text
from minent.errors import BadInput


class Cells(NamedTuple):
    """What columns and rows are called, where they are, and the weights that cells say; `empty` ones say none."""

    columns: list[str] | None
    rows: list[str] | None
    weights: Float[np.ndarray, "rows columns"]
    empty: int = 0
    comma: bool = False


def graph_of_cells(table: Cells, file: str, choices: Choices, directed: bool | None = None) -> Noted:
    """The network of such a matrix, and notes; a Bipartite where rows and columns have no name in common. Raises
    BadInput.

    >>> table = Cells(["A", "B"], ["B", "A"], np.array([[0.5, 0], [0, 2.5]]))
    >>> network, notes = graph_of_cells(table, "ab.csv", Choices())
    >>> network.names.tolist(), network.links()[2].tolist(), notes
    (['A', 'B'], [2.5, 0.5], ['2 × 2', 'links have a direction'])
    """
    if choices.source or choices.target or choices.layer or choices.weight not in (None, "none"):
        raise BadInput(f"a matrix has no columns of source, target, weight or layer ({file!r} is read as one)")
    weights = (table.weights > 0).astype(float) if choices.weight == "none" else table.weights
    notes = [f"{len(weights)} × {weights.shape[1]}"] + ["decimal commas"] * table.comma
    said = "1 empty cell is no link" if table.empty == 1 else f"{table.empty:,} empty cells are no links"
    notes += [said] * (table.empty > 0)
    rows, columns = table.rows, table.columns
    for which in (rows or [], columns or []):
        if twice := next((name for name, times in Counter(which).items() if times > 1), None):
            raise BadInput(f"nodes of a matrix have names that differ; {twice!r} stands twice in {file!r}")
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
