"""Trees on disk, in the reference Infomap's own formats: a path such as 1:2:3 says where a node stands.

Numbers are written so that they are read back exactly. The ids of nodes, states and layers are their names where those
are whole numbers, else their numbers from 1 (as in a Pajek file), and the names stand beside them. Formats of lines
(.tree, .ftree, .clu, .nwk) have no way to write a line break inside a name, which is refused.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from minent.community.tree.description import Description
from minent.community.tree.files.columns import (
    CHUNK,
    arrow_columns,
    chunks,
    columns_of,
    layer_column,
    node_ids,
    state_column,
)
from minent.community.tree.files.module_links import link_lines
from minent.community.tree.files.physical import physical
from minent.errors import BadInput
from minent.files import stream, whole_file


def write(tree: Description, path: str | os.PathLike[str], depth: int = 1) -> None:
    """Write the tree in the format the suffix of `path` names; see `Tree.write`."""
    suffix = known_suffix(path)
    _checked(tree, suffix)
    with whole_file(path) as temporary:
        if suffix == ".parquet":
            _write_parquet(tree, temporary)
            return
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.writelines(_clu(tree, depth) if suffix == ".clu" else WRITERS[suffix](tree))


def lines(tree: Description, suffix: str, states: bool = True) -> Iterator[str]:
    """What `write` would write, in a format of text."""
    return WRITERS[suffix](_checked(tree if states else physical(tree), suffix))


def known_suffix(path: str | os.PathLike[str]) -> str:
    """The suffix of `path`, .tree for a stream without one; raises BadInput where it names no format."""
    if not (suffix := Path(path).suffix.lower()) and stream(Path(path)):
        return ".tree"
    if suffix not in WRITERS:
        raise BadInput(f"a tree is written as {', '.join(WRITERS)}; got {Path(path).name!r}")
    return suffix


def _head(tree: Description) -> Iterator[str]:
    yield f"# minent {version('minent')}\n"
    yield f"# partitioned into {tree.depth + 1} levels with {tree.number_of_top_modules} top modules\n"
    yield f"# codelength {tree.codelength!r} bits\n"
    yield f"# index codelength {tree.index_codelength!r} bits\n# module codelength {tree.module_codelength!r} bits\n"
    yield f"# one-level codelength {float(tree.one_level_codelength)!r} bits\n"
    if tree.one_level_codelength > 0:
        yield f"# relative codelength savings {100 * (1 - tree.codelength / tree.one_level_codelength):.6g}%\n"
    if tree.flow is not None:
        yield f"# flow model {'directed' if tree.flow.network.directed else 'undirected'}\n"
    if tree.physical is not None:
        yield f"# higher order\n# {'physical' if tree.states is None else 'state'} level\n"
    for kind, called in (("state", state_column(tree).called), ("layer", layer_column(tree).called)):
        yield from (f'# {kind} {number} "{name}"\n' for number, name in called.items())


def check_names(suffix: str, names: Iterable[Any]) -> None:
    """Raises BadInput for a name that the format of a suffix cannot hold: of the nodes, and of states and layers."""
    broken = re.compile(r"[\r\n]")
    if suffix in LINES and (bad := next((name for name in map(str, names) if broken.search(name)), None)) is not None:
        hint = "; wanted .json, .csv or .parquet"
        raise BadInput(f"{suffix} has no way to write a name with a line break, {bad!r}{hint}")


def _checked(tree: Description, suffix: str) -> Description:
    if suffix in LINES:
        beside = (*state_column(tree).called.values(), *layer_column(tree).called.values())
        names = () if tree.names is None or tree.names.dtype.kind == "i" else tree.names
        check_names(suffix, beside if suffix == ".clu" else chain(names, beside))
    return tree


def _tree(tree: Description) -> Iterator[str]:
    yield from _head(tree)
    for k, columns in enumerate(chunks(tree)):
        ids = [name for name in ("state_id", "node_id", "layer_id") if name in columns]
        if k == 0:
            yield f"# path flow name {' '.join(ids)}\n"
        rows = zip(columns["path"], columns["flow"], columns["name"], *(columns[name] for name in ids), strict=True)
        for path, flow, name, *numbers in rows:
            yield f'{path} {flow!r} "{name}" {" ".join(map(str, numbers))}\n'


def _ftree(tree: Description) -> Iterator[str]:
    yield from _tree(tree)
    yield from link_lines(tree)


def _clu(tree: Description, depth: int = 1) -> Iterator[str]:
    yield from _head(tree)
    labels = tree.labels_at(depth)
    order = np.lexsort((-tree.visit, labels))
    ids = {"node_id": node_ids(tree), "state_id": state_column(tree).ids, "layer_id": layer_column(tree).ids}
    names = [name for name in ("node_id", "layer_id") if len(ids[name])] if len(ids["state_id"]) else []
    first = "state_id" if names else "node_id"
    yield f"# module level {depth}\n# {' '.join([first, 'module', 'flow', *names])}\n"
    columns = [np.asarray(one) for one in (ids[first], labels + 1, tree.visit, *(ids[name] for name in names))]
    for k in range(0, len(order), CHUNK):
        rows = zip(*(column[order[k : k + CHUNK]].tolist() for column in columns), strict=True)
        yield from (" ".join(map(str, row)) + "\n" for row in rows)


def _json(tree: Description) -> Iterator[str]:
    """The reference's keys; path [0] is the root."""

    def numbers(path: str) -> list[int]:
        return [int(rank) for rank in (path or "0").split(":")]

    rates = zip(tree.paths, tree.enter.tolist(), tree.exit.tolist(), strict=True)
    columns = columns_of(tree)
    columns["path"] = [numbers(path) for path in columns["path"]]
    keys = {"state_id": "stateId", "node_id": "id", "layer_id": "layerId"}
    rows = zip(*columns.values(), strict=True)
    names = [keys.get(name, name) for name in columns]
    content = {
        "version": f"minent {version('minent')}",
        "codelength": _number(tree.codelength),
        "indexCodelength": _number(tree.index_codelength),
        "moduleCodelength": _number(tree.module_codelength),
        "oneLevelCodelength": _number(tree.one_level_codelength),
        "numLevels": tree.depth + 1,
        "numTopModules": tree.number_of_top_modules,
        "higherOrder": tree.physical is not None,
        "stateLevel": tree.states is not None,
        "nodes": [dict(zip(names, row, strict=True)) for row in rows],
        "modules": [{"path": numbers(p), "enterFlow": _number(i), "exitFlow": _number(o)} for p, i, o in rates],
    }
    yield json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"


