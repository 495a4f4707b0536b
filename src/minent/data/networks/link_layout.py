"""How lines hold links, guessed from the first ones: what divides fields, and which are source, target and weight."""

import csv
from dataclasses import dataclass
from math import isfinite

from minent.data.networks.link_tables import link_columns
from minent.errors import BadLine

COMMENTS = ("#", "%")
SAMPLE = 1 << 16  # bytes looked at


@dataclass(frozen=True)
class Layout:
    """How lines hold links: what divides their fields, how many there are, and which are source, target and weight."""

    delimiter: str
    fields: int
    columns: list[int]
    skipped: int  # bytes before the first link

    def split(self, line: str) -> list[str]:
        line = " ".join(line.split()) if self.delimiter == " " else line
        return [field.strip() for field in next(csv.reader([line], delimiter=self.delimiter, skipinitialspace=True))]


def layout_of(data: bytes, file: object, first_line: int, header: bool) -> Layout | None:
    """The layout of `data`, None where it holds no link; with `header` the first line may name the columns.

    Raises BadLine where the first line is no link.

    >>> layout_of(b"from;to\\nRome;Ostia\\n", "roads.csv", 1, True)
    Layout(delimiter=';', fields=2, columns=[0, 1], skipped=8)
    """
    start, lines = 0, []
    while start < len(data) and (start < SAMPLE or len(lines) < 2):
        end = data.find(b"\n", start) + 1 or len(data)
        text = data[start:end].decode(errors="replace").strip()
        if text and not text.startswith(COMMENTS):
            lines.append((start, text))
        start = end
    if not lines:
        return None
    texts = [text for _, text in lines]
    delimiter = next((mark for mark in "\t;,|" if all(mark in text for text in texts)), " ")
    layout = Layout(delimiter, 0, [0, 1, 2], 0)
    rows = [layout.split(text) for text in texts[:2]]
    named = header and _names_columns(rows)
    if named and len(rows) == 1:
        return None
    fields = len(rows[1 if named else 0])
    columns = (link_columns(rows[0]) if named else None) or [0, 1, 2][:fields]
    if fields < 2:
        number = first_line + data.count(b"\n", 0, lines[0][0])
        problem = f"a link needs a source and a target; got {texts[0][:60]!r}"
        raise BadLine("text must be UTF-8; got other bytes" if "\ufffd" in texts[0] else problem, file, number)
    return Layout(delimiter, fields, columns, lines[1 if named else 0][0])


def _names_columns(rows: list[list[str]]) -> bool:
    """Whether the first row names columns: by words that say so, or by not being numbers where the second is."""
    first, second = rows[0], rows[1] if len(rows) > 1 else []
    if link_columns(first):
        return True
    differ = [not _is_number(above) and _is_number(below) for above, below in zip(first, second, strict=False)]
    return all(differ[:2]) if len(differ) == 2 else any(differ[2:3])


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False
