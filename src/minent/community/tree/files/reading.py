"""Trees from disk: what `Tree.write` or the reference Infomap wrote (.tree, .ftree, .clu, .json, .csv, .parquet).

A file is what its suffix says; standard input, a pipe and an open file are what they hold.

Paths are kept as the file has them. A node that stands beside modules, as the reference allows, is wrapped in a module
of its own. What the file does not tell is NaN, but for the rates of the modules, which are sums over their nodes.
"""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from minent.community.tree.description import Description
from minent.community.tree.files.paths import nested
from minent.community.tree.files.rows import Rates, Rows, Told
from minent.community.tree.files.tables import read_csv, read_json, read_parquet
from minent.community.tree.files.texts import NODE, read_clu, read_tree
from minent.data.networks.naming.names import name_array
from minent.data.text_file import TextFile, open_text
from minent.data.whole import named, whole
from minent.entropy import sum_plogp
from minent.errors import BadInput
from minent.files import stream


def read(path: str | os.PathLike[str] | Any) -> Description:
    """Read the tree in the format that the suffix of `path` names, or that it holds; see `Tree.read`."""
    path = "-" if str(path) == "-" else path
    by_name = isinstance(path, str | os.PathLike) and path != "-" and not stream(Path(path))
    kinds = {suffix.lower() for suffix in Path(path).suffixes[-2:]} if by_name else set()  # .tree.gz too
    file = None if by_name and not kinds & READERS.keys() else open_text(path)
    if file is None or (reader := READERS.get(file.kind if by_name else _held(file))) is None:
        raise BadInput(f"a tree is read from {', '.join(READERS)}; got {Path(path).name!r}")
    with named(file.name):
        with whole(file.name, "a tree"):
            rows, told, rates = reader(file)
        return _description(rows, told, rates)


def _held(file: TextFile) -> str:
    """The suffix of what a file holds."""
    if file.data[:4] == b"PAR1":
        return ".parquet"
    first = next((line for line in file.lines() if line.strip() and not line.startswith("#")), "").strip()
    if first.startswith(("{", "[")):
        return ".json"
    if NODE.match(first):
        return ".tree"
    return ".csv" if "," in first else ".clu"


def _description(rows: Rows, told: Told, rates: Rates) -> Description:
    rows = _sorted(rows)
    parent, module, rank = nested(rows.path)
    visit = np.array(rows.flow, float)
    flow = np.bincount(module, visit, minlength=len(parent)).astype(float)
    for m in range(len(parent) - 1, 0, -1):
        flow[parent[m]] += flow[m]
    enter, leave = _rates(parent, rank, rates)
    index, modules = told.get("index codelength", np.nan), told.get("module codelength", np.nan)
    names, physical = _names(rows), _physical(rows)
    told_one = np.nan if np.isnan(visit).any() else -sum_plogp(np.bincount(physical, visit) if len(visit) else visit)
    one_level = told.get("one-level codelength", told_one)
    states, layers = _states(rows, names)
    several = states is not None or len(np.unique(physical)) < len(physical)
    ids = _ids(rows.node)
    usual = not several and (names is None or names.dtype.kind == "i" or rows.node == list(range(1, len(ids) + 1)))
    return Description(
        parent, module, visit, flow, enter, leave, index, modules, one_level,
        names=ids if names is None and several else names,
        states=states, physical=physical if several else None, layers=layers, ids=None if usual else ids,
        total=told.get("codelength", np.nan),
    )  # fmt: skip


def _sorted(rows: Rows) -> Rows:
    """By their states, or by their nodes. Raises BadInput where one stands twice that should not."""
    of, keys = ("node", rows.node) if rows.state is None else ("state", rows.state)
    once: list[Any] = keys
    if rows.physical and rows.state is None:  # once in a module
        once = list(zip(keys, (path[:-1] for path in rows.path), strict=True))
    (twice, times), *_ = Counter(once).most_common(1) or [(0, 0)]
    if times > 1:
        raise BadInput(f"each {of} must stand once; {of} {twice if once is keys else twice[0]} stands {times} times")
    order = sorted(range(len(keys)), key=lambda i: (keys[i], rows.path[i]))
    if order == list(range(len(keys))):
        return rows
    moved = {field: [column[i] for i in order] for field, column in zip(rows._fields, rows, strict=True)
             if isinstance(column, list)}  # fmt: skip
    return rows._replace(**moved)


def _rates(parent: np.ndarray, rank: np.ndarray, rates: Rates) -> tuple[np.ndarray, np.ndarray]:
    """The rates of entering and leaving each module, where they are told."""
    enter, leave = np.full((2, len(parent)), np.nan)
    enter[0] = leave[0] = 0.0
    below = {pair: m for m, pair in enumerate(zip(parent.tolist(), rank.tolist(), strict=True))} if rates else {}
    for path, told in rates.items():
        m = 0
        for at in path:
            m = below.get((m, at), 0)
        if m:
            enter[m], leave[m] = told
    return enter, leave


def _names(rows: Rows) -> np.ndarray | None:
    """The names of nodes; None where they are 0, 1, 2, …"""
    if rows.name is not None and list(map(str, rows.name)) != list(map(str, rows.node)):
        return name_array(rows.name).astype(object)
    return None if rows.node == list(range(len(rows.node))) else _ids(rows.node)


def _ids(ids: list[int]) -> np.ndarray:
    if max(ids, default=0) >= 2**63:
        raise BadInput(f"ids are whole numbers below 2**63; got {max(ids)}")
    return np.array(ids, np.int64)


def _physical(rows: Rows) -> np.ndarray:
    """The physical node of each leaf by number, in the order of their ids."""
    return np.unique(_ids(rows.node), return_inverse=True)[1].astype(np.int32)


def _states(rows: Rows, names: np.ndarray | None) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The names of states, (layer, node) in a network of layers, and the layers."""
    if rows.state is None:
        return None, None
    layers = None if rows.layer is None else name_array([rows.layers.get(one, one) for one in rows.layer])
    if layers is None or rows.name is None:
        return name_array([rows.states.get(one, one) for one in rows.state]), layers
    nodes = rows.node if names is None else names.tolist()
    states = np.empty(len(rows.state), object)
    states[:] = list(zip(layers.tolist(), nodes, strict=True))
    return states, layers


READERS = {
    ".tree": read_tree, ".ftree": read_tree, ".clu": read_clu,
    ".json": read_json, ".csv": read_csv, ".parquet": read_parquet,
}  # fmt: skip
