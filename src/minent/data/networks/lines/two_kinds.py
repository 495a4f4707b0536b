"""A table of users and items, as names of its columns say: nodes of two kinds, whatever both are called."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from minent.data.networks.bipartite import Bipartite, two_kinds
from minent.data.networks.lines.columns.names import plain
from minent.data.networks.plan import Plan
from minent.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

WHO = {"user", "customer", "author", "person", "reader", "member", "buyer", "client", "actor", "document", "doc"}
WHAT = {
    "item", "movie", "film", "product", "paper", "article", "book", "song", "track", "artist", "event", "business",
    "tag", "word", "term",
}  # fmt: skip


def say_two_kinds(source: str, target: str) -> bool:
    """Whether columns of these names hold nodes of two kinds.

    >>> say_two_kinds("userId", "movieId"), say_two_kinds("item", "user"), say_two_kinds("user1", "user2")
    (True, True, False)
    """
    one, other = (re.sub(r"[_ ]?id$", "", plain(name)) for name in (source, target))
    return (one in WHO and other in WHAT) or (one in WHAT and other in WHO)


def bipartite_of_links(
    links: "pa.Table", weight: np.ndarray | None, directed: bool | None, plan: Plan, konect: bool = False
) -> Bipartite:
    """The network of links from left to right, which are named each for itself. Raises BadInput."""
    if "layer" in links.column_names:
        raise BadInput(f"{plan.file!r} is bipartite, whose links have no layers: names of both kinds that differ have")
    source, target = (links.column(i).to_pylist() for i in (0, 1))
    kinds = ("left", "right") if konect else (plan.source, plan.target)
    network = two_kinds(source, target, weight, directed=bool(directed), called=kinds)
    ids = "text" if network.names is not None and network.names.dtype == object else "integers"
    note = f"sources and targets are nodes of two kinds{' (% bip)' * konect}"
    return replace(network, plan=replace(plan, ids=ids, notes=(*plan.notes, note)))
