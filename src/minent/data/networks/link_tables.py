"""A table with one link a row: a column of sources, one of targets, and perhaps one of weights."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from minent.data.networks.graph import Graph
from minent.data.networks.names import Numbered, name_array, sorted_names
from minent.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

ENDS = [
    ("source", "target"),
    ("from", "to"),
    ("src", "dst"),
    ("src", "dest"),
    ("sender", "receiver"),
    ("node1", "node2"),
]
WEIGHTS = ("weight", "weights", "w", "value", "strength")


def link_columns(names: Sequence[str]) -> list[int] | None:
    """Places of the source, target and (where there is one) weight among columns with these names; None: no name tells.

    >>> link_columns(["id", "To", "From", "weight"])
    [2, 1, 3]
    """
    place = {name.strip().lower(): i for i, name in reversed(list(enumerate(names)))}
    for source, target in ENDS:
        if source in place and target in place:
            return [place[source], place[target]] + [place[word] for word in WEIGHTS if word in place][:1]
    return None


def chosen_columns(names: Sequence[str]) -> list[int]:
    """As `link_columns`; where no name tells, the first two or three columns. Raises BadInput for fewer than two."""
    if columns := link_columns(names):
        return columns
    if len(names) < 2:
        raise BadInput(f"a table of links needs a source and a target column; got the columns {list(names)}")
    return list(range(min(len(names), 3)))


def graph_of_table(table: "pa.Table", directed: bool) -> Graph:
    """The network whose links are the rows of `table`. Raises BadInput.

    >>> import pyarrow
    >>> graph_of_table(pyarrow.table({"from": [30, 10], "to": [20, 30]}), False).names.tolist()
    [10, 20, 30]
    """
    places = [i for i, name in enumerate(table.column_names) if not name.startswith("__index_level_")]
    columns = [table.column(places[i]) for i in chosen_columns([table.column_names[i] for i in places])]
    for name, column in zip(("source", "target", "weight"), columns, strict=False):
        if column.null_count:
            row = column.is_null().to_pylist().index(True)
            raise BadInput(f"every link needs a {name}; row {row} has none")
    weight = None
    if len(columns) == 3:
        import pyarrow as pa

        try:
            weight = columns[2].cast("float64").to_numpy()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise BadInput(f"link weights must be numbers; got a column of {columns[2].type}") from None
    names, source, target = numbered_columns(columns[0], columns[1])
    return Graph.from_links(source, target, weight, directed=directed, names=names)


def numbered_columns(source: "pa.ChunkedArray", target: "pa.ChunkedArray") -> Numbered:
    """Names in sorted order, and the ends of links as their numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    types = pa.types
    source, target = (
        end.cast(end.type.value_type) if types.is_dictionary(end.type) else end for end in (source, target)
    )
    if types.is_integer(source.type) and types.is_integer(target.type):
        try:
            return sorted_names(source.cast("int64").to_numpy(), target.cast("int64").to_numpy())
        except pa.ArrowInvalid:
            raise BadInput("integer names must be below 2**63; got larger ones: cast them to text") from None
    if not _is_text(source.type) or not _is_text(target.type):
        if types.is_floating(source.type) or types.is_floating(target.type):
            raise BadInput(f"nodes must be called by integers or text; got columns of {source.type} and {target.type}")
        return sorted_names(name_array(source.to_pylist()), name_array(target.to_pylist()))
    both = pa.chunked_array([*source.cast("large_string").chunks, *target.cast("large_string").chunks], "large_string")
    encoded = both.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    order = pc.call_function("sort_indices", [encoded.dictionary]).to_numpy()
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    numbers = rank[encoded.indices.to_numpy()]
    names = encoded.dictionary.take(pa.array(order)).to_numpy(zero_copy_only=False)
    return names.astype(object), numbers[: len(source)], numbers[len(source) :]


def _is_text(type: "pa.DataType") -> bool:
    import pyarrow as pa

    return pa.types.is_string(type) or pa.types.is_large_string(type) or pa.types.is_string_view(type)
