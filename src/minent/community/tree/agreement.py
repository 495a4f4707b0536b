"""How far two partitions agree, beyond what chance would make them agree.

With the mutual information I, and its mean E[I] over all partitions of the same sizes (hypergeometric):
    AMI = (I − E[I]) / ((H(U) + H(V)) / 2 − E[I])      (Vinh, Epps & Bailey 2010)
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from minent.community.tree.given import given
from minent.community.tree.tree import Tree
from minent.data.networks.naming.labels import Labels
from minent.data.networks.naming.places import matched, places
from minent.errors import BadInput


def agreement(one: Any, other: Any, *, depth: int | None = None) -> float:
    """Adjusted mutual information of two partitions of the same nodes: 1 where they are the same, 0 by chance.

    Each is a Tree or a path to one (its modules at `depth`, 1 for the top modules; None: its leaf modules), or what
    else `codelength` takes for modules. Where both tell names, as trees, mappings, series and sets do, they are matched
    by these; one may have their numbers from 1 instead, as a .clu file has. Else labels are in the same order.

    Raises BadInput where the nodes are not the same.

    >>> agreement(["a", "a", "b", "b"], [7, 7, 5, 5]), round(agreement([0, 0, 1, 1], [0, 1, 0, 1]), 2)
    (1.0, -0.5)
    >>> agreement({"x": 0, "y": 1}, {"y": "left", "x": "right"})
    1.0
    """
    (first, u), (second, v) = _labelled(one, depth), _labelled(other, depth)
    named = first.names is not None and second.names is not None
    if named and (first.counted or second.counted) and len(u) == len(v):  # counted by names, or by places
        named = places(first.names or [], second.names or [], numbers=False) is not None
    if named:
        return adjusted_mutual_information(u, v[matched(first.names or [], second.names or [])])
    if len(u) != len(v):
        raise BadInput(f"both must have the same nodes; one has {len(u)}, the other {len(v)}")
    if first.unordered or second.unordered:
        raise BadInput("sets of nodes are in no order; wanted names on the other side too, not labels in an order")
    return adjusted_mutual_information(u, v)


def agreements(one: Any, other: Any) -> Float[np.ndarray, "depths other_depths"]:
    """The agreement of each depth of one tree, or of a path to one, with each depth of the other; row 0 and column 0
    are the top modules.

    Raises BadInput where the nodes are not the same.
    """
    one, other = given(one), given(other)
    if not isinstance(one, Tree) or not isinstance(other, Tree):
        raise BadInput("the depths of two trees are compared; labels have one: minent.community.agreement")
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


def _labelled(partition: Any, depth: int | None) -> tuple[Labels, Int[np.ndarray, " nodes"]]:
    """The labels, with the names of the nodes where they are known, and their labels as numbers."""
    found = given(partition)
    if isinstance(found, Tree):
        labels = found.labels if depth is None else found.labels_at(depth)
        return Labels(labels.tolist(), found.leaf_names), labels
    if None in found.values:
        at = found.values.index(None)
        raise BadInput(f"every node wants one label; node {at if found.names is None else found.names[at]!r} has none")
    number: dict[Any, int] = {}
    labels = [label[:depth] if isinstance(label, tuple) else label for label in found.values]
    return found, np.array([number.setdefault(label, len(number)) for label in labels], np.int64)
