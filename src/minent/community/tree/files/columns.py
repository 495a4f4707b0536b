"""The numbers by which files know nodes, states and layers, and what they are called where that is something else."""

from typing import Any, NamedTuple

from minent.community.tree.description import Description


class Column(NamedTuple):
    """An id for each leaf, none where there are none; and the name of each id, where names are no ids."""

    ids: list[int]
    called: dict[int, str]


def node_ids(tree: Description) -> list[int]:
    """The ids that are known; else the names where they are different whole numbers from 0 and fit, else 1, 2, 3, …"""
    if tree.ids is not None:
        return tree.ids.tolist()
    names = tree.node_names
    return names if _whole(names) and len(set(names)) == len(names) else list(range(1, len(names) + 1))


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
