"""A table with one link a row: a column of sources, one of targets, and perhaps one of weights."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from minent.data.networks.choices import Choices
from minent.data.networks.graph import Graph
from minent.data.networks.layers.temporal import layered
from minent.data.networks.lines.columns.names import are_named
from minent.data.networks.lines.columns.numbered import is_text, numbered_columns, whole_numbers
from minent.data.networks.lines.columns.roles import Roles, roles, told
from minent.data.networks.lines.columns.values import NUMBER
from minent.data.networks.lines.two_kinds import bipartite_of_links, say_two_kinds
from minent.data.networks.plan import Plan, without_weight
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
    simple = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) or is_text(kind)
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
    weight = weights_of(links)
    plan = replace(plan, notes=(*plan.notes, *without_weight(weight)))
    layers = "layer" in links.column_names
    if say_two_kinds(plan.source, plan.target) and not (layers and _apart(links)):
        return bipartite_of_links(links, weight, directed, plan)
    if layers:
        source, target = (_values(links.column(name)) for name in ("source", "target"))
        layer = _layers(links.column("layer"))
        network = layered(source, target, layer, weight, directed=bool(directed), **relaxed)
        notes = () if network.plan is None else network.plan.notes
        return replace(network, plan=replace(plan, notes=(*plan.notes, *notes)))
    ends, whole = whole_numbers(links.column(0), links.column(1))
    plan = replace(plan, ids="integers", notes=(*plan.notes, "names like 1.0 are integers")) if whole else plan
    names, source, target = numbered_columns(*ends)
    network = Graph.from_links(source, target, weight, directed=bool(directed), names=names)
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


def _apart(links: "pa.Table") -> bool:
    """Whether no name is of both ends."""
    return not {*links.column(0).to_pylist()} & {*links.column(1).to_pylist()}


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