def _number(value: float) -> float | None:
    """JSON has no NaN: null."""
    return None if np.isnan(value) else float(value)


def _csv(tree: Description) -> Iterator[str]:
    for k, columns in enumerate(chunks(tree)):
        quoted = [name in ("name", "state", "layer") for name in columns]
        if k == 0:
            yield ",".join(columns) + "\n"
        for row in zip(*columns.values(), strict=True):
            cells = (f'"{str(cell).replace(chr(34), 2 * chr(34))}"' if quote else str(cell)
                     for cell, quote in zip(row, quoted, strict=True))  # fmt: skip
            yield ",".join(cells) + "\n"


def _write_parquet(tree: Description, path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {"path": pa.string(), "flow": pa.float64(), "name": pa.string(), "state": pa.string(), "layer": pa.string()}
    told = {name: repr(float(getattr(tree, name.replace(" ", "_").replace("-", "_")))) for name in TOLD}
    if tree.physical is None:
        table = arrow_columns(tree)
    else:
        columns = columns_of(tree)
        arrays = [pa.array(column, kinds.get(name, pa.int64())) for name, column in columns.items()]
        table = pa.table(arrays, names=list(columns))
    parquet.write_table(table.replace_schema_metadata(told), path)


def _newick(tree: Description) -> Iterator[str]:
    """Each module is a pair of brackets; flows stand where branch lengths do."""
    inside: list[list[str]] = [[] for _ in tree.parent]
    names, order = tree.called, np.lexsort((tree.node_rank, tree.module)).tolist()
    for i in order:
        name = names[i]
        label = name if name.isalnum() else "'{}'".format(name.replace("'", "''"))
        inside[tree.module[i]].append(f"{label}:{float(tree.visit[i])!r}")
    for m in range(len(inside) - 1, 0, -1):
        inside[tree.parent[m]].insert(0, f"({','.join(inside[m])}):{float(tree.module_visit[m])!r}")
    yield f"({','.join(inside[0])}):1;\n"


LINES = ".tree", ".ftree", ".clu", ".nwk"
TOLD = "codelength", "index codelength", "module codelength", "one-level codelength"
WRITERS: dict[str, Callable[[Description], Iterator[str]]] = {
    ".tree": _tree, ".ftree": _ftree, ".clu": _clu, ".json": _json, ".csv": _csv, ".nwk": _newick, ".parquet": _tree,
}  # fmt: skip
