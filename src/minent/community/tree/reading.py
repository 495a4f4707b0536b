"""Trees from disk: what `Tree.write` or the reference Infomap wrote (.tree, .ftree, .clu, .json, .csv, .parquet).

Paths are kept as the file has them. A node that stands beside modules, as the reference allows, is wrapped in a module
of its own. What the file does not tell is NaN, but for the rates of the modules, which are sums over their nodes.
"""

import csv
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path as File

import numpy as np

from minent.community.tree.description import Description
from minent.entropy import sum_plogp
from minent.errors import BadInput, BadLine

Path = tuple[int, ...]
Row = tuple[Path, float, str, int]  # path, flow, name, node id
Told = dict[str, float]  # the codelengths a file tells
Rates = dict[Path, tuple[float, float]]  # enter and exit of modules

NODE = re.compile(r'(\d+(?::\d+)*)\s+([\d.eE+-]+|nan)\s+"(.*)"\s+(\d+)\s*$')
CODELENGTH = re.compile(r"# (index codelength|module codelength) (\S+) bits")
COLUMNS = ["path", "flow", "name", "node_id"]
LINKS = re.compile(r"\*Links (\d+(?::\d+)*|root) (\S+) (\S+)")


def read(path: str | os.PathLike[str]) -> Description:
    """Read the tree in the format the suffix of `path` names; see `Tree.read`."""
    if (reader := READERS.get(File(path).suffix.lower())) is None:
        raise BadInput(f"a tree is read from {', '.join(READERS)}; got {File(path).name!r}")
    try:
        rows, told, rates = reader(File(path))
    except OSError as error:
        raise BadInput(f"cannot read {str(path)!r}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput(f"{str(path)!r} is not text in UTF-8") from None
    (node, times), *_ = Counter(row[3] for row in rows).most_common(1) or [(0, 0)]
    if times > 1:
        raise BadInput(f"each node must stand once; node {node} stands {times} times in {str(path)!r}")
    return _description(sorted(rows, key=lambda row: row[3]), told, rates)


def _description(rows: list[Row], told: Told, rates: Rates) -> Description:
    inner = {path[:end] for path in {row[0][:-1] for row in rows} for end in range(len(path))} | {()}
    leaf = [path if path[:-1] in inner else path[:-1] for path, *_ in rows]
    paths = sorted(inner | set(leaf), key=lambda path: (len(path), path))
    number = {path: m for m, path in enumerate(paths)}
    parent = np.array([-1] + [number[path[:-1]] for path in paths[1:]], np.int32)
    module = np.array([number[path] for path in leaf], np.int32)
    visit = np.array([row[1] for row in rows], float)
    flow = np.bincount(module, visit, minlength=len(paths)).astype(float)
    for m in range(len(paths) - 1, 0, -1):
        flow[parent[m]] += flow[m]
    enter, leave = np.array([rates.get(path, (np.nan, np.nan)) if path else (0.0, 0.0) for path in paths]).T
    one_level = np.nan if np.isnan(visit).any() else -sum_plogp(visit)
    index, modules = (told.get(part, np.nan) for part in ("index codelength", "module codelength"))
    return Description(parent, module, visit, flow, enter, leave, index, modules, one_level, _names(rows))


def _names(rows: list[Row]) -> np.ndarray | None:
    ids, names = [row[3] for row in rows], [row[2] for row in rows]
    if names != list(map(str, ids)):
        return np.array(names, object)
    return None if ids == list(range(len(ids))) else np.array(ids, np.int64)


def _read_tree(file: File) -> tuple[list[Row], Told, Rates]:
    rows: list[Row] = []
    told, rates, links = {}, {}, False
    for number, line in _lines(file):
        links = links or line.startswith("*Links")
        if heading := CODELENGTH.match(line):
            told[heading[1]] = float(heading[2])
        elif section := LINKS.match(line):
            rates[_path(section[1])] = float(section[2]), float(section[3])
        elif not links and not line.startswith("#"):
            if (node := NODE.match(line)) is None:
                raise BadLine(f'wanted a path, a flow, a "name" and a node id; got {line!r}', file, number)
            rows.append((_path(node[1]), float(node[2]), node[3], int(node[4])))
    return rows, told, rates


def _read_clu(file: File) -> tuple[list[Row], Told, Rates]:
    rows: list[Row] = []
    for number, line in _lines(file):
        if not line.startswith("#"):
            try:
                node, module, flow = [*line.split(), "nan"][:3]
                rows.append(((int(module), 0), float(flow), node, int(node)))
            except ValueError:
                raise BadLine(f"wanted a node id, a module and a flow; got {line!r}", file, number) from None
    return rows, {}, {}


def _read_json(file: File) -> tuple[list[Row], Told, Rates]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        rows = [(tuple(node["path"]), float(node["flow"]), node["name"], node["id"]) for node in content["nodes"]]
        modules = {tuple(module["path"]): module for module in content.get("modules", [])}
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"wanted an object with nodes (path, flow, name, id) in {str(file)!r}; {error!r}") from None
    told = {"index codelength": content.get("indexCodelength"), "module codelength": content.get("moduleCodelength")}
    if told["index codelength"] is None and all("codelength" in module for module in modules.values()) and modules:
        told["index codelength"] = modules[0,]["codelength"]
        told["module codelength"] = sum(m["codelength"] for path, m in modules.items() if path != (0,))
    rates = {path: (module["enterFlow"], module["exitFlow"]) for path, module in modules.items() if path != (0,)}
    return rows, {part: bits for part, bits in told.items() if bits is not None}, rates


def _read_csv(file: File) -> tuple[list[Row], Told, Rates]:
    rows: list[Row] = []
    with file.open(encoding="utf-8", newline="") as lines:
        table = csv.DictReader(lines)
        for row in table:
            try:
                rows.append((_path(row["path"]), float(row["flow"]), row["name"], int(row["node_id"])))
            except (KeyError, ValueError, TypeError):
                raise BadLine(f"wanted columns {', '.join(COLUMNS)}; got {dict(row)}", file, table.line_num) from None
    return rows, {}, {}


def _read_parquet(file: File) -> tuple[list[Row], Told, Rates]:
    from pyarrow import ArrowInvalid, parquet

    try:
        table = parquet.read_table(file, columns=COLUMNS)
        path, flow, name, node = (table[column].to_pylist() for column in COLUMNS)
    except (ArrowInvalid, KeyError) as error:
        raise BadInput(f"wanted columns {', '.join(COLUMNS)} in {str(file)!r}; {error}") from None
    told = {key.decode(): float(value) for key, value in (table.schema.metadata or {}).items() if key in TOLD}
    return list(zip(map(_path, path), flow, name, node, strict=True)), told, {}


def _lines(file: File) -> Iterator[tuple[int, str]]:
    with file.open(encoding="utf-8") as lines:
        yield from ((number, line) for number, line in enumerate(lines, 1) if line.strip())


def _path(text: str) -> Path:
    return () if text == "root" else tuple(map(int, text.split(":")))


TOLD = (b"index codelength", b"module codelength")
READERS: dict[str, Callable[[File], tuple[list[Row], Told, Rates]]] = {
    ".tree": _read_tree, ".ftree": _read_tree, ".clu": _read_clu,
    ".json": _read_json, ".csv": _read_csv, ".parquet": _read_parquet,
}  # fmt: skip
