"""Text with one link a line: Arrow reads it, and what Arrow refuses is read line by line, which ends in the number of
the line at fault."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from minent.data.networks.lines.arrow_alike import splits_alike, zeros_in_front
from minent.data.networks.lines.link_lines import Layout
from minent.data.networks.lines.link_records import TRIMMED, WHOLE, table_of_records
from minent.data.networks.lines.records import Record, is_comment
from minent.data.networks.lines.sample import remarks_skipped
from minent.data.networks.plan import Plan, Skipped
from minent.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

PLAIN = "^(0|-?[1-9][0-9]{0,18})$"


def links_of_lines(data: bytes, plan: Plan, layout: Layout) -> tuple["pa.Table", Plan]:
    """A table of sources, targets and perhaps weights, layers and kinds; the plan, with what all of the lines say.

    Ends are int64 where all of them are plain integers, of no zeros in front and of 64 bits, else text. Raises BadLine.

    >>> from minent.data.networks.choices import Choices
    >>> from minent.data.networks.lines.link_lines import planned
    >>> text = "# who knows whom\\n甲,乙\\n乙,丙\\n".encode()
    >>> links_of_lines(text, *planned(text, Plan("friends.csv", "lines"), Choices()))[0].to_pydict()
    {'source': ['甲', '乙'], 'target': ['乙', '丙']}
    """
    import pyarrow as pa

    body = data[layout.start :]
    if splits_alike(body, plan.delimiter):
        for lines, ends, remarks in _attempts(body, plan, layout):
            try:
                table, notes = _table(lines, plan.delimiter, layout, ends)
            except (pa.ArrowInvalid, BadInput):
                continue
            plan = replace(plan, notes=plan.notes + notes)
            return _finished(table, plan, _added(plan.skipped, remarks))
    table, skipped, notes = table_of_records(data, plan, layout)
    if "weight" in table.column_names and not plan.weight:
        plan = replace(plan, weight="3")
    return _finished(table, replace(plan, notes=plan.notes + notes), _added(plan.skipped, skipped))


def _finished(table: "pa.Table", plan: Plan, skipped: tuple[Skipped, ...]) -> tuple["pa.Table", Plan]:
    import pyarrow as pa

    ids = "integers" if pa.types.is_integer(table.column(0).type) else "text"
    return table, replace(plan, ids=ids, skipped=skipped)


def _added(some: tuple[Skipped, ...], more: tuple[Skipped, ...]) -> tuple[Skipped, ...]:
    """Both, of each kind the sum and the first example."""
    found: dict[str, Skipped] = {}
    for one in (*some, *more):
        had = found.get(one.why)
        found[one.why] = one if had is None else replace(had, count=had.count + one.count)
    return tuple(found.values())


def _attempts(body: bytes, plan: Plan, layout: Layout) -> Iterator[tuple[bytes, str, tuple[Skipped, ...]]]:
    """Lines for Arrow, what ends are in them, and the remarks that were taken out."""
    remarks = any(mark.encode() in body for mark in plan.comments)
    if layout.integers and not remarks:
        yield body, "int64", ()
    lines, skipped = _tidy(body, plan, layout.line)
    if layout.integers:
        yield lines, "int64", skipped
    yield lines, "string", skipped


def _tidy(body: bytes, plan: Plan, line: int) -> tuple[bytes, tuple[Skipped, ...]]:
    """Without remarks; where blanks divide, with one blank between fields and none at the ends of a line."""
    skipped: tuple[Skipped, ...] = ()
    if any(mark.encode() in body for mark in plan.comments):
        body, skipped = _without_remarks(body, plan, line)
    if plan.delimiter == " ":
        body = b"\n" + body.replace(b"\t", b" ") + b"\n"
        while b"  " in body:
            body = body.replace(b"  ", b" ")
        body = body.replace(b"\n ", b"\n").replace(b" \n", b"\n")
    return body, skipped


def _without_remarks(body: bytes, plan: Plan, first: int) -> tuple[bytes, tuple[Skipped, ...]]:
    chosen = None if plan.comments == ("#", "%") else plan.comments[0]
    marks = tuple(mark.encode() for mark in plan.comments)
    kept, remarks = [], []
    for number, line in enumerate(body.split(b"\n"), first):
        if line.lstrip().startswith(marks) and is_comment(line.decode(), False, chosen):
            remarks.append(Record(number, 0, line.decode()))
        else:
            kept.append(line)
    return b"\n".join(kept), remarks_skipped(remarks)


def _table(lines: bytes, delimiter: str, layout: Layout, ends: str) -> tuple["pa.Table", tuple[str, ...]]:
    """The table that Arrow reads, and notes of what was done to names."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    named = pa.dictionary(pa.int32(), pa.string())
    types: dict[str, Any] = {"source": named, "target": named, "weight": pa.float64(), "layer": pa.string()}
    if ends == "int64":
        types["source"] = types["target"] = pa.int64()
    places = {role: getattr(layout.roles, role) for role in ("source", "target", "weight", "layer", "kind")}
    places = {role: str(place) for role, place in places.items() if place is not None}
    table = arrow_csv.read_csv(
        pa.BufferReader(lines),
        read_options=arrow_csv.ReadOptions(
            use_threads=False, block_size=1 << (22 if ends == "int64" else 24),
            column_names=[str(i) for i in range(layout.fields)],
        ),
        parse_options=arrow_csv.ParseOptions(delimiter=delimiter, quote_char='"' if b'"' in lines else False),
        convert_options=arrow_csv.ConvertOptions(
            column_types={place: types.get(role, named) for role, place in places.items()},
            include_columns=list(places.values()), null_values=[], strings_can_be_null=False,
            decimal_point="," if layout.comma else ".",
        ),
    ).rename_columns(list(places))  # fmt: skip
    notes: tuple[str, ...] = ()
    if ends == "int64":
        if zeros_in_front(lines, delimiter):
            raise BadInput("zeros in front")
    else:
        table, notes = _named(table)
    if "weight" in table.column_names:
        weight = table.column("weight").to_numpy()
        if not (weight.min(initial=0.0) >= 0.0 and weight.max(initial=0.0) < np.inf):
            raise BadInput("a weight that is none")
    return table, notes


