"""Trees in tables, .csv and .parquet, and .json, with the reference's names of columns and keys."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path as File
from typing import Any

from minent.community.tree.files.rows import COLUMNS, HIGHER, Read, Rows, Told, checked, path_of
from minent.data.text_file import open_text
from minent.errors import BadInput, BadLine

TOLD = "codelength", "index codelength", "module codelength", "one-level codelength"


def read_json(file: File) -> Read:
    """The reference's .json."""
    try:
        content = json.loads(open_text(file).content())
        nodes = content["nodes"]
        path = [checked(node["path"]) for node in nodes]
        columns = [[float(node["flow"]) for node in nodes], [str(node["name"]) for node in nodes]]
        ids = [[int(node["id"]) for node in nodes], *(_whole(nodes, key) for key in ("stateId", "layerId"))]
        modules = {tuple(module["path"]): module for module in content.get("modules", [])}
        rates = {at: (_told(one, "enterFlow"), _told(one, "exitFlow")) for at, one in modules.items() if at != (0,)}
    except BadInput:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput(f"wanted an object with nodes (path, flow, name, id) in {str(file)!r}; {error!r}") from None
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
    lines = csv.DictReader(io.StringIO(open_text(file).content(), newline=""))
    columns: dict[str, list[Any]] = {}
    kinds: dict[str, Callable[[str], Any]] = {"path": path_of, "flow": float, "name": str, "node_id": int}
    kinds |= {name: int for name in HIGHER if name in (lines.fieldnames or ())}
    kinds |= {name: str for name in ("state", "layer") if name in (lines.fieldnames or ())}
    row = {}
    try:
        for row in lines:
            for name, kind in kinds.items():
                columns.setdefault(name, []).append(kind(row[name]))
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        said = error if isinstance(error, BadInput | csv.Error) else f"got {dict(row)}"
        raise BadLine(f"wanted columns {', '.join(COLUMNS)}; {said}", file, lines.line_num) from None
    return _rows(columns), {}, {}


def read_parquet(file: File) -> Read:
    """A .parquet with the same columns."""
    from pyarrow import ArrowException, parquet

    try:
        schema = parquet.read_schema(file)
        more = [name for name in (*HIGHER, "state", "layer") if name in schema.names]
        table = parquet.read_table(file, columns=[*COLUMNS, *more])
        columns = {name: table[name].to_pylist() for name in table.column_names}
        columns["path"] = [path_of(path) for path in columns["path"]]
    except (OSError, ArrowException, KeyError, ValueError, AttributeError) as error:
        raise BadInput(f"wanted columns {', '.join(COLUMNS)} in {str(file)!r}; {error}") from None
    told = {key.decode(): float(value) for key, value in (schema.metadata or {}).items() if key.decode() in TOLD}
    return _rows(columns), told, {}


def _rows(columns: dict[str, list[Any]]) -> Rows:
    path, flow, name, node = (columns.get(name, []) for name in COLUMNS)
    state, layer = (columns.get(name) for name in HIGHER)
    called = [dict(zip(ids, columns[name], strict=True)) if ids is not None and name in columns else {}
              for ids, name in ((state, "state"), (layer, "layer"))]  # fmt: skip
    return Rows(path, flow, name, node, state, layer, True, *called)
