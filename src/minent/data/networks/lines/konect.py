"""KONECT's lists say what they are in their first line: % sym, asym or bip, and what their weights are."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from minent.data.networks.bipartite import Bipartite, two_kinds
from minent.data.networks.lines.link_tables import weights_of
from minent.data.networks.plan import Plan
from minent.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

HEAD = re.compile(
    rb"%[ \t]*(sym|asym|bip)[ \t]+(?:unweighted|positive|(?:multi|pos)*(?:weighted|signed)|dynamic)[ \t]*(?:\n|\Z)"
)


def konect_kind(data: bytes) -> str:
    """ "sym", "asym" or "bip" of a list of KONECT's, "" of any other.

    >>> konect_kind(b"% bip unweighted\\n1 1\\n"), konect_kind(b"% symbols weighted\\n1 1\\n")
    ('bip', '')
    """
    found = HEAD.match(data)
    return found[1].decode() if found else ""


def bipartite_of_links(links: "pa.Table", directed: bool | None, plan: Plan) -> Bipartite:
    """The network of links from left to right, which are numbered each for itself. Raises BadInput."""
    if "layer" in links.column_names:
        raise BadInput(f"{plan.file!r} is bipartite, whose links have no layers")
    source, target = (links.column(i).to_pylist() for i in (0, 1))
    network = two_kinds(source, target, weights_of(links), directed=bool(directed))
    ids = "text" if network.names is not None and network.names.dtype == object else "integers"
    note = "sources and targets are nodes of two kinds (% bip)"
    return replace(network, plan=replace(plan, ids=ids, notes=(*plan.notes, note)))
