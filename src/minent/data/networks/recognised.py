"""What a file of a network is, by its content: so standard input is read as a file of the same bytes."""

from dataclasses import replace
from typing import NamedTuple

from minent.data.bytes import Held, text
from minent.data.networks.choices import Choices
from minent.data.networks.formats import binary_format, text_format
from minent.data.networks.layers.relaxation import Relaxation
from minent.data.networks.plan import Plan

RAW = "parquet", "npz", "graphml", "gexf"  # not text, or text that says its encoding itself
HINT = " (--encoding says what they are)"


class File(NamedTuple):
    """What a file holds, as text in UTF-8 where it is text; what is known of it, and what was said."""

    data: bytes
    plan: Plan
    choices: Choices
    directed: bool | None
    relaxation: Relaxation
    layers: bool


def recognised(held: Held, choices: Choices) -> File:
    """What was opened, decoded where it is text, and what is known of it. Raises BadInput for what is no network."""
    plan = Plan(str(held.name), "lines", held.packed)
    format = binary_format(held) if choices.format in (None, "matrix", *RAW) else None
    if choices.format == "matrix" and format not in ("parquet", "npz"):
        format = None
    if choices.format in RAW or format in RAW:
        format = choices.format if choices.format in RAW else format
        return File(held.data, replace(plan, format=format), choices, None, Relaxation(), False)
    data, encoding, newline = text(held, choices.encoding, HINT)
    format = choices.format or text_format(data, held.name)
    plan = replace(plan, format=format, encoding=encoding, newline=newline)
    return File(data, plan, choices, None, Relaxation(), False)
