"""How far two partitions agree, beyond what chance would make them agree.

With the mutual information I, and its mean E[I] over all partitions of the same sizes (hypergeometric):
    AMI = (I − E[I]) / ((H(U) + H(V)) / 2 − E[I])      (Vinh, Epps & Bailey 2010)
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from minent.community.tree.tree import Tree
from minent.data.networks.places import matched
from minent.errors import BadInput

Partition = Tree | Mapping[Any, Any] | Iterable[Any]


def agreement(one: Partition, other: Partition, *, depth: int | None = None) -> float:
    """Adjusted mutual information of two partitions of the same nodes: 1 where they are the same, 0 by chance.

    Each is a Tree (its modules at `depth`, 1 for the top modules; None: its leaf modules), a mapping from names to
    labels, or a label for each node in the same order. Trees and mappings are matched by the names of their nodes; one
    may have their numbers from 1 instead, as a .clu file has.

    Raises BadInput where the nodes are not the same.

    >>> agreement(["a", "a", "b", "b"], [7, 7, 5, 5]), round(agreement([0, 0, 1, 1], [0, 1, 0, 1]), 2)
    (1.0, -0.5)
    >>> agreement({"x": 0, "y": 1}, {"y": "left", "x": "right"})
    1.0
    """
    (names, u), (called, v) = _named(one, depth), _named(other, depth)
    if names is not None and called is not None:
        v = v[matched(names, called)]
    elif len(u) != len(v):
        raise BadInput(f"both must have the same nodes; one has {len(u)}, the other {len(v)}")
    return adjusted_mutual_information(u, v)


def agreements(one: Tree, other: Tree) -> Float[np.ndarray, "depths other_depths"]:
    """The agreement of each depth of one tree with each depth of the other; row 0 and column 0 are the top modules.

    Raises BadInput where the nodes are not the same.
    """
    order = matched(one.leaf_names, other.leaf_names)
    depths = [range(1, max(tree.depth, 1) + 1) for tree in (one, other)]
    labels = [one.labels_at(depth) for depth in depths[0]], [other.labels_at(depth)[order] for depth in depths[1]]
    return np.array([[adjusted_mutual_information(u, v) for v in labels[1]] for u in labels[0]])


def adjusted_mutual_information(u: Int[np.ndarray, " nodes"], v: Int[np.ndarray, " nodes"]) -> float:
    """Of two labels for each node, numbers from 0. Where both are the same partition it is 1.

    >>> round(adjusted_mutual_information(np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 2, 2])), 4)
    0.2988
    """
    nodes, rows, columns = len(u), np.bincount(u), np.bincount(v)
    cell, count = np.unique(u * np.int64(len(columns)) + v, return_counts=True)
    if len(cell) == np.count_nonzero(rows) == np.count_nonzero(columns):
        return 1.0
    a, b = rows[cell // len(columns)], columns[cell % len(columns)]
    mutual = float((count / nodes * np.log(nodes * count / (a * b))).sum())
    chance = expected_mutual_information(rows[rows > 0], columns[columns > 0])
    most = (_entropy(rows[rows > 0]) + _entropy(columns[columns > 0])) / 2
    return (mutual - chance) / (most - chance)


def expected_mutual_information(rows: Int[np.ndarray, " modules"], columns: Int[np.ndarray, " others"]) -> float:
    """The mean mutual information, in nats, of partitions with modules of these sizes, all being as likely:
    Σ_ab Σ_n n/N ln(N n / ab) · a! b! (N−a)! (N−b)! / (N! n! (a−n)! (b−n)! (N−a−b+n)!)."""
    from scipy.special import gammaln

    nodes = int(rows.sum())
    factorial = gammaln(np.arange(nodes + 1) + 1.0)
    sizes, times = np.unique(rows, return_counts=True)
    others, often = np.unique(columns, return_counts=True)
    total = 0.0
    for a, so_many in zip(sizes.tolist(), times.tolist(), strict=True):
        first, last = np.maximum(1, a + others - nodes), np.minimum(a, others)
        length = last - first + 1
        b, weight = np.repeat(others, length), np.repeat(so_many * often, length)
        n = np.arange(len(b)) - np.repeat(np.cumsum(length) - length - first, length)
        chance = factorial[a] + factorial[b] + factorial[nodes - a] + factorial[nodes - b] - factorial[nodes]
        chance -= factorial[n] + factorial[a - n] + factorial[b - n] + factorial[nodes - a - b + n]
        total += float((weight * n / nodes * np.log(nodes * n / (a * b)) * np.exp(chance)).sum())
    return total


def _entropy(sizes: Int[np.ndarray, " modules"]) -> float:
    share = sizes / sizes.sum()
    return float(-(share * np.log(share)).sum())


def _named(partition: Partition, depth: int | None) -> tuple[list[Any] | None, Int[np.ndarray, " nodes"]]:
    """The names of the nodes, where they are known, and their labels as numbers."""
    if isinstance(partition, Tree):
        return partition.leaf_names, partition.labels if depth is None else partition.labels_at(depth)
    names = list(partition) if isinstance(partition, Mapping) else None
    labels = list(partition.values()) if isinstance(partition, Mapping) else list(partition)
    number: dict[Any, int] = {}
    return names, np.array([number.setdefault(label, len(number)) for label in labels], np.int64)
