"""Paths are a memory network: the walker's next step depends on the nodes it came through.

A state of order m is a sequence of m nodes, those that a path passed last, and stands for the last of them:
(i, j) → (j, k) weighs as often as paths went i, j, k (Rosvall et al. 2014, of order 2).
"""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from minent.data.networks.choices import Choices
from minent.data.networks.graph import Graph
from minent.data.networks.lines.columns.names import ENDS
from minent.data.networks.naming.called import integers_or_text
from minent.data.networks.naming.names import name_array, sorted_names
from minent.data.networks.plan import Plan, Skipped
from minent.data.networks.states import States
from minent.data.text_file import open_text
from minent.errors import BadInput, BadLine

DIVIDERS = "\t;,|"


def read_paths(
    path: str | os.PathLike[str] | Any,
    order: int = 2,
    *,
    counts: bool | None = None,
    header: bool | None = None,
    delimiter: str | None = None,
) -> States:
    """The memory network of a file of paths, one a line: names divided by tabs, semicolons, commas, bars or blanks.

    counts     the last field of a line says how often the path was walked (None: no; refused where it looks so)
    header     the first line names columns (None: no; refused where it looks so, as from,to or step1,step2 do)
    delimiter  what divides names, where it should not be told by the lines: a mark, "tab" or "blank"

    Lines that begin with # or % and a blank are comments. Raises BadInput, BadLine.

    >>> import io
    >>> read_paths(io.BytesIO(b"a x b\\na x b\\nc x d\\n")).links()[2].tolist()
    [2.0, 1.0]
    """
    text = open_text(path)
    lines = [(number, line.strip()) for number, line in enumerate(text.lines(), 1)]
    remarks = [(number, line) for number, line in lines if line and _is_comment(line)]
    lines = [(number, line) for number, line in lines if line and not _is_comment(line)]
    if not lines:
        raise BadInput(f"there are no paths in {str(text.name)!r}")
    delimiter = Choices(delimiter=delimiter).delimiter or _delimiter(lines, text.name)
    rows = [
        [field.strip() for field in (line.split() if delimiter == " " else line.split(delimiter))] for _, line in lines
    ]
    if header is None and _looks_named(rows):
        told = "does the first line name columns? Say header=True or False (--header or --no-header)"
        raise BadLine(f"{told}; got {lines[0][1][:60]!r}", text.name, lines[0][0])
    if header:
        lines, rows = lines[1:], rows[1:]
    for (number, line), row in zip(lines, rows, strict=True):
        if not all(row):
            raise BadLine(f"a path has a name between any two {delimiter!r}; got {line[:60]!r}", text.name, number)
    weight = None
    if counts:
        weight = [_count(row.pop(), text.name, number) for row, (number, _) in zip(rows, lines, strict=True)]
    elif counts is None and _look_counted(rows):
        told = "every line ends with a number: how often the path was walked? Say counts=True or False"
        raise BadInput(f"{told} (--counts or --no-counts) in {str(text.name)!r}")
    try:
        network = paths_network(rows, order, weight)
    except BadInput as error:
        raise BadInput(f"{error} in {str(text.name)!r}") from None
    skipped = (Skipped("comment line", len(remarks), *remarks[0]),) if remarks else ()
    notes = () if network.plan is None else network.plan.notes
    plan = Plan(str(text.name), "lines", delimiter=delimiter, skipped=skipped, notes=(f"{len(rows):,} paths", *notes))
    return replace(network, plan=plan)


