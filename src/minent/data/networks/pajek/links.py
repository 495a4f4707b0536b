"""Lines of integers and perhaps a weight: links between vertices, between states, and in layers.

Arrow reads them where all lines are alike. Only what Arrow refuses is read line by line, which ends in the number of
the line at fault.
"""

import re
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from minent.data.networks.lines.records import weight_of
from minent.data.networks.pajek.names import is_number
from minent.data.networks.pajek.sections import COMMENTS, Section
from minent.data.networks.plan import without_weight


class Rows(NamedTuple):
    """What lines say: their integers, and their weight, 1 where they say none."""

    ends: Int[np.ndarray, "rows ends"]
    weight: Float[np.ndarray, " rows"]


def rows_of(section: Section, ends: int, wanted: str, notes: list[str]) -> Rows:
    """The rows of a section, of as many integers as there are `ends`, which are to be `wanted`. Raises BadLine.

    >>> said = []
    >>> rows_of(Section("edges", "", b"1 2\\n2 3 0.5\\n", 1, "a.net"), 2, "numbers of vertices", said)
    Rows(ends=array([[1, 2],
           [2, 3]]), weight=array([1. , 0.5]))
    >>> said
    ['*Edges: 1 line without a weight weighs 1']
    """
    text = _tidy(section.body)
    rows = _uniform(text, ends)
    if rows is None and (filled := _filled(text, ends)) != text:
        rows = _uniform(filled, ends)
        missing = 0 if rows is None else filled.count(b" ") - text.count(b" ")
        _say_missing(section, missing, notes)
    rows = _line_by_line(section, ends, wanted, notes) if rows is None else rows
    if (said := section.argument).isdigit() and int(said) != len(rows.weight):
        notes.append(f"{section} says {said} lines; there are {len(rows.weight)}")
    notes += [f"{section}: {one}" for one in without_weight(rows.weight)]
    return rows


def _uniform(text: bytes, ends: int) -> Rows | None:
    """The rows where all of them have a weight, or none has, and nothing else is there; else None."""
    import pyarrow as pa
    from pyarrow import csv

    if not text.strip():
        return Rows(np.zeros((0, ends), np.int64), np.zeros(0))
    fields = text[: text.index(b"\n")].count(b" ") + 1
    if not ends <= fields <= ends + 1 or any(mark in text for mark in (b'"', b"0x", b"0X")):
        return None
    names = [str(i) for i in range(fields)]
    try:
        table = csv.read_csv(
            pa.BufferReader(text),
            read_options=csv.ReadOptions(use_threads=False, block_size=1 << 22, column_names=names),
            parse_options=csv.ParseOptions(delimiter=" "),
            convert_options=csv.ConvertOptions(
                column_types={name: pa.int64() if int(name) < ends else pa.float64() for name in names}, null_values=[]
            ),
        )
    except pa.ArrowInvalid:
        return None
    columns = [column.to_numpy() for column in table.columns]
    weight = columns[ends] if fields > ends else np.ones(len(table))
    rows = Rows(np.stack(columns[:ends], 1), weight)
    good = rows.ends.min() >= 0 and weight.min() >= 0 and weight.max() < np.inf
    return rows if good else None


def _tidy(text: bytes) -> bytes:
    """Lines with one blank between fields and none at their ends, without comments and empty lines."""
    text = b"\n" + text.replace(b"\t", b" ") + b"\n"
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    text = text.replace(b"\n ", b"\n").replace(b" \n", b"\n")
    marks = tuple(mark.encode() for mark in COMMENTS)
    if any(mark in text for mark in marks):
        text = b"\n".join(line for line in text.split(b"\n") if not line.startswith(marks))
    while b"\n\n" in text:
        text = text.replace(b"\n\n", b"\n")
    return text.removeprefix(b"\n")


def _filled(text: bytes, ends: int) -> bytes:
    """The lines with a weight 1 where there is none."""
    lines = text.removesuffix(b"\n").split(b"\n")
    return b"".join(line + (b" 1\n" if line.count(b" ") == ends - 1 else b"\n") for line in lines)


def _say_missing(section: Section, missing: int, notes: list[str]) -> None:
    if missing:
        notes.append(f"{section}: {missing} line{'s' * (missing > 1)} without a weight weigh{'s' * (missing == 1)} 1")


def _line_by_line(section: Section, ends: int, wanted: str, notes: list[str]) -> Rows:
    numbers: list[list[int]] = []
    weights: list[float] = []
    missing, more, words_at = 0, 0, []
    for line, text in section.lines():
        words = text.split()
        numbers.append(integers(words[:ends], ends, wanted, section, line, text))
        third = words[ends] if len(words) > ends and not words[ends].startswith(COMMENTS) else None
        missing, more = missing + (third is None), more + (len(words) > ends + 1)
        if third is not None and not is_number(third):
            words_at.append((line, third))
        weights.append(1.0 if third is None or words_at else weight_of(third, "link", section.file, line))
    decimal = [at for at in words_at if re.fullmatch(r"[+-]?\d+,\d+", at[1])]
    if decimal:
        raise section.refused(f"link weight must be a number; got {decimal[0][1]!r}", decimal[0][0])
    if words_at and missing + len(words_at) < len(numbers):
        raise section.refused(f"link weight must be a number; got {words_at[0][1]!r}", words_at[0][0])
    if words_at:
        at = f"the first is {words_at[0][1]!r} on line {words_at[0][0]}"
        notes.append(f"{section}: words where a weight could be are passed over, {at}")
    elif missing < len(numbers):
        _say_missing(section, missing, notes)
    if more and not words_at:
        notes.append(f"{section}: what follows the weight is passed over on {more} line{'s' * (more > 1)}")
    ends_of = np.array(numbers, np.int64).reshape(len(numbers), ends)
    return Rows(ends_of, np.ones(len(numbers)) if words_at else np.array(weights))


def integers(words: list[str], least: int, wanted: str, section: Section, line: int, text: str) -> list[int]:
    """These words as integers that are not negative, `least` of them."""
    for word in words:
        if not (word.isascii() and word.isdigit()) or int(word[:20]) >= 2**63:
            what = "a link needs" if least <= 2 else "a line here needs"
            raise section.refused(f"{what} {wanted}; got {word!r}", line)
    if len(words) < least:
        raise section.refused(f"wanted {least} to {least + 1} numbers; got {text[:60]!r}", line)
    return [int(word) for word in words]
