"""Whether the first line names the columns: names are known, or are words above numbers that stand nowhere else."""

import re
from itertools import pairwise

from minent.data.networks.choices import Choices
from minent.data.networks.lines.columns.names import ends_named
from minent.data.networks.lines.columns.values import counts_up, is_number, is_numbers
from minent.data.networks.lines.sample import Sample
from minent.errors import BadInput, BadLine


def has_header(sample: Sample, choices: Choices, data: bytes, file: str) -> bool:
    """Whether the first line is a header. Raises BadLine where nothing tells.

    Of words between blanks only those above weights tell: `Ann Bob` over `Cid 7` may be a link.
    """
    first, rest, delimiter, line = sample.rows[0], sample.rows[1:], sample.delimiter, sample.records[0].line
    names = [name or "" for name in first]
    if choices.header is not None:
        return choices.header
    if {"id"} < {name.strip().lower() for name in names} <= {"id", "label", "name"}:
        raise BadLine(f"this is a table of nodes, {', '.join(names)}, not of links", file, line)
    said = [c for c in (choices.source, choices.target, choices.weight, choices.layer) if isinstance(c, str)]
    try:
        if ends_named(names):
            return True
    except BadInput as error:
        if choices.source is None or choices.target is None:
            raise BadLine(f"{error},", file, line) from None
        return True
    if any(name in names and not is_number(name) for name in said):
        return True
    if None in first and (first[0] is not None or not counts_up([row[0] for row in rest])):
        return False
    words = [name for name in first if name is not None]
    if len(first) > 2 and _years(names[1:]) and not any(_years([row[1] or ""]) for row in rest):
        raise BadLine(_asked(sample), file, line)
    if not rest or any(map(is_number, words)):
        return False
    differ = [i for i in range(1 - (first[0] is not None), len(first)) if is_numbers(sample.column(i, True))]
    ends, above_weights = {0, 1} <= set(differ), max(differ, default=0) > 1
    by_type = ends or above_weights or (bool(differ) and (delimiter != " " or (len(rest) > 1 and min(differ) < 2)))
    if (not by_type and delimiter == " ") or _recur(words, delimiter, data, sample.records[1].start):
        return False
    if by_type and (delimiter != " " or above_weights):
        return True
    raise BadLine(_asked(sample), file, line)


def _asked(sample: Sample) -> str:
    problem = "--header or --no-header must say whether names of columns or a link stand"
    return f"{problem} (in Python header=True or False); got {sample.records[0].text[:60]!r}"


def _years(words: list[str]) -> bool:
    """Whether these are years, each after the one before, as columns are called."""
    years = [int(word) for word in words if re.fullmatch(r"(?:1[5-9]|20)\d\d", word.strip(), re.ASCII)]
    return len(years) == len(words) > 0 and all(one < other for one, other in pairwise(years))


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
