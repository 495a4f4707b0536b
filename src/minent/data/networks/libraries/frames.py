"""Data frames: a table of links (pandas, polars, pyarrow), or of pandas a matrix whose rows and columns are nodes.

The index of pandas counts where it says something: a frame whose index and columns are called alike is a matrix, an
index called as an end of links is a column, and a series with an index of two levels is the weights of links.
"""

from dataclasses import replace
from typing import Any

from minent.data.networks.choices import Choices
from minent.data.networks.graph import Graph
from minent.data.networks.libraries.attributes_of_links import NONE
from minent.data.networks.libraries.cells import graph_of_cells
from minent.data.networks.libraries.direction import Noted, graph_of_numbers
from minent.data.networks.libraries.matrices import graph_of_matrix
from minent.data.networks.libraries.matrix_tables import cells_of_table, is_matrix_table
from minent.data.networks.lines.columns.names import ENDS, are_named, ends_named
from minent.data.networks.lines.columns.roles import roles, told
from minent.data.networks.lines.link_tables import SAMPLE, graph_of_table
from minent.data.networks.naming.called import integers_or_text
from minent.data.networks.naming.names import name_array, sorted_names
from minent.data.networks.plan import Plan
from minent.errors import BadInput


def graph_of_frame(frame: Any, directed: bool | None, choices: Choices, kind: str, **relaxed: Any) -> Noted:
    """The network in a frame that is called `kind` in errors, and notes; `relaxed` is of layers. Raises BadInput.

    >>> import pandas
    >>> counts = pandas.DataFrame({"a": ["x", "x", "y"], "b": ["y", "y", "z"]}).value_counts()
    >>> graph_of_frame(counts, None, Choices(), "a series")
    (Graph(3 nodes, 2 links, undirected, weighted), [])
    """
    if hasattr(frame, "index") and not callable(frame.index):
        if not hasattr(frame, "columns"):
            return _of_series(frame, directed, choices.weight, kind)
        if _is_matrix(frame):
            names = integers_or_text(list(frame.columns)) if not _counts(frame.columns) else None
            return graph_of_matrix(frame.loc[list(frame.columns)].to_numpy(), directed, names)
        _check_no_matrix(frame, choices)
        frame = _with_index(frame)
    return _links(frame, directed, choices, kind, relaxed)


def _of_series(series: Any, directed: bool | None, weight: str | int | None, kind: str) -> Noted:
    if getattr(series.index, "nlevels", 1) != 2:
        raise BadInput(f"{kind} cannot be read as a table of links; a series of links has an index of two levels")
    ends = [name_array(series.index.get_level_values(level).tolist()) for level in (0, 1)]
    names, source, target = sorted_names(*ends)
    names = range(1 + max(source.max(initial=-1), target.max(initial=-1))) if names is None else names
    weights = None if weight == NONE else series.to_numpy()
    return graph_of_numbers(source, target, weights, names, bool(directed), directed)


def _counts(labels: Any) -> bool:
    return list(labels) == list(range(len(labels)))


def _is_matrix(frame: Any) -> bool:
    """Whether rows and columns are the same nodes. Raises BadInput for small frames without names, which may be
    matrices or tables."""
    rows, columns = frame.shape
    labels = list(frame.index), list(frame.columns)
    if rows != columns or labels[0] != labels[1]:
        differ = len({*labels[0]}) == rows == columns == len({*labels[1]}) and getattr(frame.index, "nlevels", 1) == 1
        if not differ or {*labels[0]} != {*labels[1]} or _counts(labels[1]):
            return False
    numbers = all(kind.kind in "fiub" for kind in frame.dtypes)
    if _counts(frame.columns) and columns < 4 and numbers:
        wanted = "pass frame.to_numpy() for a matrix, or call its columns source and target"
        raise BadInput(f"a frame of {rows} × {columns} numbers without names may be a matrix or links; {wanted}")
    return numbers


def _check_no_matrix(frame: Any, choices: Choices) -> None:
    """Raises BadInput where words are the index of a frame of numbers, which name no ends."""
    names = [str(name) for name in frame.columns]
    words = frame.index.dtype.kind not in "iufMmb" and getattr(frame.index, "nlevels", 1) == 1
    numbers = len(names) > 1 and all(kind.kind in "fiub" for kind in frame.dtypes)
    if words and numbers and not (choices.source or choices.target or ends_named(names)):
        hint = "frame.stack() makes links of its cells, frame.reset_index() a column of its index"
        raise BadInput(f"a frame of numbers with words as its index looks like a matrix of rows by columns: {hint}")


def _with_index(frame: Any) -> Any:
    """The frame, whose index is a column where it is called as an end, or is needed to have two ends."""
    called = {name for name in frame.index.names if isinstance(name, str)}
    ends = {end for pair in ENDS for end in pair}
    if called and ({name.strip().lower() for name in called} & ends or len(frame.columns) < 2):
        return frame.reset_index()
    return frame.reset_index(drop=True)


def _links(frame: Any, directed: bool | None, choices: Choices, kind: str, relaxed: dict[str, Any]) -> Noted:
    """The network of a table's rows, or of its cells where it is a matrix."""
    import pyarrow as pa

    try:
        table = pa.table(frame)
        if not (choices.source or choices.target) and is_matrix_table(table.slice(0, SAMPLE)):
            return graph_of_cells(cells_of_table(table, kind), kind, choices, directed)
        return graph_of_table(table, directed, choices, Plan(kind, "table"), **relaxed), []
    except OverflowError:
        return _of_large_integers(frame, bool(directed), choices, kind), []
    except (pa.ArrowException, ValueError, TypeError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{kind} cannot be read as a table of links: {error}") from None


def _of_large_integers(frame: Any, directed: bool, choices: Choices, kind: str) -> Graph:
    """The network of rows with Python's integers beyond 64 bits."""
    names = [str(name) for name in frame.columns]
    columns = [frame[name].tolist() for name in frame.columns]
    found = roles(names, [column[:SAMPLE] for column in columns], choices, are_named(names))
    source, target = (name_array(columns[place]).astype(object) for place in (found.source, found.target))
    weight = None if found.weight is None else columns[found.weight]
    network = Graph.from_links(source, target, weight, directed=directed)
    return replace(network, plan=Plan(kind, "table", header=True, **told(names, found)))
