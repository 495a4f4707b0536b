"""The first lines of a file, and what divides their fields."""

import re
from typing import NamedTuple

from minent.data.networks.choices import Choices
from minent.data.networks.lines.records import Fields, Record, delimiter_of, is_comment, records, split
from minent.data.networks.plan import Skipped
from minent.errors import BadInput, BadLine

BYTES = 1 << 15  # that are looked at
EXCEL = re.compile(r'"?sep=([^\w\s"]|\t)"?', re.IGNORECASE)


class Sample(NamedTuple):
    """Records, their fields and the mark between these; the remarks among them, and whether that is all there is."""

    records: list[Record]
    rows: list[Fields]
    delimiter: str
    remarks: list[Record]
    whole: bool

    def column(self, place: int, header: bool) -> Fields:
        """The values at a place of all rows but a header."""
        return [row[place] if place < len(row) else None for row in self.rows[header:]]


def sample_of(data: bytes, file: str, choices: Choices) -> Sample:
    """The first records of a text. Raises BadInput where there is none, BadLine where nothing tells how they divide.

    >>> sample_of(b"# roads\\nRome;Ostia\\n", "roads.csv", Choices())[1:3]
    ([['Rome', 'Ostia']], ';')
    """
    found: list[Record] = []
    remarks: list[Record] = []
    delimiter, whole = choices.delimiter, True
    for record in records(data):
        if not found and delimiter is None and (excel := EXCEL.fullmatch(record.text.strip(" "))):
            delimiter = excel[1]
            continue
        (remarks if is_comment(record.text, not found, choices.comment) else found).append(record)
        if record.start > BYTES and len(found) > 2:
            whole = False
            break
    if not found:
        raise BadInput(f"there are no links in {file!r}")
    delimiter = delimiter or delimiter_of(found, file)
    return Sample(found, [fields_of(record, delimiter, file) for record in found], delimiter, remarks, whole)


def fields_of(record: Record, delimiter: str, file: str) -> Fields:
    """The fields of a record. Raises BadLine where a quote does not close."""
    try:
        return split(record.text, delimiter)
    except ValueError:
        problem = f"quotes must open and close a field; got {record.text[:60]!r}"
        raise BadLine(problem, file, record.line) from None


def remarks_skipped(remarks: list[Record]) -> tuple[Skipped, ...]:
    if not remarks:
        return ()
    return (Skipped("comment line", len(remarks), remarks[0].line, remarks[0].text.strip()[:60]),)
