"""How modules split and merge from one partition to another: an alluvial diagram (Rosvall & Bergstrom 2010).

Each module is a bar as high as the share of the walk in it, and between two modules of different trees runs a ribbon as
wide as the share of the walk at the nodes that both hold, at either end by that end's tree.
"""

import html
import re
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from minent.data.networks.names import matched
from minent.plot.page import Page

if TYPE_CHECKING:
    from minent.community.tree.tree import Tree

HUES, NAMES = 9, 6
SMALLEST, MOST = 0.004, 24  # smaller modules, and those after so many, are drawn as one bar
HEIGHT, GAP, BAR = 900.0, 7.0, 14.0  # of the drawing, 1000 wide, which is stretched to the page


@dataclass(frozen=True)
class Side:
    """The bars of one tree: `bar` (nodes,) is each node's, `share` (nodes,) its part of the walk; `top` and `height`
    (bars,) are where bars stand, `title` and `note` (bars,) what they are called."""

    bar: Int[np.ndarray, " nodes"]
    share: Float[np.ndarray, " nodes"]
    top: Float[np.ndarray, " bars"]
    height: Float[np.ndarray, " bars"]
    title: list[str]
    note: list[str]
    rest: int  # the bar of all smaller modules; as many as there are bars where there is none


def alluvial(
    one: "Tree",
    other: "Tree",
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
    order, names = matched(one.node_names, other.node_names), [str(name) for name in one.node_names]
    sides = [_side(tree, names, place, depth) for tree, place in ((one, slice(None)), (other, order))]
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


def _side(tree: "Tree", names: list[str], place: "slice | np.ndarray", depth: int | None) -> Side:
    label = (tree.labels if depth is None else tree.labels_at(depth))[place]
    share = tree.visit[place]
    if not share.sum() > 0:  # or unknown
        share = np.ones(len(share))
    share = share / max(share.sum(), 1.0 if not len(share) else 0.0)
    flow, size = np.bincount(label, share), np.bincount(label)
    ranked = np.argsort(-np.round(flow, 12), kind="stable")
    shown = ranked[:MOST][flow[ranked[:MOST]] >= SMALLEST]
    if len(shown) == len(flow) - 1:
        shown = ranked  # a single one is not "smaller modules"
    bar = np.full(len(flow), len(shown))
    bar[shown] = np.arange(len(shown))
    bar, hidden = bar[label], len(flow) - len(shown)
    height = HEIGHT * np.bincount(bar, share, minlength=len(shown) + bool(hidden))
    top = np.cumsum(height + GAP) - height - GAP
    first = np.lexsort((-share, bar))
    start = np.searchsorted(bar[first], np.arange(len(shown) + 1)).tolist()
    title = [", ".join(names[i] for i in first[begin : min(begin + NAMES, end)].tolist())
             for begin, end in pairwise(start)]  # fmt: skip
    note = [f"{_percent(flow[m].item())} · {_nodes(size[m].item())}" for m in shown.tolist()]
    if hidden:
        title.append(f"{hidden:,} smaller modules")
        note.append(f"{_percent(height[-1].item() / HEIGHT)} · {_nodes(int((bar == len(shown)).sum()))}")
    return Side(bar, share, top, height, title, note, len(shown))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def _nodes(count: int) -> str:
    return "1 node" if count == 1 else f"{count:,} nodes"


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
        said = f"{left.title[a[k]]} → {right.title[b[k]]}: {_nodes(count[k].item())}"
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
