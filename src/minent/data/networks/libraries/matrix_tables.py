"""A matrix in a table: names of rows are what pandas kept as its index, or else the first column of text."""

from typing import TYPE_CHECKING

import numpy as np

from minent.data.networks.libraries.cells import Cells
from minent.data.networks.lines.columns.numbered import is_text
from minent.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa


def cells_of_table(table: "pa.Table", file: str) -> Cells:
    """The whole table. Raises BadInput for a cell that is no weight.

    >>> import pyarrow
    >>> cells_of_table(pyarrow.table({"": ["A", "B"], "A": [0, 1], "B": [2, None]}), "ab.parquet").weights.tolist()
    [[0.0, 2.0], [1.0, 0.0]]
    """
    frame = table.to_pandas()
    if type(frame.index).__name__ == "RangeIndex" and len(frame.columns) and frame.dtypes.iloc[0].kind not in "fiub":
        frame = frame.set_index(frame.columns[0])
    if words := [name for name, kind in frame.dtypes.items() if kind.kind not in "fiub"]:
        raise BadInput(f"cells of a matrix are numbers; column {words[0]!r} holds {frame.dtypes[words[0]]} in {file!r}")
    weights = frame.to_numpy(float)
    if (bad := np.argwhere((weights < 0) | np.isinf(weights))).size:
        i, j = bad[0]
        wanted = "link weight must be a finite number, not negative"
        raise BadInput(f"{wanted}; got {weights[i, j]:g} in row {i} of {file!r}")
    rows = None if type(frame.index).__name__ == "RangeIndex" else list(map(str, frame.index))
    return Cells(None if rows is None else list(map(str, frame.columns)), rows, np.nan_to_num(weights),
                 int(np.isnan(weights).sum()))  # fmt: skip


def is_matrix_table(first: "pa.Table") -> bool:
    """Whether a table, of which these are the first rows, is a matrix: a column of text calls rows as columns are.

    >>> import pyarrow
    >>> is_matrix_table(pyarrow.table({"id": ["A", "B"], "A": [0, 1], "B": [2, 0]}))
    True
    """
    import pyarrow as pa

    kept = [name for name in (first.schema.pandas_metadata or {}).get("index_columns", []) if isinstance(name, str)]
    names = first.column_names
    head = kept[0] if len(kept) == 1 and kept[0] in names else names[0] if names else ""
    if not names or names.count(head) > 1 or not is_text(first.schema.field(head).type):
        return False
    rows, others = first.column(head).to_pylist(), [field for field in first.schema if field.name != head]
    numbers = all(pa.types.is_integer(one.type) or pa.types.is_floating(one.type) for one in others)
    return len(rows) > 1 and numbers and {*rows} <= {one.name for one in others}