def _named(table: "pa.Table") -> tuple["pa.Table", tuple[str, ...]]:
    """Ends without blanks around them, as integers where all are plain ones, or, of one column, all written as 1.0; and
    notes of both."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = [table.column(name).unify_dictionaries() for name in ("source", "target")]
    words = [column.chunk(0).dictionary for column in columns]
    trimmed = [pc.call_function("utf8_trim", [one], pc.TrimOptions(" ")) for one in words]
    if any(pc.call_function("index", [one], pc.IndexOptions(pa.scalar(""))).as_py() >= 0 for one in trimmed):
        raise BadInput("a link without an end")
    notes = (TRIMMED,) * (not all(one.equals(other) for one, other in zip(words, trimmed, strict=True)))
    cut = [_without_point(one) for one in trimmed]
    values: list[Any] = trimmed
    if all(_all_match(one, PLAIN) for one in cut):
        with suppress(pa.ArrowInvalid):  # beyond 64 bits
            values = [one.cast("int64") for one in cut]
            notes += (WHOLE,) * any(one is not other for one, other in zip(cut, trimmed, strict=True))
    for name, column, dictionary in zip(("source", "target"), columns, values, strict=True):
        made = pa.chunked_array([pa.DictionaryArray.from_arrays(chunk.indices, dictionary) for chunk in column.chunks])
        made = made.cast("int64") if pa.types.is_integer(dictionary.type) else made
        table = table.set_column(table.column_names.index(name), name, made)
    return table, notes


def _without_point(words: Any) -> Any:
    """Whole numbers without their point and zeros, where all words are such."""
    import pyarrow.compute as pc

    if not len(words) or not _all_match(words, "^-?[0-9]+[.]0+$"):
        return words
    return pc.call_function("replace_substring_regex", [words], pc.ReplaceSubstringOptions("[.]0+$", ""))


def _all_match(words: Any, pattern: str) -> bool:
    import pyarrow.compute as pc

    return pc.call_function("match_substring_regex", [words], pc.MatchSubstringOptions(pattern)).false_count == 0
