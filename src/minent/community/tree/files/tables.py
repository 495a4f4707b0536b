"""Trees in tables, .csv and .parquet, and .json, with the reference's names of columns and keys."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minent.community.tree.files.rows import COLUMNS, HIGHER, Read, Rows, Told, checked, path_of
from minent.data.networks.naming.called import integers_or_text
from minent.data.networks.naming.labels import labels_of_columns
from minent.data.text_file import TextFile as File
from minent.errors import BadInput, BadLine

TOLD = "codelength", "index codelength", "module codelength", "one-level codelength"


def read_json(file: File) -> Read:
    """The reference's .json."""
    try:
        content = json.loads(file.content())
        nodes = content["nodes"]
        path = [checked(node["path"]) for node in nodes]
        columns = [[float(node["flow"]) for node in nodes], [str(node["name"]) for node in nodes]]
        ids = [[int(node["id"]) for node in nodes], *(_whole(nodes, key) for key in ("stateId", "layerId"))]
        modules = {tuple(module["path"]): module for module in content.get("modules", [])}
        rates = {at: (_told(one, "enterFlow"), _told(one, "exitFlow")) for at, one in modules.items() if at != (0,)}
    except BadInput:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput(f"wanted an object with nodes (path, flow, name, id) in {str(file.name)!r}; {error!r}") from None
    told: Told = {}
    for name, key in JSON.items():
        if content.get(key) is not None:
            told[name] = float(content[key])
    if "index codelength" not in told and all("codelength" in module for module in modules.values()) and modules:
        told["index codelength"] = modules[0,]["codelength"]
        told["module codelength"] = sum(m["codelength"] for at, m in modules.items() if at != (0,))
    called = [{i: node[key] for i, node in zip(of or (), nodes, strict=bool(of)) if key in node}
              for of, key in ((ids[1], "state"), (ids[2], "layer"))]  # fmt: skip
    physical = content.get("stateLevel") is False and bool(content.get("higherOrder"))
    return Rows(path, *columns, *ids, physical, *called), told, rates  # pyright: ignore[reportCallIssue]


JSON = {"codelength": "codelength", "index codelength": "indexCodelength", "module codelength": "moduleCodelength",
        "one-level codelength": "oneLevelCodelength"}  # fmt: skip


def _whole(nodes: Sequence[Any], key: str) -> list[int] | None:
    return [int(node[key]) for node in nodes] if nodes and key in nodes[0] else None


def _told(module: dict[str, Any], key: str) -> float:
    return float("nan") if module[key] is None else module[key]


def read_csv(file: File) -> Read:
    """A .csv; of one without states a node may stand in several modules, as the reference's has it."""
    lines = csv.DictReader(io.StringIO(file.content(), newline=""))
    columns: dict[str, list[Any]] = {name: [] for name in lines.fieldnames or ()}
    kinds: dict[str, Callable[[str], Any]] = {"path": path_of, "flow": float, "state": str, "layer": str}
    kinds |= dict.fromkeys(("node_id", *HIGHER), int)
    if is_tree := columns.keys() >= {*COLUMNS}:
        columns = {name: column for name, column in columns.items() if name in (*COLUMNS, *HIGHER, "state", "layer")}
    row = {}
    try:
        for row in lines:
            for name, column in columns.items():
                column.append(kinds.get(name, str)(row[name]) if is_tree else _cell(row[name]))
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        said = error if isinstance(error, BadInput | csv.Error) else f"got {dict(row)}"
        raise BadLine(f"wanted columns {', '.join(columns)}; {said}", file.name, lines.line_num) from None
    if is_tree:
        return _rows(columns), {}, {}
    return _labelled({name: integers_or_text(column) for name, column in columns.items()}, file), {}, {}


def _cell(cell: Any) -> str:
    if not isinstance(cell, str):
        raise ValueError
    return cell


def read_parquet(file: File) -> Read:
    """A .parquet with the same columns."""
    from pyarrow import ArrowException, parquet

    try:
        table = parquet.read_table(io.BytesIO(file.data))
        columns = {name: table[name].to_pylist() for name in table.column_names}
        if not columns.keys() >= {*COLUMNS}:
            return _labelled(columns, file), {}, {}
        columns["path"] = [path_of(path) for path in columns["path"]]
    except (OSError, ArrowException, ValueError, AttributeError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"wanted columns {', '.join(COLUMNS)} in {str(file.name)!r}; {error}") from None
    metadata = table.schema.metadata or {}
    told = {key.decode(): float(value) for key, value in metadata.items() if key.decode() in TOLD}
    return _rows(columns), told, {}


def _labelled(columns: dict[str, list[Any]], file: File) -> Rows:
    """The rows of a table of labels, as `Tree.to_frame`, `memberships` and `stability` have them."""
    try:
        labels = labels_of_columns(columns)
    except BadInput as error:
        raise BadInput(f"{error} in {str(file.name)!r}, or path, flow, name and node_id, as trees have") from None
    known = [i for i, label in enumerate(labels.values) if label is not None and label != ""]
    columns = {name: [column[i] for i in known] for name, column in columns.items()}
    values = [labels.values[i] for i in known]
    names = columns.get("name", columns.get("node", [(labels.names or [])[i] for i in known]))
    rank = {value: i for i, value in enumerate(sorted(set(values), key=_order), 1)}
    paths = [(*(value if isinstance(value, tuple) else (rank[value],)), 0) for value in values]
    flow = [np.nan if one in (None, "") else float(one) for one in columns.get("flow", [None] * len(paths))]
    (state, states), (layer, layers) = (_ids(columns.get(name)) for name in ("state", "layer"))
    return Rows(paths, flow, names, _ids(names)[0] or [], state, layer, True, states, layers)


def _ids(names: list[Any] | None) -> tuple[list[int] | None, dict[int, Any]]:
    """Whole numbers for names, and the name of each where they are none."""
    if names is None or all(type(name) is int and 0 <= name < 2**63 for name in names):
        return names, {}
    number = {name: i for i, name in enumerate(dict.fromkeys(names), 1)}
    return [number[name] for name in names], {i: name for name, i in number.items()}


def _order(label: Any) -> tuple[str, Any]:
    return type(label).__name__, label


def _rows(columns: dict[str, list[Any]]) -> Rows:
    path, flow, name, node = (columns.get(name, []) for name in COLUMNS)
    state, layer = (columns.get(name) for name in HIGHER)
    called = [dict(zip(ids, columns[name], strict=True)) if ids is not None and name in columns else {}
              for ids, name in ((state, "state"), (layer, "layer"))]  # fmt: skip
    return Rows(path, flow, name, node, state, layer, True, *called)
