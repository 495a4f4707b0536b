"""One side of an alluvial diagram: a bar for each module, as high as the share of the walk in it."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from minent.plot.modules import Modules

NAMES = 6
SMALLEST, MOST = 0.004, 24  # smaller modules, and those after so many, are drawn as one bar
HEIGHT, GAP = 900.0, 7.0  # of the drawing, which is stretched to the page


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


def side_of(tree: Modules, names: list[str], place: slice | np.ndarray, depth: int | None) -> Side:
    """The bars of a tree's modules at `depth` (None: leaf modules), of its nodes in the order of `place`."""
    label = tree.labels_at(len(tree.parent) if depth is None else depth)[place]  # below them all are leaves
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
    note = [f"{_percent(flow[m].item())} · {count_of(size[m].item())}" for m in shown.tolist()]
    if hidden:
        title.append(f"{hidden:,} smaller modules")
        note.append(f"{_percent(height[-1].item() / HEIGHT)} · {count_of(int((bar == len(shown)).sum()))}")
    return Side(bar, share, top, height, title, note, len(shown))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def count_of(count: int) -> str:
    return "1 node" if count == 1 else f"{count:,} nodes"