def paths_network(sequences: Iterable[Sequence[Any]], order: int = 2, weight: Iterable[float] | None = None) -> States:
    """The memory network of sequences of names, each walked once, or as often as `weight` says.

    States are called by tuples of `order` names (by the name alone where `order` is 1: no memory). Paths of no more
    than `order` nodes make no link. Raises BadInput.

    >>> network = paths_network(["axb", "axb", "cxd"])
    >>> network, network.names.tolist()
    (States(4 states of 3 nodes, 2 links, directed, weighted), [('a', 'x'), ('c', 'x'), ('x', 'b'), ('x', 'd')])
    """
    if type(order) is not int or order < 1:
        raise BadInput(f"order must be at least 1, a whole number; got {order!r}")
    paths = list(map(list, sequences))
    flat = [name for path in paths for name in path]
    names = name_array(integers_or_text(flat) if all(isinstance(name, str) for name in flat) else flat)
    called, at, _ = sorted_names(names, names)
    called = np.arange(int(at.max(initial=-1)) + 1) if called is None else called
    lengths = np.array([len(path) for path in paths], np.int64)
    of = np.repeat(np.arange(len(paths)), lengths)
    begins = np.arange(max(len(flat) - order + 1, 0))
    whole = begins[of[begins] == of[begins + order - 1]] if len(begins) else begins
    if not (lengths > order).any():
        raise BadInput(f"no path has more than {order} nodes, as links of order {order} need")
    windows = np.stack([at[whole + k] for k in range(order)], axis=1)
    states, place = np.unique(windows, axis=0, return_inverse=True)
    follows = np.flatnonzero((np.diff(whole) == 1) & (of[whole[:-1]] == of[whole[1:]]))
    place = place.ravel()
    often = None if weight is None else np.array(list(weight), float)
    if often is not None and len(often) != len(paths):
        raise BadInput(f"weights must be one for each of the {len(paths)} paths; got {len(often)}")
    often = None if often is None else often[of[whole[follows]]]
    labels = np.empty(len(states), object)
    labels[:] = [tuple(called[state].tolist()) if order > 1 else called[state[0]] for state in states]
    links = Graph.from_links(place[follows], place[follows + 1], often, directed=True, names=labels)
    short = int(np.count_nonzero(lengths <= order))
    notes = (f"{short:,} of {len(paths):,} paths have no more than {order} nodes and make no link",) if short else ()
    return replace(States.of(links, called[states[:, -1]]), plan=Plan("paths", "object", notes=notes))


def _is_comment(line: str) -> bool:
    return line[0] in "#%" and (len(line) == 1 or line[1].isspace())


def _delimiter(lines: list[tuple[int, str]], file: object) -> str:
    """The mark that is in every line but those of one name. Raises BadLine where it is in some of them only."""
    several = [(number, line) for number, line in lines if any(mark in line for mark in DIVIDERS + " ")]
    for mark in DIVIDERS:
        if several and all(mark in line for _, line in several):
            return mark
    for mark in DIVIDERS:
        with_mark = [number for number, line in several if mark in line]
        if with_mark and mark != "|":
            without = next(number for number, line in several if mark not in line)
            told = f"{mark!r} divides names on line {with_mark[0]}, but is not there"
            raise BadLine(f"{told} (say delimiter=)", file, without)
    return " "


def _looks_named(rows: list[list[str]]) -> bool:
    """Whether the first names stand nowhere else, and are those of ends, or alike and numbered."""
    first = rows[0]
    if not set(first).isdisjoint(name for row in rows[1:] for name in row) or len(rows) < 2 or len(first) < 2:
        return False
    numbers = [re.search(r"\d+$", name) for name in first]
    stems = {name.rstrip("0123456789").lower() for name in first}
    counted = len(stems) == 1 and stems != {""} and [int(n[0]) - k for k, n in enumerate(numbers) if n] in (
        [0] * len(first), [1] * len(first))  # fmt: skip
    return counted or {name.lower() for name in first} <= {name for ends in ENDS for name in ends} | {"via", "path"}


def _look_counted(rows: list[list[str]]) -> bool:
    """Whether the last fields are numbers, and no others are."""
    last = {row[-1] for row in rows}
    if not all(len(row) > 1 and _is_number(row[-1]) for row in rows):
        return False
    return last.isdisjoint(name for row in rows for name in row[:-1]) and not all(
        _is_number(name) for row in rows for name in row[:-1]
    )


def _is_number(text: str) -> bool:
    try:
        return float(text) >= 0
    except ValueError:
        return False


def _count(text: str, file: object, line: int) -> float:
    if not _is_number(text) or float(text) == float("inf"):
        raise BadLine(f"a path's last field says how often it was walked; got {text!r}", file, line)
    return float(text)
