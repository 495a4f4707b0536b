"""What is said about a file or table of links; what is not said is read off it, or asked for, never guessed."""

from dataclasses import dataclass, fields
from typing import Literal, get_args

from minent.errors import BadInput, check

Format = Literal[
    "lines", "matrix", "parquet", "pajek", "graphml", "gexf", "gml", "edgelist", "adjlist", "json", "jsonl",
    "mtx", "npz",
]  # fmt: skip
FORMATS: tuple[Format, ...] = get_args(Format)
Column = str | int | None


@dataclass(frozen=True)
class Choices:
    """How links are read; a column goes by its name, or by its number from 1."""

    source: Column = None
    """The column of sources."""

    target: Column = None
    """The column of targets."""

    weight: Column = None
    """The column of weights; none: links have no weights."""

    layer: Column = None
    """The column of layers, or of times: links of different ones make a network of layers."""

    header: bool | None = None
    """Whether the first line names the columns."""

    delimiter: str | None = None
    """What divides fields: a mark, "tab", or "blank" for any number of blanks."""

    comment: str | None = None
    """The mark of lines that are remarks wherever it begins a line; "" for none."""

    encoding: str | None = None
    """How text is written: utf-8, utf-16, gb18030, latin-1, …"""

    format: Format | None = None
    """What the file is, where it should not be told by what it holds."""

    def __post_init__(self) -> None:
        if (mark := DIVIDERS.get(self.delimiter or "")) is not None:
            object.__setattr__(self, "delimiter", mark)
        check(
            self,
            ("format", self.format is None or self.format in FORMATS, f"one of {', '.join(FORMATS)}"),
            ("delimiter", self.delimiter is None or _is_mark(self.delimiter), 'one mark, "tab" or "blank"'),
            ("comment", self.comment is None or not any(c.isspace() for c in self.comment), "a mark without blanks"),
            *((name, _is_column(getattr(self, name)), "a column's name, or its number from 1") for name in COLUMNS),
        )


COLUMNS = "source", "target", "weight", "layer"
LINES = (*COLUMNS, "header", "delimiter", "comment", "encoding")
ASKED: dict[str, tuple[str, ...]] = {  # what is asked of each format
    "lines": LINES, "matrix": LINES, "parquet": COLUMNS, "pajek": ("encoding",), "mtx": ("encoding",), "npz": (),
    "graphml": ("weight",), "gexf": ("weight",), "json": ("weight", "encoding"), "jsonl": ("weight", "encoding"),
    "gml": ("weight", "encoding"), "edgelist": ("weight", "encoding"), "adjlist": ("weight", "encoding"),
}  # fmt: skip
DIVIDERS = {"tab": "\t", "\\t": "\t", "blank": " ", "blanks": " ", "space": " ", "comma": ",", "semicolon": ";"}


def heeded(choices: Choices, format: str, file: str) -> None:
    """Raises BadInput for a choice that a file of this format is not asked for."""
    said = {one.name for one in fields(Choices) if getattr(choices, one.name) is not None} - {"format"}
    if strange := sorted(said - set(ASKED[format])):
        may = f"only {' and '.join(ASKED[format])} may be said" if ASKED[format] else "it says all itself"
        raise BadInput(f"{strange[0]} says nothing about a file of format {format}: {may}; got {file!r}")


def _is_mark(delimiter: str) -> bool:
    return len(delimiter) == 1 and delimiter.isascii() and not delimiter.isalnum() and delimiter not in '"\r\n'


def _is_column(column: Column) -> bool:
    return column is None or isinstance(column, str) or (column >= 1 and not isinstance(column, bool))
