"""A network as a map: modules are territories, their area is the share of a random walk spent there, nodes lie inside.

One HTML page that asks the network for nothing: libraries, styles, scripts and data stand in it.
"""

import base64
import html
import json
import logging
import os
import re
import warnings
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minent.data.networks.graph import Graph
from minent.errors import BadInput
from minent.files import whole_file
from minent.plot.drawing import drawing
from minent.plot.modules import Modules
from minent.plot.page import Page, asset, filled, page
from minent.plot.still import still
from minent.plot.undated import save

SCRIPTS = "data", "colours", "territories", "nodes", "panel", "search", "saving", "main"
log = logging.getLogger(__name__)
STILL = ".svg", ".png", ".pdf"


class Map(Page):
    """A map as the text of a page, which is written as one, or as a picture."""

    drawn: tuple[dict[str, Any], dict[str, np.ndarray], str]

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the page, or by the suffix .svg, .png or .pdf a still picture of all of it, whole or not at all.

        Raises MissingExtra for pictures without matplotlib."""
        kind = Path(path).suffix.lower()
        if kind not in STILL:
            super().write(path)
            return
        figure = still(*self.drawn)
        with whole_file(path) as temporary, warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            save(figure, temporary, kind[1:], dpi=200, facecolor=figure.get_facecolor())
        missing = [one for one in warned if "missing from font" in str(one.message)]
        for one in warned:
            if one not in missing:
                warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        if missing and kind != ".svg":  # which leaves letters to who shows it
            log.warning(
                "no font here has %d of the letters in %s: boxes stand for them; .svg keeps them", len(missing), path
            )


Called = Sequence[Sequence[str]] | Mapping[str, str]


def network_map(graph: Graph, tree: Modules, *, title: str | None = None, called: Called | None = None) -> Map:
    """An interactive map of a network and its modules: one self-contained HTML page, in the same bytes every time;
    `.write("map.svg")` (.png, .pdf) keeps a still picture.

    graph  the network, with names where nodes have names
    tree   its modules, from `minent.community.find(graph)`
    title  what the page is called; None: the numbers of nodes and modules
    called words for each module of the tree (the root first) that it goes by, or names of some of them by their path
           ({"1": "physics", "1:2": "optics"}); None, or none: its most visited nodes

    Zooming goes from modules to nodes and links; a node is found by its name; a module is entered by a click on it.
    Area is flow: among the modules of a depth, and the nodes in those, discs are in proportion to it. Of more than a
    million links the page carries the strongest million. Raises BadInput where graph and tree do not have the same
    number of nodes.

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
    if isinstance(called, Mapping):
        called = named(tree, called)
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
    libraries = [asset(f"{name}.min.js") for name in ("graphology.umd", "sigma")]
    parts = {
        "title": html.escape(title),
        "licences": asset("LICENSES.txt"),
        "libraries": re.sub(r"(?m)^//# sourceMappingURL=.*$", "", "\n".join(libraries)),
        "facts": json.dumps({**facts, "arrays": layout}).replace("<", r"\u003c"),
        "data": base64.b64encode(zlib.compress(packed, 6)).decode(),
        "script": "\n".join(asset(f"{name}.js") for name in SCRIPTS),
    }
    made = Map(page(title, filled("network_map.html", parts), asset("network_map.css")))
    made.drawn = facts, arrays, title
    return made


def named(tree: Modules, names: Mapping[str, str], beside: Sequence[Sequence[str]] | None = None) -> list[list[str]]:
    """Words for each module: its name, if its path has one, else those `beside`. Raises BadInput for other paths."""
    paths, below = [""], np.zeros(len(tree.parent), int)
    for above in tree.parent[1:].tolist():
        below[above] += 1
        paths.append(f"{paths[above]}:{below[above]}" if above else str(below[above]))
    if unknown := [path for path in names if path not in paths[1:]]:
        raise BadInput(f"no module has the path {unknown[0]!r}; those of the top are 1 to {below[0]}")
    words = [[]] * len(paths) if beside is None else beside
    return [[names[path]] if path in names else list(words[m]) for m, path in enumerate(paths)]
