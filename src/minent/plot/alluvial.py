"""How modules split and merge from one partition to another: an alluvial diagram (Rosvall & Bergstrom 2010).

Each module is a bar as high as the share of the walk in it, and between two modules of different trees runs a ribbon as
wide as the share of the walk at the nodes that both hold, at either end by that end's tree.
"""

import html
import re
from importlib.resources import files

import numpy as np

from minent.data.networks.naming.places import matched
from minent.plot.modules import Modules
from minent.plot.page import Page
from minent.plot.sides import GAP, HEIGHT, Side, count_of, side_of

HUES, BAR = 9, 14.0  # the width of a bar, of the drawing's 1000


def alluvial(
    one: Modules,
    other: Modules,
    *,
    depth: int | None = 1,
    title: str = "How modules split and merge",
    called: tuple[str, str] = ("first", "second"),
) -> Page:
    """The modules of two trees of the same nodes side by side, as one self-contained HTML page.

    depth   1 for the top modules; None: the leaf modules
    called  what the trees are called

    Modules stand in order of their share of the walk, under the names of their most visited nodes, and ribbons have the
    colour of the first tree's module. Nodes are matched by name, and count alike where a tree tells no visits. Raises
    BadInput where the nodes are not the same.

    >>> import minent
    >>> tree = minent.community.find(([0, 1, 2, 3, 4, 5, 2], [1, 2, 0, 4, 5, 3, 3]))
    >>> page = alluvial(tree, tree)
    >>> page.count("<path class"), "2, 0, 1 → 2, 0, 1: 3 nodes" in page
    (2, True)
    """
    order, names = matched(one.leaf_names, other.leaf_names), one.called
    sides = [side_of(tree, names, place, depth) for tree, place in ((one, slice(None)), (other, order))]
    gaps = GAP * (max(len(side.height) for side in sides) - 1)
    parts = {
        "title": html.escape(title),
        "style": _asset("alluvial.css"),
        "left": html.escape(called[0]),
        "right": html.escape(called[1]),
        "height": f"{HEIGHT + gaps:.0f}",
        "ribbons": "\n".join(_ribbons(*sides)),
        "bars": "\n".join(_bars(sides[0], 0.0, coloured=True) + _bars(sides[1], 1000 - BAR, coloured=False)),
        "labels": "\n".join(
            _labels(side, which, HEIGHT + gaps) for side, which in zip(sides, ("left", "right"), strict=True)
        ),
        "script": _asset("alluvial.js"),
    }
    return Page(re.sub(r"\{\{(\w+)\}\}", lambda part: parts[part[1]], _asset("alluvial.html")))


def _asset(name: str) -> str:
    return (files("minent.plot") / "assets" / name).read_text("utf-8")


def _hue(bar: int, side: Side) -> str:
    return "rest" if bar == side.rest else f"h{bar % HUES}"


def _ribbons(left: Side, right: Side) -> list[str]:
    """Ribbons leave each bar in the order of the bars they go to, and do not cross on the way out."""
    bars = len(right.height)
    pair, where = np.unique(left.bar * bars + right.bar, return_inverse=True)
    a, b = np.divmod(pair, bars)
    count = np.bincount(where)
    drawn, ends = [], []
    for side, at, to in ((left, a, b), (right, b, a)):
        width = HEIGHT * np.bincount(where, side.share)
        order = np.lexsort((to, at))
        before = np.empty(len(pair))
        before[order] = np.cumsum(width[order]) - width[order]
        inside = before - np.concatenate([[0.0], np.cumsum(side.height)])[at]
        ends.append((side.top[at] + inside, width))
    (y, w), (z, v) = ends
    for k in np.argsort(-(w + v), kind="stable").tolist():
        x = BAR, 1000 - BAR, 500
        shape = (
            f"M{x[0]:g},{y[k]:.2f}C{x[2]},{y[k]:.2f} {x[2]},{z[k]:.2f} {x[1]:g},{z[k]:.2f}V{z[k] + v[k]:.2f}"
            f"C{x[2]},{z[k] + v[k]:.2f} {x[2]},{y[k] + w[k]:.2f} {x[0]:g},{y[k] + w[k]:.2f}Z"
        )
        said = f"{left.title[a[k]]} → {right.title[b[k]]}: {count_of(count[k].item())}"
        drawn.append(
            f'<path class="{_hue(int(a[k]), left)}" data-left="{a[k]}" data-right="{b[k]}" d="{shape}">'
            f"<title>{html.escape(said)}</title></path>"
        )
    return drawn


def _bars(side: Side, x: float, *, coloured: bool) -> list[str]:
    rows = zip(side.top.tolist(), side.height.tolist(), strict=True)
    return [
        f'<rect class="{_hue(k, side) if coloured else ""}" x="{x:g}" y="{top:.2f}" width="{BAR:g}" '
        f'height="{max(height, 0.5):.2f}"/>'
        for k, (top, height) in enumerate(rows)
    ]


def _labels(side: Side, which: str, whole: float) -> str:
    rows = zip(side.top.tolist(), side.height.tolist(), map(html.escape, side.title), side.note, strict=True)
    items = [
        f'<li data-{which}="{k}" tabindex="0" style="top:{100 * (top + height / 2) / whole:.3f}%" '
        f'data-height="{height / whole:.5f}"><b dir="auto">{title}</b><small>{note}</small></li>'
        for k, (top, height, title, note) in enumerate(rows)
    ]
    return f'<ol class="{which}">' + "\n".join(items) + "</ol>"
