"""Whether lines hold a matrix: names above and before numbers, or as many numbers in a line as there are lines."""

from itertools import islice
from typing import NamedTuple

import numpy as np

from minent.data.networks.choices import Choices
from minent.data.networks.lines.columns.names import ends_named, says_other
from minent.data.networks.lines.columns.roles import MATRIX
from minent.data.networks.lines.columns.values import DECIMAL, counts_up, is_number, times
from minent.data.networks.lines.records import is_comment, records
from minent.data.networks.lines.sample import Sample, sample_of
from minent.errors import BadInput


class Names(NamedTuple):
    """What columns and rows are called, so far as was looked; `short`: no name stands above those of rows."""

    columns: list[str]
    rows: list[str]
    short: bool
    corner: str | None

    @property
    def numbers(self) -> bool:
        """Whether all are numbers, and perhaps none is a name."""
        return not self.short and all(map(is_number, [*self.columns, *self.rows, self.corner or "no number"]))


def is_matrix(data: bytes, file: str, choices: Choices) -> bool:
    """Whether lines hold a matrix whose rows are called as its columns are. Raises BadInput for what else may be one.

    >>> is_matrix(b",A,B\\nA,0,1\\nB,1,0\\n", "ab.csv", Choices()), is_matrix(b"A,B,1\\n", "ab.csv", Choices())
    (True, False)
    """
    said = choices.source, choices.target, choices.layer, choices.header is False, choices.weight not in (None, "none")
    if any(said) or choices.format == "lines":
        return False
    sample = sample_of(data, file, choices)
    names = names_of(sample)
    if names and _alike(names, sample.whole):
        if names.short and len(names.columns) < 3:
            raise BadInput(f"{file!r} may hold links or a matrix: --format lines or --format matrix must say which")
        return True
    if (names and _looks_so(names)) or _is_square(sample, data, choices):
        raise BadInput(f"{file!r}: {MATRIX}, --format lines a line as a link")
    return False


def names_of(sample: Sample) -> Names | None:
    """Names of columns above, and of rows before, cells; None: there are none.

    >>> names_of(sample_of(b"A B\\nA 0 1\\nB 1 0\\n", "ab.txt", Choices()))
    Names(columns=['A', 'B'], rows=['A', 'B'], short=True, corner=None)
    """
    head, body = sample.rows[0], sample.rows[1:]
    short = bool(body) and len(body[0]) == len(head) + 1
    columns = head if short else head[1:]
    if len(columns) < 2 or None in columns or any(len(row) != len(columns) + 1 or row[0] is None for row in body):
        return None
    if not body or not all(is_cell(cell, sample.delimiter) for row in body for cell in row[1:]):
        return None
    names = Names([name or "" for name in columns], [row[0] or "" for row in body], short, None if short else head[0])
    differ = all(len(set(called)) == len(called) for called in (names.columns, names.rows))
    return names if differ else None


def is_cell(cell: str | None, delimiter: str) -> bool:
    return cell is None or is_number(cell) or (delimiter != "," and bool(DECIMAL.fullmatch(cell)))


def _alike(names: Names, whole: bool) -> bool:
    """Whether rows are called as columns are. Numbers are names where no number stands above those of rows."""
    same = set(names.rows) == set(names.columns) if whole else set(names.rows) <= set(names.columns)
    return same and not names.numbers and not (names.short and len(names.columns) < 3 and is_number(names.columns[0]))


def _looks_so(names: Names) -> bool:
    """Whether words, or numbers that do not count rows, stand before numbers, and their column has no name."""
    few = names.short and (len(names.columns) < 3 or any(map(is_number, names.columns)))
    return not (few or names.corner or counts_up(names.rows) or ends_named(names.columns))


def _is_square(sample: Sample, data: bytes, choices: Choices) -> bool:
    """Whether there are as many lines of numbers as there are numbers in a line: more than three, or three that are
    symmetric around zeros."""
    header = not all(cell is not None and is_number(cell) for cell in sample.rows[0])
    rows = sample.rows[header:]
    n = len(rows[0]) if rows else 0
    if n < 3 or any(len(row) != n or not all(cell is not None and is_number(cell) for cell in row) for row in rows):
        return False
    if (header and any(map(says_other, map(str, sample.rows[0])))) or any(map(times, zip(*rows, strict=True))):
        return False
    if not sample.whole:
        start, line = sample.records[header].start, sample.records[header].line
        lines = (one for one in records(data, start, line) if not is_comment(one.text, False, choices.comment))
        return len(rows) <= n and sum(1 for _ in islice(lines, n + 1)) == n
    table = np.array(rows, float) if len(rows) == n else np.ones((1, 1))
    return n > 3 < len(table) or (np.array_equal(table, table.T) and not table.diagonal().any())
