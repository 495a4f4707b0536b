"""How lines hold links, planned from the first of them: what divides fields, whether they have a header, and which
fields are source, target and weight."""

import re
from dataclasses import replace
from typing import NamedTuple

from minent.data.networks.choices import Choices
from minent.data.networks.lines.columns import Roles, ends_named, is_number, is_numbers, roles, told
from minent.data.networks.lines.records import Fields, Record, delimiter_of, is_comment, records, split
from minent.data.networks.plan import Plan, Skipped
from minent.errors import BadInput, BadLine

INTEGER = re.compile(r"-?[0-9]+")
SAMPLE = 1 << 15  # bytes looked at


class Layout(NamedTuple):
    """Where links stand: places of columns, how many fields there are, and the first link's place and line."""

    roles: Roles
    fields: int
    start: int
    line: int
    named: bool
    integers: bool  # ends, so far as was looked
    weights: bool  # a third field further on is one


def planned(data: bytes, plan: Plan, choices: Choices) -> tuple[Plan, Layout]:
    """What the lines of a file are, `plan` filled in.

    Raises BadInput where there is no link, or where lines do not tell what they are.

    >>> planned(b"from;to\\nRome;Ostia\\n", Plan("roads.csv", "lines"), Choices())[0].delimiter
    ';'
    """
    sample, remarks = _sample(data, choices)
    if not sample:
        raise BadInput(f"there are no links in {plan.file!r}")
    delimiter = choices.delimiter or delimiter_of(sample, plan.file)
    rows = [_fields(record, delimiter, plan.file) for record in sample]
    try:
        header = _has_header(sample, rows, delimiter, choices, data, plan.file)
    except BadLine:
        raise
    except BadInput as error:
        raise BadLine(f"{error},", plan.file, sample[0].line) from None
    if header and len(rows) == 1:
        raise BadInput(f"there are no links in {plan.file!r}")
    body = rows[1:] if header else rows
    fields = max(map(len, body))
    if fields < 2:
        raise BadLine(f"a link needs a source and a target; got {sample[0].text[:60]!r}", plan.file, sample[0].line)
    counts = [len(row) for row in body]
    if not header and not set(counts) <= {1, 2, 3} and len(set(counts)) > 1:
        other = next(i for i, count in enumerate(counts) if count != counts[0])
        problem = f"a link has {counts[0]} fields on line {sample[0].line}; got {counts[other]}"
        raise BadLine(problem, plan.file, sample[other].line)
    names = [name or "" for name in rows[0]] if header else [str(i + 1) for i in range(fields)]
    if header and all(len(row) == len(names) + 1 for row in body):  # R's row names have no name
        names.insert(0, "")
    columns = [[_at(row, i) for row in body] for i in range(len(names))]
    try:
        found = roles(names, columns, choices, header)
    except BadInput as error:
        raise BadLine(f"{error},", plan.file, sample[0].line) from None
    first = sample[header]
    ends = [*columns[found.source], *columns[found.target]]
    whole = all(end is not None and INTEGER.fullmatch(end) for end in ends)
    skipped = remarks_skipped([record for record in remarks if record.start < first.start])
    plan = replace(
        plan, delimiter=delimiter, header=header, comments=_marks(choices), skipped=skipped, **told(names, found)
    )
    return plan, Layout(found, len(names), first.start, first.line, header, whole, choices.weight is None)


def _marks(choices: Choices) -> tuple[str, ...]:
    return ("#", "%") if choices.comment is None else (choices.comment,) if choices.comment else ()


def _sample(data: bytes, choices: Choices) -> tuple[list[Record], list[Record]]:
    """The first records, and the remarks among them."""
    sample: list[Record] = []
    remarks: list[Record] = []
    for record in records(data):
        (remarks if is_comment(record.text, not sample, choices.comment) else sample).append(record)
        if record.start > SAMPLE and len(sample) > 2:
            break
    return sample, remarks


def remarks_skipped(remarks: list[Record]) -> tuple[Skipped, ...]:
    if not remarks:
        return ()
    return (Skipped("comment line", len(remarks), remarks[0].line, remarks[0].text.strip()[:60]),)


def _fields(record: Record, delimiter: str, file: str) -> Fields:
    try:
        return split(record.text, delimiter)
    except ValueError:
        problem = f"quotes must open and close a field; got {record.text[:60]!r}"
        raise BadLine(problem, file, record.line) from None


def _has_header(
    sample: list[Record], rows: list[Fields], delimiter: str, choices: Choices, data: bytes, file: str
) -> bool:
    """Whether the first line names the columns. Raises BadLine where nothing tells."""
    first, rest = rows[0], rows[1:]
    names = [name or "" for name in first]
    said = [c for c in (choices.source, choices.target, choices.weight, choices.layer) if isinstance(c, str)]
    if choices.header is not None:
        return choices.header
    if {"id"} < {name.strip().lower() for name in names} <= {"id", "label", "name"}:
        raise BadLine(f"this is a table of nodes, {', '.join(names)}, not of links", file, sample[0].line)
    if ends_named(names) or any(name in names and not is_number(name) for name in said):
        return True
    if None in first and (first[0] is not None or not _counts_up(rest)):
        return False
    words = [name for name in first if name is not None]
    if not rest or any(map(is_number, words)):
        return False
    differ = [i for i in range(1 - (first[0] is not None), len(first)) if is_numbers([_at(row, i) for row in rest])]
    by_type = {0, 1} <= set(differ) or (bool(differ) and (delimiter != " " or (len(rest) > 1 and min(differ) < 2)))
    if (not by_type and delimiter == " ") or _recur(words, delimiter, data, sample[1].start):
        return False
    if by_type and delimiter != " ":
        return True
    problem = "--header or --no-header must say whether names of columns or a link stand"
    raise BadLine(f"{problem} (in Python header=True or False); got {sample[0].text[:60]!r}", file, sample[0].line)


def _at(row: Fields, place: int) -> str | None:
    return row[place] if place < len(row) else None


def _counts_up(rows: list[Fields]) -> bool:
    """Whether the first column is the index that a data frame is written with."""
    numbers = [row[0] for row in rows]
    return bool(numbers) and any(numbers == [str(i + start) for i in range(len(numbers))] for start in (0, 1))


def _recur(words: list[str], delimiter: str, data: bytes, start: int) -> bool:
    """Whether one of the first two words stands in a field of a later line."""
    around = f'\n" \t{delimiter}'.encode()

    def edge(at: int) -> bool:
        return not 0 <= at < len(data) or data[at] in around

    for word in (word.encode() for word in words[:2]):
        at = data.find(word, start)
        while at >= 0:
            if edge(at - 1) and edge(at + len(word)):
                return True
            at = data.find(word, at + 1)
    return False
