"""The numbers by which files know nodes, states and layers, and what they are called where that is something else."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int

from minent.community.tree.description import Description

CHUNK = 1 << 16  # leaves that are Python's objects at a time


class Column(NamedTuple):
    """An id for each leaf, none where there are none; and the name of each id, where names are no ids."""

    ids: list[int]
    called: dict[int, str]


def node_ids(tree: Description) -> Int[np.ndarray, " nodes"]:
    """The ids that are known; else the names where they are different whole numbers from 0 and fit, else 1, 2, 3, …"""
    if tree.ids is not None:
        return tree.ids
    names = tree.physical if tree.names is None else tree.names
    if names is None:
        return np.arange(len(tree.module))
    if names.dtype.kind == "O" and _whole(names.tolist()):
        names = names.astype(np.int64)
    whole = names.dtype.kind == "i" and not (names < 0).any() and len(np.unique(names)) == len(names)
    return names.astype(np.int64) if whole else np.arange(1, len(names) + 1)


def arrow_columns(tree: Description) -> Any:
    """The columns of a tree whose leaves are nodes, as a table of Arrow, in the order of the paths: no Python object is
    made of a node."""
    import pyarrow as pa
    from pyarrow import compute

    order, above = np.lexsort((tree.node_rank, tree.labels)), np.unique(tree.module)
    place = np.searchsorted(above, tree.module[order])
    modules = pa.array([tree.path(m) for m in above.tolist()], pa.string()).take(pa.array(place))
    path = compute.binary_join_element_wise(modules, pa.array(tree.node_rank[order]).cast(pa.string()), ":")  # pyright: ignore[reportAttributeAccessIssue]
    names = np.arange(len(order)) if tree.names is None else tree.names
    chunks = [names[first : first + CHUNK] for first in range(0, len(names), CHUNK)]
    whole = names.dtype.kind == "i"
    called = pa.chunked_array(
        [pa.array(one if whole else list(map(str, one))) for one in chunks], pa.int64() if whole else pa.string()
    )
    columns = {"path": path, "flow": tree.visit[order], "name": called.take(pa.array(order)).cast(pa.string())}
    return pa.table(columns | {"node_id": node_ids(tree)[order]})


def chunks(tree: Description) -> Iterator[dict[str, list[Any]]]:
    """The columns of some leaves at a time, as `columns_of` has all."""
    if tree.physical is not None:
        yield columns_of(tree)
        return
    table = arrow_columns(tree)
    yield from (table.slice(first, CHUNK).to_pydict() for first in range(0, max(len(table), 1), CHUNK))


def columns_of(tree: Description) -> dict[str, list[Any]]:
    """The columns of all leaves in the order of the paths, by the reference's names; of states and layers their names
    too, where those are not their ids."""
    order = np.lexsort((tree.node_rank, tree.labels)).tolist()
    columns = {"path": tree.node_paths, "flow": tree.visit.tolist(), "name": list(map(str, tree.node_names))}
    state, layer = state_column(tree), layer_column(tree)
    more = {"state_id": state.ids, "layer_id": layer.ids, "node_id": node_ids(tree).tolist()}
    more |= {kind: [one.called[i] for i in one.ids] for kind, one in (("state", state), ("layer", layer)) if one.called}
    return {name: [column[i] for i in order] for name, column in (columns | more).items() if column or not order}


def state_column(tree: Description) -> Column:
    """The ids of states; those of layers are called by their layer and node, which stand beside them."""
    if tree.states is None:
        return Column([], {})
    names = tree.states.tolist()
    if _whole(names) and len(set(names)) == len(names):
        return Column(names, {})
    ids = range(1, len(names) + 1)
    called = {} if tree.layers is not None else dict(zip(ids, map(str, names), strict=True))
    return Column(list(ids), called)


def layer_column(tree: Description) -> Column:
    """The ids of layers: their names, or their places in the order in which states have them."""
    if tree.layers is None:
        return Column([], {})
    names = tree.layers.tolist()
    if _whole(names):
        return Column(names, {})
    number = {name: i for i, name in enumerate(dict.fromkeys(names), 1)}
    return Column([number[name] for name in names], {i: str(name) for name, i in number.items()})


def _whole(names: list[Any]) -> bool:
    return all(type(name) is int and 0 <= name < 2**63 for name in names)
