"""Paths of nodes become nested modules: all but the last number of a path says in which module a node stands."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from minent.community.tree.canonical import depths, levels
from minent.errors import BadInput

Path = tuple[int, ...]


class Nested(NamedTuple):
    """Modules in modules, breadth-first in the order of their paths."""

    parent: Int[np.ndarray, " modules"]  # -1: the root, module 0
    module: Int[np.ndarray, " nodes"]  # the leaf module of each node
    rank: Int[np.ndarray, " modules"]  # the last number of each module's path


def nested(paths: Sequence[Path]) -> Nested:
    """The modules that the paths of nodes tell. A node that stands beside modules, as files may have it, is wrapped in
    a module of its own.

    Raises BadInput where the path of such a node is another's, or that of a module.

    >>> parent, module, _ = nested([(1, 1, 1), (1, 1, 2), (1, 2), (2,)])
    >>> parent.tolist(), module.tolist()
    ([-1, 0, 0, 1, 1], [3, 3, 4, 2])
    """
    number: dict[tuple[int, int], int] = {}  # of a module, by the number of its parent and its rank there
    parent, rank, place = [-1], [0], {}

    def below(above: int, at: int) -> int:
        found = number.setdefault((above, at), len(parent))
        if found == len(parent):
            parent.append(above)
            rank.append(at)
        return found

    for path in dict.fromkeys(path[:-1] for path in paths):
        m = 0
        for at in path:
            m = below(m, at)
        place[path] = m
    module = np.fromiter((place[path[:-1]] for path in paths), np.int64, len(paths))
    holds = np.zeros(len(parent), bool)
    holds[[0, *parent[1:]]] = True
    for i in np.flatnonzero(holds[module]).tolist():
        if (module[i], paths[i][-1]) in number:
            raise BadInput(f"a path is that of one node, or of a module; {_short(paths[i])} is not")
        module[i] = below(int(module[i]), paths[i][-1])
    return _breadth_first(np.array(parent), np.array(rank), module)


def _short(path: Path) -> str:
    return ":".join(map(str, path[:9])) + ":…" * (len(path) > 9)


def _breadth_first(
    parent: Int[np.ndarray, " modules"], rank: Int[np.ndarray, " modules"], module: Int[np.ndarray, " nodes"]
) -> Nested:
    renumbered, count, above = np.zeros(len(parent), np.int32), 1, [np.array([-1], np.int32)]
    for level in levels(depths(parent))[1:]:
        level = level[np.lexsort((rank[level], renumbered[parent[level]]))]
        renumbered[level] = np.arange(count, count + len(level))
        above.append(renumbered[parent[level]])
        count += len(level)
    return Nested(np.concatenate(above), renumbered[module], rank[np.argsort(renumbered)])
