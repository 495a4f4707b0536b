"""How modules split and merge from one partition to another: an alluvial diagram (Rosvall & Bergstrom 2010).

Each module is a bar as high as the share of the walk in it, and between two modules of different trees runs a ribbon as
wide as the share of the walk at the nodes that both hold, at either end by that end's tree.
"""

import html
from collections.abc import Sequence

import numpy as np

from minent.data.networks.naming.places import matched
from minent.errors import BadInput
from minent.plot.modules import Modules
from minent.plot.page import Page, asset, filled, page
from minent.plot.sides import GAP, HEIGHT, Side, count_of, side_of
from minent.plot.untangling import untangled

HUES, BAR = 9, 14.0  # the width of a bar, of the drawing's 1000


def alluvial(
    *trees: Modules,
    depth: int | None = 1,
    title: str = "How modules split and merge",
    called: Sequence[str] | None = None,
) -> Page:
    """The modules of two or more trees of the same nodes side by side, as one self-contained HTML page.

    depth   1 for the top modules; None: the leaf modules
    called  what the trees are called

    Modules of the first tree stand in order of their share of the walk; all are then moved so that few ribbons cross
    (`untangled`). They go by the names of their most visited nodes, and ribbons have the colour of the module on their
    left. Nodes are matched by name, and count alike where a tree tells no visits. Raises BadInput where the nodes are
    not the same, or there are not two trees.

    >>> import minent
    >>> tree = minent.community.find(([0, 1, 2, 3, 4, 5, 2], [1, 2, 0, 4, 5, 3, 3]))
    >>> page = alluvial(tree, tree)
    >>> page.count("<path class"), "2, 0, 1 → 2, 0, 1: 3 nodes" in page
    (2, True)
    """
    if len(trees) < 2:
        raise BadInput(f"modules split and merge from one tree to another; got {len(trees)}")
    called = called or ("first", "second", *(f"number {k}" for k in range(3, len(trees) + 1)))[: len(trees)]
    if len(called) != len(trees):
        raise BadInput(f"{len(trees)} trees are called something; got {len(called)} names")
    places = [slice(None), *(matched(trees[0].leaf_names, tree.leaf_names) for tree in trees[1:])]
    sides = untangled([side_of(tree, trees[0].called, place, depth) for tree, place in zip(trees, places, strict=True)])
    whole, step = HEIGHT + GAP * (max(len(side.height) for side in sides) - 1), (1000 - BAR) / (len(sides) - 1)
    left = [k * step for k in range(len(sides))]
    pairs = [(a, b, x, y) for a, b, x, y in zip(sides, sides[1:], left, left[1:], strict=False)]
    parts = {
        "title": html.escape(title),
        "heads": "".join(f'<h2 dir="auto">{html.escape(name)}</h2>' for name in called),
        "many": "many" if len(sides) > 2 else "",
        "height": f"{whole:.0f}",
        "ribbons": "\n".join(row for k, pair in enumerate(pairs) for row in _ribbons(*pair, k)),
        "bars": "\n".join(
            row for k, (side, x) in enumerate(zip(sides, left, strict=True))
            for row in _bars(side, x, coloured=k < len(sides) - 1)
        ),
        "labels": "\n".join(_labels(side, k, len(sides), whole) for k, side in enumerate(sides)),
        "script": asset("alluvial.js"),
    }  # fmt: skip
    return page(title, filled("alluvial.html", parts), asset("alluvial.css"))


def _hue(bar: int, side: Side) -> str:
    return "rest" if bar == side.rest else f"h{bar % HUES}"


def _ribbons(left: Side, right: Side, begin: float, end: float, which: int) -> list[str]:
    """Ribbons leave each bar in the order of the places of the bars they go to, and do not cross on the way out."""
    bars = len(right.height)
    pair, where = np.unique(left.bar * bars + right.bar, return_inverse=True)
    a, b = np.divmod(pair, bars)
    count = np.bincount(where)
    drawn, ends = [], []
    for side, at, to, other in ((left, a, b, right), (right, b, a, left)):
        width = HEIGHT * np.bincount(where, side.share)
        order = np.lexsort((other.top[to], at))
        before = np.empty(len(pair))
        before[order] = np.cumsum(width[order]) - width[order]
        inside = before - np.concatenate([[0.0], np.cumsum(side.height)])[at]
        ends.append((side.top[at] + inside, width))
    (y, w), (z, v) = ends
    for k in np.argsort(-(w + v), kind="stable").tolist():
        x = begin + BAR, end, (begin + BAR + end) / 2
        shape = (
            f"M{x[0]:g},{y[k]:.2f}C{x[2]:g},{y[k]:.2f} {x[2]:g},{z[k]:.2f} {x[1]:g},{z[k]:.2f}V{z[k] + v[k]:.2f}"
            f"C{x[2]:g},{z[k] + v[k]:.2f} {x[2]:g},{y[k] + w[k]:.2f} {x[0]:g},{y[k] + w[k]:.2f}Z"
        )
        said = f"{left.title[a[k]]} → {right.title[b[k]]}: {count_of(count[k].item())}"
        drawn.append(
            f'<path class="{_hue(int(a[k]), left)}" data-left="{which}.{a[k]}" data-right="{which + 1}.{b[k]}" '
            f'd="{shape}"><title>{html.escape(said)}</title></path>'
        )
    return drawn


def _bars(side: Side, x: float, *, coloured: bool) -> list[str]:
    rows = zip(side.top.tolist(), side.height.tolist(), strict=True)
    return [
        f'<rect class="{_hue(k, side) if coloured else ""}" x="{x:g}" y="{top:.2f}" width="{BAR:g}" '
        f'height="{max(height, 0.5):.2f}"/>'
        for k, (top, height) in enumerate(rows)
    ]


def _labels(side: Side, which: int, sides: int, whole: float) -> str:
    rows = zip(side.top.tolist(), side.height.tolist(), map(html.escape, side.title), side.note, strict=True)
    items = [
        f'<li data-bar="{which}.{k}" tabindex="0" style="top:{100 * (top + height / 2) / whole:.3f}%" '
        f'data-height="{height / whole:.5f}"><b dir="auto">{title}</b><small>{note}</small></li>'
        for k, (top, height, title, note) in enumerate(rows)
    ]
    place = "left" if which == 0 else "right" if which == sides - 1 else "between"
    style = f' style="--at:{which / (sides - 1):.4f};--sides:{sides}"' if place == "between" else ""
    return f'<ol class="{place}"{style}>' + "\n".join(items) + "</ol>"
