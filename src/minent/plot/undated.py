"""Figures as files that are the same to the last bit whenever they are drawn."""

from io import StringIO
from pathlib import Path
from typing import Any

DATES = {"svg": "Date", "pdf": "CreationDate"}


def save(figure: Any, file: Path | StringIO, kind: str, **options: Any) -> None:
    """Write a figure of matplotlib, of that `kind` (png, svg, pdf, …), with letters as text where it can; `options` are
    those of `savefig`."""
    from matplotlib import rc_context

    dated = {DATES[kind]: None} if kind in DATES else {}
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "minent"}):
        figure.savefig(file, format=kind, metadata=dated, **options)
