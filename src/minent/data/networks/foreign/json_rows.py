"""Links that are rows of JSON: objects with two ends, or lists of two ends and perhaps a weight."""

import json
from typing import Any

from minent.data.networks.libraries.attributes_of_links import weight_name, weights
from minent.data.networks.libraries.direction import Noted, graph_of_numbers
from minent.data.networks.lines.columns.names import ENDS, WEIGHTS
from minent.data.networks.naming.called import integers_or_text
from minent.data.networks.naming.names import name_array, sorted_names
from minent.errors import BadInput

KNOWN = (
    'wanted an object with "nodes" and "links" or "edges", infomap-network JSON, or a list or lines of objects with '
    '"source" and "target"'
)


def name_of(value: Any, wanted: str) -> Any:
    """A name that can be a key: lists are tuples, as networkx has them; 1.0 is 1, as JSON has it."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return tuple(name_of(part, wanted) for part in value)
    if value is None or isinstance(value, float | bool | dict):
        raise BadInput(f"{wanted}, a number or text; got {json.dumps(value)[:60]}")
    return value


def graph_of_rows(rows: Any, directed: bool, weight: str | int | None) -> Noted:
    """A list of objects with two ends, or of lists of two or three."""
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict | list):
        raise BadInput(f"{KNOWN}; got {json.dumps(rows)[:60]}")
    notes: list[str] = []
    lists, keys = isinstance(rows[0], list), set(rows[0] if isinstance(rows[0], dict) else ())
    columns: tuple[Any, ...] = (0, 1) if lists else next((pair for pair in ENDS if {*pair} <= keys), ())
    if not columns:
        raise BadInput(f"a link needs a source and a target; got an object with {', '.join(map(repr, rows[0]))}")
    if lists and _is_matrix(rows):
        raise BadInput("a list of lists of numbers, as many as they are long, may be a matrix: write links as objects")
    records = [dict(enumerate(row)) if isinstance(row, list) else row for row in rows]
    for k, row in enumerate(records):
        if isinstance(rows[k], list) is not lists or (lists and not 2 <= len(row) <= 3):
            raise BadInput(f"links must be of one kind; got {json.dumps(rows[k])[:60]} for link {k}")
    ends = [[name_of(row.get(key), f"link {k} needs a {key}") for k, row in enumerate(records)] for key in columns]
    key = 2 if lists and weight is None and any(2 in row for row in records) else None
    keys = dict.fromkeys(key for row in records for key in row if key not in columns)
    key = weight_name(keys, weight, WEIGHTS, notes) if key is None else key
    weighed = None if key is None else weights([row.get(key) for row in records], notes)
    names = integers_or_text(ends[0] + ends[1])
    names, source, target = sorted_names(name_array(names[: len(rows)]), name_array(names[len(rows) :]))
    names = range(1 + max(source.max(), target.max())) if names is None else names
    network, told = graph_of_numbers(source, target, weighed, names, directed, directed)
    return network, notes + told


def _is_matrix(rows: list[Any]) -> bool:
    """Whether there are as many lists of numbers as numbers in each: more than three, or symmetric ones."""
    n = len(rows)
    if n < 3 or not all(isinstance(row, list) and len(row) == n for row in rows):
        return False
    if not all(isinstance(value, int | float) for row in rows for value in row):
        return False
    return n > 3 or all(rows[i][j] == rows[j][i] and not rows[i][i] for i in range(n) for j in range(n))
