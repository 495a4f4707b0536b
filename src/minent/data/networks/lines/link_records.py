"""Links read line by line, by the same rules as Arrow reads them, where lines are not all alike or one is at fault."""

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from minent.data.networks.lines.link_lines import Layout
from minent.data.networks.lines.records import Fields, Record, is_comment, records, weight_of
from minent.data.networks.lines.sample import fields_of, remarks_skipped
from minent.data.networks.plan import Plan, Skipped
from minent.errors import BadLine

if TYPE_CHECKING:
    import pyarrow as pa

INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
WHOLE_NUMBER = re.compile(r"-?[0-9]+[.]0+")
QUOTED = re.compile(r'"(?:[^"]|"")*"')
TRIMMED = "blanks around names taken away"
WHOLE = "names like 1.0 are integers"


class Read(NamedTuple):
    """A column for each role, and lines that were passed over."""

    ends: tuple[list[str], list[str]]
    weight: list[float | None]
    layer: list[str]
    kind: list[str]
    remarks: list[Record]
    empty: list[Record]


def table_of_records(
    data: bytes, plan: Plan, layout: Layout
) -> tuple["pa.Table", tuple[Skipped, ...], tuple[str, ...]]:
    """The table, what was passed over, and notes. Raises BadLine."""
    import pyarrow as pa

    read = Read(([], []), [], [], [], [], [])
    chosen = None if plan.comments == ("#", "%") else "".join(plan.comments)
    trimmed = False
    marks = f" {plan.delimiter}", f"{plan.delimiter} "
    for record in records(data, layout.start, layout.line):
        if is_comment(record.text, False, chosen):
            read.remarks.append(record)
            continue
        fields = fields_of(record, plan.delimiter, plan.file)
        if not any(field is not None for field in fields):
            read.empty.append(record)
            continue
        _add(read, fields, record, plan, layout)
        bare = QUOTED.sub('""', record.text) if '"' in record.text else record.text
        trimmed = trimmed or (plan.delimiter != " " and any(mark in bare for mark in marks))
    ends, whole = _integers(*read.ends)
    columns: dict[str, list] = dict(zip(("source", "target"), ends, strict=True))
    notes = (TRIMMED,) * trimmed + (WHOLE,) * whole
    if any(weight is not None for weight in read.weight):
        columns["weight"] = [1.0 if weight is None else weight for weight in read.weight]
        missing = read.weight.count(None)
        notes += (f"{missing:,} link{'s' * (missing != 1)} without a weight weigh{'s' * (missing == 1)} 1",) * (
            missing > 0
        )
    columns |= {name: column for name, column in (("layer", read.layer), ("kind", read.kind)) if column}
    skipped = remarks_skipped(read.remarks)
    if read.empty:
        skipped += (Skipped("line without fields", len(read.empty), read.empty[0].line, read.empty[0].text[:60]),)
    return pa.table(columns), skipped, notes


def _add(read: Read, fields: Fields, record: Record, plan: Plan, layout: Layout) -> None:
    """Add the link of a record."""
    roles = layout.roles
    weighted = roles.weight is not None

    fault = partial(_fault, record, plan)
    ends = _field(fields, roles.source), _field(fields, roles.target)
    weight = _field(fields, roles.weight)
    if None in ends or (weighted and layout.named and weight is None):
        raise fault(f"a link needs a source{', a target and a weight' if weighted else ' and a target'}")
    if any(more is not None for more in fields[layout.fields :]):
        if layout.named or layout.fields > 2 or len(fields) > 3 or plan.passed_over:
            raise fault(
                f"a link has {'two' if layout.fields == 2 else layout.fields} fields here, as in the first line"
            )
        weight = fields[2] if layout.weights else None
    for end, column in zip(ends, read.ends, strict=True):
        column.append(end or "")
    if layout.comma and weight is not None:
        if "." in weight:
            raise fault("weights have decimal commas here")
        weight = weight.replace(",", ".")
    read.weight.append(None if weight is None else weight_of(weight, "link", plan.file, record.line))
    for place, column, name in ((roles.layer, read.layer, "layer"), (roles.kind, read.kind, "type")):
        if place is not None:
            if (value := _field(fields, place)) is None and name == "layer":
                raise fault("a link needs a layer")
            column.append(value or "")


def _field(fields: Fields, place: int | None) -> str | None:
    return fields[place] if place is not None and place < len(fields) else None


def _fault(record: Record, plan: Plan, problem: str) -> BadLine:
    return BadLine(f"{problem}; got {record.text.strip()[:60]!r}", plan.file, record.line)


def _integers(source: list[str], target: list[str]) -> tuple[tuple[list, list], bool]:
    """The ends as integers, where all of them are plain ones of 64 bits, or all of a column are written as 1.0, else as
    they are written; and whether they were written so."""
    cut = [
        [end.partition(".")[0] for end in ends] if all(map(WHOLE_NUMBER.fullmatch, ends)) else ends
        for ends in (source, target)
    ]
    if all(INTEGER.fullmatch(end) and abs(int(end)) < 2**63 for ends in cut for end in ends):
        return ([*map(int, cut[0])], [*map(int, cut[1])]), cut[0] is not source or cut[1] is not target
    return (source, target), False
