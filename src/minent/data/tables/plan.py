"""How a table was understood: which of its columns are what, what was passed over, and why."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from minent.errors import BadInput

SHOWN = 3  # bad rows that are told


@dataclass
class Seen:
    """What is noted of a table while it is read."""

    columns: Sequence[str] = ()
    roles: dict[str, str] = field(default_factory=dict)
    """Those that there are columns for, and how each is called."""

    said: list[str] = field(default_factory=list)
    """What else was found out: how fields are divided, that no line names them."""

    encoding: str = "utf-8"
    starts: list[int] = field(default_factory=list)
    rows: int = 0
    blank: int = 0
    bad: list[BadInput] = field(default_factory=list)

    def say(self, found: str) -> None:
        """Note it once."""
        self.said += [found] * (found not in self.said)


@dataclass(frozen=True)
class TablePlan:
    """Files, the column of each role, the columns without one, the encoding, blank lines, and rows that are none.

    >>> print(TablePlan(("a.csv",), {"source": "en", "target": "zh"}, ("id",), blank=2))
    source=en, target=zh; passed over id; 2 blank lines
    >>> TablePlan(("a.csv", "b.csv"), {}, starts=(0, 12)).place(14)
    'b.csv row 2'
    """

    files: tuple[str, ...]
    columns: dict[str, str]
    passed_over: tuple[str, ...] = ()
    encoding: str = "utf-8"
    blank: int = 0
    bad: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    starts: tuple[int, ...] = ()
    """The number of each file's first row, where rows go on from file to file."""

    rows: int = 0
    """How many there are, bad ones too."""

    def place(self, row: int) -> int | str:
        """What to call a row: its number, and where several files were read its file, and its number there."""
        if len(self.starts) < 2:
            return row
        file = bisect_right(self.starts, row) - 1
        return f"{Path(self.files[file]).name} row {row - self.starts[file]}"

    def nothing(self, wanted: str) -> BadInput:
        """The error where none of what is wanted is there."""
        bad = f"; {self.left_out()}" if self.bad else ""
        return BadInput(f"there are no {wanted} in {', '.join(map(repr, self.files))}{bad}")

    def left_out(self) -> str:
        more = "" if len(self.bad) <= SHOWN else ", …"
        rows = "a bad row" if len(self.bad) == 1 else f"{len(self.bad):,} bad rows"
        return f"{rows} left out: {'; '.join(self.bad[:SHOWN])}{more}"

    def __str__(self) -> str:
        said = [", ".join(f"{role}={name}" for role, name in self.columns.items())]
        said += [*self.said, *([f"{len(self.files):,} files"] if len(self.files) > 1 else [])]
        said += [f"passed over {', '.join(self.passed_over)}"] if self.passed_over else []
        said += [self.encoding] if self.encoding != "utf-8" else []
        said += [f"{self.blank:,} blank lines" if self.blank > 1 else "a blank line"] if self.blank else []
        said += [self.left_out()] if self.bad else []
        return "; ".join(part for part in said if part)
