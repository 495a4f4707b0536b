"""A table with one link a row: a column of sources, one of targets, and perhaps one of weights."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from minent.data.networks.choices import Choices
from minent.data.networks.graph import Graph
from minent.data.networks.layers.temporal import layered
from minent.data.networks.lines.column_names import are_named
from minent.data.networks.lines.column_values import NUMBER
from minent.data.networks.lines.columns import Roles, roles, told
from minent.data.networks.names import Numbered, name_array, sorted_names
from minent.data.networks.plan import Plan
from minent.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

DEFAULT = Choices()
INTEGER = re.compile(r"0|-?[1-9][0-9]*")
ROLES = "source", "target", "weight", "layer", "kind"
SAMPLE = 1000  # rows looked at


def roles_of(table: "pa.Table", choices: Choices = DEFAULT) -> Roles:
    """What each column of a table is. Raises BadInput for what cannot be told."""
    names = [str(name) for name in table.column_names]
    columns = [column.slice(0, SAMPLE) for column in table.columns]
    sample = [_sampled(column) for column in columns]
    return roles(names, sample, choices, choices.header is not False and are_named(names))


def _sampled(column: "pa.ChunkedArray") -> list[Any]:
    import pyarrow as pa

    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_temporal(kind):
        return [None if value is None else str(value) for value in column.to_pylist()]
    simple = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) or _is_text(kind)
    values = column.to_pylist() if simple else [str(kind)] * len(column)
    return [None if value is None or value != value else value for value in values]


def graph_of_table(
    table: "pa.Table",
    directed: bool | None,
    choices: Choices = DEFAULT,
    plan: Plan = Plan("a table", "table"),  # noqa: B008
    **relaxed: Any,
) -> Graph:
    """The network whose links are the rows of `table`. Raises BadInput.

    >>> import pyarrow
    >>> network = graph_of_table(pyarrow.table({"from": [30, 10], "to": [20, 30]}), False)
    >>> network.names.tolist(), str(network.plan)
    ([10, 20, 30], 'source=from, target=to')
    """
    names = [str(name) for name in table.column_names]
    found = roles_of(table, choices)
    links = table.select([place for place in found[:5] if place is not None])
    return graph_of_columns(links, names, found, directed, plan, **relaxed)


def graph_of_columns(
    table: "pa.Table", names: list[str], found: Roles, directed: bool | None, plan: Plan, **relaxed: Any
) -> Graph:
    """The network of a table of only the columns that have roles, in the order of roles; `names` are all there were."""
    import pyarrow as pa

    links = table.rename_columns([role for role in ROLES if getattr(found, role) is not None])
    for role in links.column_names:
        if (column := links.column(role)).null_count and role != "kind":
            row = column.is_null().to_pylist().index(True)
            raise BadInput(f"every link needs a {role}; row {row} has none")
    ids = "integers" if all(pa.types.is_integer(links.column(i).type) for i in (0, 1)) else "text"
    return graph_of_links(links, directed, replace(plan, header=True, ids=ids, **told(names, found)), **relaxed)


def graph_of_links(links: "pa.Table", directed: bool | None, plan: Plan, **relaxed: Any) -> Graph:
    """The network of a table of columns source, target and perhaps weight, layer and kind. Raises BadInput."""
    if "kind" in links.column_names:
        directed, plan = _direction(links.column("kind"), directed, plan)
    if "layer" in links.column_names:
        source, target = (_values(links.column(name)) for name in ("source", "target"))
        layer = _layers(links.column("layer"))
        network = layered(source, target, layer, weights_of(links), directed=bool(directed), **relaxed)
        notes = () if network.plan is None else network.plan.notes
        return replace(network, plan=replace(plan, notes=(*plan.notes, *notes)))
    names, source, target = numbered_columns(links.column(0), links.column(1))
    network = Graph.from_links(source, target, weights_of(links), directed=bool(directed), names=names)
    return replace(network, plan=plan)


def _direction(kind: "pa.ChunkedArray", directed: bool | None, plan: Plan) -> tuple[bool | None, Plan]:
    """Whether links have a direction, as a column of Gephi's says; where it says nothing, as it says of the others."""
    if directed is not None:
        return directed, plan
    counts = [(str(one["values"] or "").strip().lower(), one["counts"]) for one in kind.value_counts().to_pylist()]
    said = {word for word, _ in counts} - {""}
    if strange := said - {"directed", "undirected"}:
        raise BadInput(f"the type of a link is Directed or Undirected; got {min(strange)!r} in {plan.file!r}")
    if len(said) > 1:
        raise BadInput(
            f"links in {plan.file!r} are both directed and undirected: --directed (directed=) must say which"
        )
    missing = sum(count for word, count in counts if not word)
    notes = [f"links are {min(said)}" + f", and {missing:,} without a type as the others" * (missing > 0)]
    return "directed" in said, replace(plan, notes=(*plan.notes, *notes))


