"""How lines hold links, planned from the first of them: what divides fields, whether they have a header, and which
fields are source, target and weight."""

import re
from dataclasses import replace
from typing import Any, NamedTuple

from minent.data.networks.choices import Choices
from minent.data.networks.lines.columns.roles import Roles, roles, told
from minent.data.networks.lines.columns.values import counts_up, with_points
from minent.data.networks.lines.header import has_header
from minent.data.networks.lines.sample import Sample, remarks_skipped, sample_of
from minent.data.networks.plan import Plan
from minent.errors import BadInput, BadLine

INTEGER = re.compile(r"-?[0-9]+")


class Layout(NamedTuple):
    """Where links stand: places of columns, how many fields there are, and the first link's place and line."""

    roles: Roles
    fields: int
    start: int
    line: int
    named: bool
    integers: bool  # ends, so far as was looked
    weights: bool  # a third field further on is one
    comma: bool  # stands in weights for a point


def planned(data: bytes, plan: Plan, choices: Choices) -> tuple[Plan, Layout]:
    """What the lines of a file are, `plan` filled in.

    Raises BadInput where there is no link, or where lines do not tell what they are.

    >>> planned(b"from;to\\nRome;Ostia\\n", Plan("roads.csv", "lines"), Choices())[0].delimiter
    ';'
    """
    sample = sample_of(data, plan.file, choices)
    header = has_header(sample, choices, data, plan.file)
    first = sample.records[header] if len(sample.rows) > header else None
    if first is None:
        raise BadInput(f"there are no links in {plan.file!r}")
    names, named = _names(sample, header, choices, plan.file)
    columns: list[list[Any]] = [sample.column(i, header) for i in range(len(names))]
    commas = {i: points for i, column in enumerate(columns) if (points := with_points(column))}
    try:
        found = roles(names, [commas.get(i, column) for i, column in enumerate(columns)], choices, named)
    except BadInput as error:
        raise BadLine(f"{error},", plan.file, sample.records[0].line) from None
    ends = [*columns[found.source], *columns[found.target]]
    whole = all(end is not None and INTEGER.fullmatch(end) for end in ends)
    comma = found.weight in commas
    plan = replace(
        plan, delimiter=sample.delimiter, header=header, comments=_marks(choices),
        skipped=remarks_skipped([record for record in sample.remarks if record.start < first.start]),
        notes=(*plan.notes, *["decimal commas"] * comma), **told(names, found),
    )  # fmt: skip
    layout = Layout(found, len(names), first.start, first.line, named, whole, choices.weight is None, comma)
    return plan, layout


def _marks(choices: Choices) -> tuple[str, ...]:
    return ("#", "%") if choices.comment is None else (choices.comment,) if choices.comment else ()


def _names(sample: Sample, header: bool, choices: Choices, file: str) -> tuple[list[str], bool]:
    """What columns are called, and whether they have names, not only numbers. Raises BadLine where lines, or lines and
    the header, differ in how many there are."""
    body, lines = sample.rows[header:], sample.records[header:]
    fields = max(map(len, body))
    if fields < 2:
        raise BadLine(f"a link needs a source and a target; got {lines[0].text[:60]!r}", file, lines[0].line)
    if not header:
        counts = [len(row) for row in body]
        if not set(counts) <= {1, 2, 3} and len(set(counts)) > 1:
            other = next(i for i, count in enumerate(counts) if count != counts[0])
            problem = f"a link has {counts[0]} fields on line {lines[0].line}; got {counts[other]}"
            raise BadLine(problem, file, lines[other].line)
        return [str(i + 1) for i in range(fields)], False
    names = [name or "" for name in sample.rows[0]]
    longer = next((i for i, row in enumerate(body) if any(field is not None for field in row[len(names) :])), None)
    if longer is None:
        return names, True
    every = all(len(row) == len(names) + 1 for row in body)
    if every and counts_up([row[0] for row in body]) and len(body) > 1:  # R's row names have no name
        return ["", *names], True
    if every and all(str(end).isdecimal() for end in (choices.source, choices.target)):
        return [str(i + 1) for i in range(fields)], False
    hint = " (--source and --target may say by number which are the ends)" * every
    problem = f"the header names {len(names)} columns, a line has {len(body[longer])} fields{hint}"
    raise BadLine(f"{problem}; got {lines[longer].text[:60]!r}", file, lines[longer].line)
