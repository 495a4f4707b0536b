"""Trees on disk, in the reference Infomap's own formats: a path such as 1:2:3 says where a node stands.

Numbers are written so that they are read back exactly. A node's id is its name where names are whole numbers, else its
number from 1 (as in a Pajek file). Formats of lines (.tree, .ftree) write a line break inside a name as a space.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np

from minent.community.tree.description import Description
from minent.community.tree.module_links import link_lines
from minent.errors import BadInput
from minent.files import whole_file


def write(tree: Description, path: str | os.PathLike[str], depth: int = 1) -> None:
    """Write the tree in the format the suffix of `path` names; see `Tree.write`."""
    suffix = known_suffix(path)
    with whole_file(path) as temporary:
        if suffix == ".parquet":
            _write_parquet(tree, temporary)
            return
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.writelines(_clu(tree, depth) if suffix == ".clu" else WRITERS[suffix](tree))


def known_suffix(path: str | os.PathLike[str]) -> str:
    """The suffix of `path`; raises BadInput where it names no format."""
    if (suffix := Path(path).suffix.lower()) not in WRITERS:
        raise BadInput(f"a tree is written as {', '.join(WRITERS)}; got {Path(path).name!r}")
    return suffix


def _head(tree: Description) -> Iterator[str]:
    yield f"# minent {version('minent')}\n"
    yield f"# partitioned into {tree.depth + 1} levels with {tree.number_of_top_modules} top modules\n"
    yield f"# codelength {tree.codelength!r} bits\n"
    yield f"# index codelength {tree.index_codelength!r} bits\n# module codelength {tree.module_codelength!r} bits\n"
    if tree.one_level_codelength > 0:
        yield f"# relative codelength savings {100 * (1 - tree.codelength / tree.one_level_codelength):.6g}%\n"
    if tree.flow is not None:
        yield f"# flow model {'directed' if tree.flow.network.directed else 'undirected'}\n"


def _rows(tree: Description) -> list[tuple[str, float, str, int]]:
    """(path, flow, name, node id) in the order of the paths."""
    order = np.lexsort((tree.node_rank, tree.labels))
    columns = tree.node_paths, tree.visit.tolist(), [str(name) for name in tree.node_names], node_ids(tree)
    rows = list(zip(*columns, strict=True))
    return [rows[i] for i in order.tolist()]


def node_ids(tree: Description) -> list[int]:
    """The names where they are different whole numbers from 0, else 1, 2, 3, … as in a Pajek file."""
    names = tree.node_names
    whole = all(type(name) is int and name >= 0 for name in names) and len(set(names)) == len(names)
    return names if whole else list(range(1, len(names) + 1))


def _line(name: str) -> str:
    return re.sub(r"[\r\n]+", " ", name)


def _tree(tree: Description) -> Iterator[str]:
    yield from _head(tree)
    yield "# path flow name node_id\n"
    for path, flow, name, node in _rows(tree):
        yield f'{path} {flow!r} "{_line(name)}" {node}\n'


def _ftree(tree: Description) -> Iterator[str]:
    yield from _tree(tree)
    yield from link_lines(tree)


def _clu(tree: Description, depth: int = 1) -> Iterator[str]:
    yield from _head(tree)
    yield f"# module level {depth}\n# node_id module flow\n"
    labels = tree.labels_at(depth)
    columns = node_ids(tree), (labels + 1).tolist(), tree.visit.tolist()
    rows = list(zip(*columns, strict=True))
    for i in np.lexsort((-tree.visit, labels)).tolist():
        yield "{} {} {!r}\n".format(*rows[i])


def _json(tree: Description) -> Iterator[str]:
    """The reference's keys; path [0] is the root."""

    def numbers(path: str) -> list[int]:
        return [int(rank) for rank in (path or "0").split(":")]

    rates = zip(tree.paths, tree.enter.tolist(), tree.exit.tolist(), strict=True)
    content = {
        "version": f"minent {version('minent')}",
        "codelength": _number(tree.codelength),
        "indexCodelength": _number(tree.index_codelength),
        "moduleCodelength": _number(tree.module_codelength),
        "numLevels": tree.depth + 1,
        "numTopModules": tree.number_of_top_modules,
        "nodes": [{"path": numbers(p), "name": name, "flow": flow, "id": i} for p, flow, name, i in _rows(tree)],
        "modules": [{"path": numbers(p), "enterFlow": _number(i), "exitFlow": _number(o)} for p, i, o in rates],
    }
    yield json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"


def _number(value: float) -> float | None:
    """JSON has no NaN: null."""
    return None if np.isnan(value) else value


def _csv(tree: Description) -> Iterator[str]:
    yield "path,flow,name,node_id\n"
    for path, flow, name, node in _rows(tree):
        yield '{},{!r},"{}",{}\n'.format(path, flow, name.replace('"', '""'), node)


def _write_parquet(tree: Description, path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    columns = list(zip(*_rows(tree), strict=True)) or [[], [], [], []]
    types = [("path", pa.string()), ("flow", pa.float64()), ("name", pa.string()), ("node_id", pa.int64())]
    told = {"index codelength": repr(tree.index_codelength), "module codelength": repr(tree.module_codelength)}
    arrays = [pa.array(column, type) for column, (_, type) in zip(columns, types, strict=True)]
    parquet.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(types, metadata=told)), path)


def _newick(tree: Description) -> Iterator[str]:
    """Each module is a pair of brackets; flows stand where branch lengths do."""
    inside: list[list[str]] = [[] for _ in tree.parent]
    names, order = tree.node_names, np.lexsort((tree.node_rank, tree.module)).tolist()
    for i in order:
        name = str(names[i])
        label = name if name.isalnum() else "'{}'".format(_line(name).replace("'", "''"))
        inside[tree.module[i]].append(f"{label}:{float(tree.visit[i])!r}")
    for m in range(len(inside) - 1, 0, -1):
        inside[tree.parent[m]].insert(0, f"({','.join(inside[m])}):{float(tree.module_visit[m])!r}")
    yield f"({','.join(inside[0])}):1;\n"


WRITERS: dict[str, Callable[[Description], Iterator[str]]] = {
    ".tree": _tree, ".ftree": _ftree, ".clu": _clu, ".json": _json, ".csv": _csv, ".nwk": _newick, ".parquet": _tree,
}  # fmt: skip
