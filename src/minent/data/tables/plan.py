"""How a table was understood: which of its columns are what, what was passed over, and why."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from minent.errors import BadInput

SHOWN = 3  # bad rows that are told


@dataclass
class Seen:
    """What is noted of a table while it is read."""

    columns: Sequence[str] = ()
    header: bool = False
    encoding: str = "utf-8"
    blank: int = 0
    bad: list[BadInput] = field(default_factory=list)


@dataclass(frozen=True)
class TablePlan:
    """Files, the column of each role, the columns without one, the encoding, blank lines, and rows that are none.

    >>> print(TablePlan(("a.csv",), {"source": "en", "target": "zh"}, ("id",), blank=2))
    source=en, target=zh; passed over id; 2 blank lines
    """

    files: tuple[str, ...]
    columns: dict[str, str]
    passed_over: tuple[str, ...] = ()
    encoding: str = "utf-8"
    blank: int = 0
    bad: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = [", ".join(f"{role}={name}" for role, name in self.columns.items())]
        said += [f"{len(self.files):,} files"] if len(self.files) > 1 else []
        said += [f"passed over {', '.join(self.passed_over)}"] if self.passed_over else []
        said += [self.encoding] if self.encoding != "utf-8" else []
        said += [f"{self.blank:,} blank lines" if self.blank > 1 else "a blank line"] if self.blank else []
        if self.bad:
            more = "" if len(self.bad) <= SHOWN else ", …"
            said.append(f"{len(self.bad):,} bad rows left out: {'; '.join(self.bad[:SHOWN])}{more}")
        return "; ".join(part for part in said if part)
