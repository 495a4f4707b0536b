"""What was understood of a file or table of links, to be told and looked at."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from minent.data.networks.choices import Format


@dataclass(frozen=True)
class Skipped:
    """Lines that were passed over: why, how many, and the first of them."""

    why: str
    count: int
    line: int
    example: str

    def __str__(self) -> str:
        return f"{self.count:,} {self.why if self.count == 1 else self.why.replace('line', 'lines', 1)}"


@dataclass(frozen=True)
class Plan:
    """How a file was read; its text is one line, for a summary.

    packed           "gz", "bz2", "xz", "zst", or "" for what was not
    newline          what ends lines: "\\n", "\\r\\n", "\\r"
    source … layer   columns, by name or else by number from 1; "" for none
    passed_over      columns that were not read
    ids              whether nodes are called by integers or by text
    skipped          lines that were passed over; `notes` say what else was decided

    >>> print(Plan("roads.csv", "lines", header=True, source="u", target="v", weight="count"))
    source=u, target=v, weight=count
    """

    file: str
    format: Format | Literal["table", "object"]
    packed: str = ""
    encoding: str = ""
    newline: str = ""
    delimiter: str = ""
    header: bool = False
    comments: tuple[str, ...] = ()
    source: str = ""
    target: str = ""
    weight: str = ""
    layer: str = ""
    passed_over: tuple[str, ...] = ()
    ids: Literal["integers", "text"] = "integers"
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        columns = ((name, getattr(self, name)) for name in ("source", "target", "weight", "layer"))
        told = ", ".join(f"{name}={column}" for name, column in columns if column)
        over = ", ".join(column or '""' for column in self.passed_over)
        parts = [
            told or self.format,
            "no weights" if told and not self.weight and self.passed_over else "",
            f"passed over {over}" if over else "",
            self.encoding if self.encoding not in ("", "utf-8") else "",
            *map(str, self.skipped),
            *self.notes,
        ]
        return "; ".join(part for part in parts if part)


def without_weight(weight: Any) -> list[str]:
    """What is said of links that weigh 0, which are none.

    >>> without_weight([0.0, 2.0]), without_weight(None)
    (['1 link of weight 0 left out'], [])
    """
    zeros = 0 if weight is None else int(np.count_nonzero(np.asarray(weight) == 0))
    return [f"{zeros:,} link{'s' * (zeros > 1)} of weight 0 left out"] * (zeros > 0)
