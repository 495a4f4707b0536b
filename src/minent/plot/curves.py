"""Lines over named places, one for each of a few things compared."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from minent.errors import require

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKS = "o", "s", "^", "D", "v", "P", "X"


def curves(places: Sequence[str], lines: Mapping[str, np.ndarray], *, across: str, up: str) -> "Figure":
    """A figure of lines; `across` and `up` name the axes. Raises MissingExtra.

    >>> curves(["1", "2"], {"gold": np.array([90.0, 80.0])}, across="position", up="right, %").axes[0].get_xlabel()
    'position'
    """
    require("matplotlib", "plot", "draw figures")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    x = np.arange(len(places))
    for i, (name, y) in enumerate(lines.items()):
        axes.plot(x, y, marker=MARKS[i % len(MARKS)], markersize=4, label=name)
    axes.set_xticks(x, places)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return figure
