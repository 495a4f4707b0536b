"""How a run of training went, from the lines of its log: losses, scores, lengths of gradients, learning rates."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from minent.errors import BadInput, require

if TYPE_CHECKING:
    from matplotlib.figure import Figure

POINTS = 200  # of a line: of more steps, means of so many stretches
COUNTS = "step", "steps", "epoch"
JUDGED = "dev", "scores"


def read_log(folder: Path) -> list[dict[str, Any]]:
    """The lines of log.jsonl in the folder of a run; half a line at its end, which is being written, is left out.

    Raises BadInput where there is none, or it holds other things."""
    file = folder / "log.jsonl"
    if not file.is_file():
        raise BadInput(f"wanted the folder of a run, with its log.jsonl; there is no {str(file)!r}")
    try:
        lines = file.read_text(encoding="utf-8").split("\n")[:-1]
        found = [json.loads(line) for line in lines]
        if not all(isinstance(one["step"], int) for one in found):
            raise TypeError
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BadInput(f"{str(file)!r} is no log of a run: each of its lines is a JSON object with a step") from None
    if not found:
        raise BadInput(f"{str(file)!r} holds no step yet")
    return found


def of_run(records: Sequence[dict[str, Any]]) -> "Figure":
    """A figure with a panel for the losses, one for each score, and one for all else that is told of a step.

    Raises MissingExtra without matplotlib.

    >>> figure = of_run([{"step": 1, "loss": 2.0, "dev": None}, {"step": 2, "loss": 1.0, "dev": {"bleu": 3.0}}])
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['loss', 'bleu']
    """
    require("matplotlib", "plot", "draw figures")
    from matplotlib.figure import Figure

    panels = list(lines(records).items())
    figure = Figure(figsize=(7, 1 + 1.9 * len(panels)), layout="constrained")
    for axes, (name, held) in zip(np.ravel(figure.subplots(len(panels), 1, sharex=True)), panels, strict=True):
        for label, steps, values in held:
            judged = label.startswith("judged")
            marks = {"marker": "o", "markersize": 4} if judged or len(steps) == 1 else {}
            axes.plot(steps, values, label=label, linewidth=1.5, **marks)
        axes.set_ylabel(name)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", alpha=0.3)
        if len(held) > 1:
            axes.legend(frameon=False)
    figure.axes[-1].set_xlabel("step")
    return figure


def lines(records: Sequence[dict[str, Any]]) -> dict[str, list[tuple[str, np.ndarray, np.ndarray]]]:
    """What each panel shows: a name, steps and values for each line. A learning rate that stays has none."""
    told: dict[str, list[tuple[int, float]]] = {}
    for one in records:
        judged = {f"judged {name}": value for key in JUDGED for name, value in (one.get(key) or {}).items()}
        plain = {name: value for name, value in one.items() if name not in COUNTS and not name.endswith("_per_second")}
        for name, value in {**plain, **judged}.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                told.setdefault(name, []).append((one["step"], value))
    panels: dict[str, list[tuple[str, np.ndarray, np.ndarray]]] = {"loss": []}
    order = sorted(told, key=lambda name: (not name.endswith("loss"), not name.startswith("judged")))
    for name in order:
        panel = "loss" if name.endswith("loss") else name.removeprefix("judged ").replace("_", " ")
        if name == "learning_rate" and len({value for _, value in told[name]}) == 1:
            continue
        steps, values = (np.array(part, float) for part in zip(*told[name], strict=True))
        pieces = [*np.array_split(np.arange(len(steps)), min(len(steps), POINTS))]
        places, means = (np.array([part[piece].mean() for piece in pieces]) for part in (steps, values))
        panels.setdefault(panel, []).append((name.replace("_", " "), places, means))
    return {name: held for name, held in panels.items() if held}
