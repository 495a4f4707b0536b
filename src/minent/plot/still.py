"""A map as a still picture: what the page draws, whole and without being asked, as a figure of matplotlib."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from minent.errors import require

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, PAPER = "#1f2429", "#f6f4ef"
HUES = (
    "#44AA99",
    "#CC6677",
    "#332288",
    "#DDCC77",
    "#88CCEE",
    "#AA4499",
    "#117733",
    "#882255",
    "#999933",
)  # Paul Tol, 2021
FONTS = [
    "DejaVu Sans", "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei",
    "SimHei",
]  # fmt: skip
LINKS, LABELS, INCHES = 6000, 120, 9.0
LETTER = 0.0155  # the width of a letter of eight points, in the picture's half


def still(facts: dict[str, Any], arrays: dict[str, np.ndarray], title: str) -> "Figure":
    """The figure of a drawing (`minent.plot.drawing`): modules, the strongest links, nodes, and the names that fit.

    Raises MissingExtra without matplotlib."""
    require("matplotlib", "plot", "draw a map as a picture")
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_rgb
    from matplotlib.figure import Figure

    figure = Figure((INCHES, INCHES * 1.06), facecolor=PAPER)
    axes = figure.add_axes((0.01, 0.01, 0.98, 0.93), xlim=(-1.02, 1.02), ylim=(-1.02, 1.06), aspect="equal")
    axes.axis("off")
    figure.text(0.02, 0.965, _plain(title), size=14, weight="bold", color=INK, family=_fonts())
    hue = np.array([to_rgb(one) for one in HUES])[arrays["hue"] % len(HUES)]
    modules = np.arange(1, len(arrays["parent"]))
    at = np.column_stack([arrays["moduleX"], arrays["moduleY"]])
    fill, rim = (np.column_stack([hue, np.full(len(hue), alpha)]) for alpha in (0.14, 0.75))
    axes.add_collection(_discs(axes, at[modules], arrays["moduleRadius"][modules], fill[modules], rim[modules]))
    node = np.column_stack([arrays["nodeX"], arrays["nodeY"]])
    source = np.repeat(np.arange(len(node)), arrays["linkCount"])
    target = np.cumsum(arrays["linkStep"], dtype=np.int64)
    flow = np.broadcast_to(arrays["linkFlow"], target.shape) if len(arrays["linkFlow"]) else np.zeros(len(target))
    strong = np.sort(np.argsort(-flow, kind="stable")[:LINKS])
    lines = np.stack([node[source[strong]], node[target[strong]]], axis=1)
    axes.add_collection(LineCollection(list(lines), colors="#5d656c", linewidths=0.3, alpha=0.3))
    colour = hue[arrays["nodeModule"]]
    axes.add_collection(_discs(axes, node, arrays["nodeRadius"], colour * 0.9, colour * 0.9))
    _names(axes, arrays, at, node, int(facts["levels"]))
    return figure


def _fonts() -> list[str]:
    """Those of `FONTS` that there are; matplotlib warns of every other, at every letter."""
    from matplotlib.font_manager import get_font_names

    known = set(get_font_names())
    return [font for font in FONTS if font in known]


def _discs(
    axes: Any, at: Float[np.ndarray, "discs 2"], radius: Float[np.ndarray, " discs"], face: Any, edge: Any
) -> Any:
    from matplotlib.collections import EllipseCollection

    size = 2 * radius
    return EllipseCollection(
        size, size, np.zeros(len(size)), units="xy", offsets=at, facecolors=face, edgecolors=edge, linewidths=0.5,
        offset_transform=axes.transData,
    )  # fmt: skip


def _names(axes: Any, arrays: dict[str, np.ndarray], at: np.ndarray, node: np.ndarray, levels: int) -> None:
    """Modules by their words above them, the largest first, then nodes inside their discs; none over another."""
    names, called = (json.loads(arrays[kind].tobytes()) for kind in ("names", "called"))
    taken: list[tuple[float, float, float, float]] = []

    fonts = _fonts()

    def free(x: float, y: float, text: str, size: int) -> bool:
        width, height = sum(2 if ord(c) > 0x2E80 else 1 for c in text) * LETTER * size / 8 / 2, 0.022 * size / 8
        box = x - width, y - height, x + width, y + height
        if any(box[0] < b[2] and box[2] > b[0] and box[1] < b[3] and box[3] > b[1] for b in taken):
            return False
        taken.append(box)
        return True

    top = arrays["top"].reshape(-1, 3)
    for m in 1 + np.argsort(-arrays["moduleRadius"][1:], kind="stable")[:LABELS]:
        radius = float(arrays["moduleRadius"][m])
        words = (called[m] if called else []) or [names[i] for i in top[m] if i >= 0]
        text = _fitting(_plain(", ".join(words)), 2.4 * radius)
        share, y = f"{100 * arrays['moduleFlow'][m]:.2g} %", min(float(at[m, 1]) + radius + 0.015, 1.03)
        half = len(text + share) * LETTER / 2
        x = float(np.clip(at[m, 0], half - 1, 1 - half)) if half < 1 else 0.0
        if radius > 0.05 and text and free(x, y, f"{text} {share}", 8):
            axes.text(x, y, f"{text}  {share}", size=8, weight="bold", ha="center", va="center", color=INK,
                      family=fonts,
                      bbox={"facecolor": PAPER, "alpha": 0.8, "edgecolor": "none", "pad": 0.8})  # fmt: skip
    for i in np.argsort(-arrays["nodeRadius"], kind="stable")[: 2 * LABELS].tolist():
        radius, text = float(arrays["nodeRadius"][i]), _plain(names[i])
        if len(text) * LETTER * 0.8 < 2 * radius and free(float(node[i, 0]), float(node[i, 1]), text, 6):
            axes.text(*node[i], text, size=6, ha="center", va="center", color="white", family=fonts)


def _fitting(text: str, room: float) -> str:
    most = int(room / LETTER)
    return text if len(text) <= most else text[: most - 1] + "…" if most > 4 else ""


def _plain(text: str) -> str:
    """A dollar would begin a formula."""
    return " ".join(text.replace("$", r"\$").split())
