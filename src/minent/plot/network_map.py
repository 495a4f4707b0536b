"""A network as a map: modules are territories, their area is the share of a random walk spent there, nodes lie inside.

One HTML page that asks the network for nothing: libraries, styles, scripts and data stand in it.
"""

import base64
import html
import json
import re
import zlib
from collections.abc import Sequence
from importlib.resources import files

from minent.data.networks.graph import Graph
from minent.errors import BadInput
from minent.plot.drawing import drawing
from minent.plot.modules import Modules

SCRIPTS = "data", "colours", "territories", "nodes", "panel", "search", "main"


def network_map(
    graph: Graph, tree: Modules, *, title: str | None = None, called: Sequence[Sequence[str]] | None = None
) -> str:
    """An interactive map of a network and its modules: one self-contained HTML page, in the same bytes every time.

    graph  the network, with names where nodes have names
    tree   its modules, from `minent.community.find(graph)`
    title  what the page is called; None: the numbers of nodes and modules
    called words for each module of the tree (the root first) that it goes by; None, or none: its most visited nodes

    Zooming goes from modules to nodes and links; a node is found by its name; a module is entered by a click on it.
    Area is flow: leaf modules and nodes are discs in proportion to it. Of more than a million links the page carries
    the strongest million. Raises BadInput where graph and tree do not have the same number of nodes.

    >>> import numpy as np
    >>> from minent.community.walk.models import flow_of
    >>> from minent.community.tree.grow import grow
    >>> from minent.data import Graph
    >>> network = Graph.from_links([0, 1, 2, 3, 4, 5, 2], [1, 2, 0, 4, 5, 3, 3])
    >>> tree = grow(flow_of(network), np.array([-1, 0, 0]), np.array([1, 1, 1, 2, 2, 2]))
    >>> page = network_map(network, tree, title="Two triangles")
    >>> "<title>Two triangles</title>" in page
    True
    """
    if graph.number_of_nodes != len(tree.module):
        nodes = graph.number_of_nodes, len(tree.module)
        raise BadInput(f"graph and tree must have the same nodes; the graph has {nodes[0]}, the tree {nodes[1]}")
    if called is not None and len(called) != len(tree.parent):
        raise BadInput(
            f"the tree has {len(tree.parent)} modules, the root among them; {len(called)} are called something"
        )
    facts, arrays = drawing(graph, tree, called)
    title = title or f"{facts['nodes']:,} nodes in {facts['modules']:,} modules"
    layout, packed = [], bytearray()
    for name, array in arrays.items():
        layout.append([name, array.dtype.name, len(array), len(packed)])
        packed += array.tobytes() + b"\0" * (-array.nbytes % 8)
    assets = files("minent.plot") / "assets"
    libraries = [(assets / f"{name}.min.js").read_text("utf-8") for name in ("graphology.umd", "sigma")]
    parts = {
        "title": html.escape(title),
        "style": (assets / "network_map.css").read_text("utf-8"),
        "licences": (assets / "LICENSES.txt").read_text("utf-8"),
        "libraries": re.sub(r"(?m)^//# sourceMappingURL=.*$", "", "\n".join(libraries)),
        "facts": json.dumps({**facts, "arrays": layout}).replace("<", r"\u003c"),
        "data": base64.b64encode(zlib.compress(packed, 6)).decode(),
        "script": "\n".join((assets / f"{name}.js").read_text("utf-8") for name in SCRIPTS),
    }
    page = (assets / "network_map.html").read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda part: parts[part[1]], page)
