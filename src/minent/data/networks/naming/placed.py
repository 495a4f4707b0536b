"""Where the label of each node stands among those given; or why they are not the labels of these nodes."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Int

from minent.data.networks.naming.labels import Labels, labels_of
from minent.data.networks.naming.places import likeliest, places
from minent.errors import BadInput


def placed(
    nodes: Sequence[Any], labels: Labels, of: str = "module", partial: bool = False
) -> Int[np.ndarray, " nodes"]:
    """Where the label of each of the nodes stands; -1 for a node that has none, where labels may be `partial`.

    Raises BadInput where names or numbers do not match.

    >>> from minent.data.networks.naming.labels import labels_of
    >>> placed(["a", "b"], labels_of({"b": 7, "a": 5})).tolist(), placed(["a", "b"], labels_of([5, 7])).tolist()
    ([1, 0], [0, 1])
    """
    if labels.names is not None and (order := places(nodes, labels.names, partial)) is not None:
        return order
    if (labels.names is None or labels.counted) and len(labels.values) == len(nodes):
        return np.arange(len(nodes))
    raise BadInput(unlike(nodes, labels, of, partial))


def of_each(nodes: Sequence[Any], given: Any, of: str) -> list[Any]:
    """The label of each of the nodes, in whatever way `labels_of` knows they are given.

    >>> of_each(["a", "b"], {"b": 7, "a": 5}, "weight"), of_each(["a", "b"], [5, 7], "weight")
    ([5, 7], [5, 7])
    """
    labels = labels_of(given, of)
    return [labels.values[i] for i in placed(nodes, labels, of).tolist()]


def unlike(nodes: Sequence[Any], labels: Labels, of: str, partial: bool) -> str:
    """Why labels are not those of the nodes."""
    if labels.names is None or (len(labels.names) != len(nodes) and not partial):
        return f"every node wants one {of}: the network has {len(nodes)} nodes; got {len(labels.values)} labels"
    ours, theirs = likeliest(nodes, labels.names)
    known, there = set(theirs), set(ours)
    if len(known) < len(theirs) or len(there) < len(ours):
        names = theirs if len(known) < len(theirs) else ours
        twice = next((one for one, other in pairwise(sorted(map(str, names))) if one == other), "")
        return f"{of}s are given by the names of nodes, which must differ; {twice!r} stands twice"
    strange = [name for name, their in zip(labels.names, theirs, strict=True) if their not in there]
    lack = [name for name, our in zip(nodes, ours, strict=True) if our not in known and not partial]
    if lack and len(strange) < len(nodes):
        return f"every node wants one {of}: node {lack[0]!r} has none, and {strange[0]!r} is no node"
    some = ", ".join(repr(name) for name in labels.names[:3])
    if lack:
        return f"every node wants one {of}: node {lack[0]!r} has none; {of}s are given for {some}, …"
    return f"{of}s are given by the names of nodes; {strange[0]!r} is none"
