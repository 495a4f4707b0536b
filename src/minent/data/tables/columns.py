"""How tables are to be read, in one frozen value: command-line flags and TOML table alike."""

from dataclasses import dataclass

from minent.errors import check


@dataclass(frozen=True)
class Columns:
    """Columns by their names, or by their numbers from 1; of nested ones translation.en. Raises BadInput."""

    source: str = "source"
    """seq2seq: the column of what is read."""

    target: str = "target"
    """seq2seq: the column of what is to be written."""

    text: str = "text"
    """classify, masked-lm: the column of texts."""

    label: str = "label"
    """classify: the column of labels."""

    encoding: str | None = None
    """What text is in, where it is not UTF-8, UTF-16 with its mark, or plainly GB18030: latin-1, big5, …"""

    skip_bad: int = 0
    """Leave out so many rows that cannot be read, and tell of them; 0 stops at the first."""

    def __post_init__(self) -> None:
        check(self, ("skip_bad", self.skip_bad >= 0, "at least 0"))
