"""Lines over named places, one for each of a few things compared."""

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from minent.errors import require
from minent.plot.undated import save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKS = "o", "s", "^", "D", "v", "P", "X"


def curves(
    places: Sequence[str],
    lines: Mapping[str, Sequence[float] | np.ndarray],
    *,
    across: str,
    up: str,
    logarithmic: bool = False,
) -> "Figure":
    """A figure of lines, which may end before the last place; `across` and `up` name the axes. Raises MissingExtra.

    >>> curves(["1", "2"], {"gold": np.array([90.0, 80.0])}, across="position", up="right, %").axes[0].get_xlabel()
    'position'
    """
    require("matplotlib", "plot", "draw figures")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    x = np.arange(len(places))
    for i, (name, y) in enumerate(lines.items()):
        axes.plot(x[: len(y)], y, marker=MARKS[i % len(MARKS)], markersize=4, label=name)
    axes.set_xticks(x, places)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    if logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
    else:
        axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    figure.legend(loc="outside upper left", ncols=min(len(lines), 4), frameon=False)
    return figure


def inline(figure: "Figure") -> str:
    """The figure as a part of an HTML page, in the page's own colour of text.

    >>> inline(curves(["1", "2"], {"gold": [90.0, 80.0]}, across="position", up="right, %"))[:4]
    '<svg'
    """
    file = io.StringIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # letters are left to who shows the page
        save(figure, file, "svg", transparent=True)
    text = file.getvalue()
    drawn = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    drawn = re.sub(r'(<svg[^>]*?) width="[^"]*"', r'\1 style="max-width: 100%; height: auto"', drawn, count=1)
    return drawn.replace("<text ", '<text fill="currentColor" ').replace("#000000", "currentColor")