def _values(column: "pa.ChunkedArray") -> list[Any]:
    """Its values; text that is integers, as layers of a file may be, as integers."""
    values = column.to_pylist()
    if values and all(isinstance(value, str) and INTEGER.fullmatch(value) for value in values):
        return [int(value) for value in values]
    return values


def _layers(column: "pa.ChunkedArray") -> Any:
    """As `_values`; ordered categories, and numbers in text, as what they are."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type) and column.type.ordered:
        return column.to_pandas()
    values = _values(column)
    if values and all(isinstance(value, str) and NUMBER.fullmatch(value) for value in values):
        return [float(value) for value in values]
    return values


def weights_of(links: "pa.Table") -> np.ndarray | None:
    """The weights, where there are any. Raises BadInput."""
    import pyarrow as pa

    if "weight" not in links.column_names:
        return None
    column = links.column("weight")
    try:
        return column.cast("float64").to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise BadInput(f"link weights must be numbers; got a column of {column.type}") from None


def numbered_columns(source: "pa.ChunkedArray", target: "pa.ChunkedArray") -> Numbered:
    """Names in sorted order, and the ends of links as their numbers."""
    import pyarrow as pa

    types = pa.types
    inner = [end.type.value_type if types.is_dictionary(end.type) else end.type for end in (source, target)]
    if all(map(types.is_integer, inner)):
        try:
            return sorted_names(source.cast("int64").to_numpy(), target.cast("int64").to_numpy())
        except pa.ArrowInvalid:
            raise BadInput("integer names must be below 2**63; got larger ones: cast them to text") from None
    if all(map(_is_text, inner)):
        return _numbered_words(source, target)
    if any(types.is_floating(one) or types.is_nested(one) or types.is_null(one) for one in inner):
        raise BadInput(f"nodes must be called by integers or text; got columns of {inner[0]} and {inner[1]}")
    return sorted_names(name_array(source.to_pylist()), name_array(target.to_pylist()))


def _numbered_words(source: "pa.ChunkedArray", target: "pa.ChunkedArray") -> Numbered:
    """As `numbered_columns`; each word is sorted once."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ends = [_encoded(end) for end in (source, target)]
    if ends[0].type != ends[1].type:
        ends = [end.cast(pa.dictionary(pa.int32(), pa.large_string())) for end in ends]
    both = pa.chunked_array([chunk for end in ends for chunk in end.chunks], ends[0].type).unify_dictionaries()
    if not len(both):
        return name_array([]), np.zeros(0, np.int32), np.zeros(0, np.int32)
    encoded = both.chunk(0).dictionary.dictionary_encode()  # a dictionary may hold a word twice
    numbers = encoded.indices.to_numpy()[np.concatenate([chunk.indices.to_numpy() for chunk in both.chunks])]
    used = np.flatnonzero(np.bincount(numbers, minlength=len(encoded.dictionary)))
    words = encoded.dictionary.take(pa.array(used))
    order = pc.call_function("sort_indices", [words]).to_numpy()
    rank = np.empty(len(encoded.dictionary), np.int32)
    rank[used[order]] = np.arange(len(order), dtype=np.int32)
    names = words.take(pa.array(order)).to_numpy(zero_copy_only=False).astype(object)
    numbers = rank[numbers]
    return names, numbers[: len(source)], numbers[len(source) :]


def _encoded(end: "pa.ChunkedArray") -> "pa.ChunkedArray":
    import pyarrow as pa

    if not pa.types.is_dictionary(end.type):
        return end.cast("large_string").dictionary_encode()
    if not pa.types.is_string_view(end.type.value_type):  # as polars has, of which Arrow can take none
        return end
    return pa.chunked_array(
        [
            pa.DictionaryArray.from_arrays(one.indices.cast("int32"), one.dictionary.cast("large_string"))
            for one in end.chunks
        ],
        pa.dictionary(pa.int32(), pa.large_string()),
    )


def _is_text(type: "pa.DataType") -> bool:
    import pyarrow as pa

    return pa.types.is_string(type) or pa.types.is_large_string(type) or pa.types.is_string_view(type)
