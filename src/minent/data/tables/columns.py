"""How texts are to be read, in frozen values, a kind of texts each: command-line flags and TOML table alike."""

from dataclasses import dataclass

from minent.errors import check


@dataclass(frozen=True)
class Rows:
    """Which rows are read, and what they are in. Raises BadInput."""

    encoding: str | None = None
    """What text is in, where it is not UTF-8, UTF-16 with its mark, or plainly GB18030: latin-1, big5, …"""

    skip_bad: int = 0
    """Leave out so many rows that cannot be read, and tell of them; 0 stops at the first."""

    def __post_init__(self) -> None:
        check(self, ("skip_bad", self.skip_bad >= 0, "at least 0"))


@dataclass(frozen=True)
class TextColumn(Rows):
    """Texts, in a column by its name, or by its number from 1; of nested ones said.en."""

    text: str = "text"
    """The column of texts, by its name or number."""


@dataclass(frozen=True)
class LabelledColumns(TextColumn):
    """Texts and their labels."""

    label: str = "label"
    """The column of labels, by its name or number."""


@dataclass(frozen=True)
class SourceColumn(Rows):
    """Texts that something is to be written for."""

    source: str = "source"
    """The column of what is read, by its name or number."""


@dataclass(frozen=True)
class PairColumns(SourceColumn):
    """Texts, and those they should become."""

    target: str = "target"
    """The column of what is to be written, by its name or number."""


@dataclass(frozen=True)
class TextOrPairColumns(PairColumns, TextColumn):
    """Texts alone, or beside what they were written for."""


@dataclass(frozen=True)
class Columns(PairColumns, LabelledColumns):
    """All of these, for commands that read any."""
