"""Texts with their labels: tables, JSON, Parquet, or a folder of files for each label."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from minent.data.tables.plan import TablePlan
from minent.data.tables.rows import KINDS
from minent.data.tables.table import Table, opened, read_table
from minent.data.tables.texts import chosen, grouped
from minent.data.texts.plain import one_a_line, text_files, text_lines
from minent.errors import BadInput


@dataclass(frozen=True)
class Labelled:
    """Texts, and of each its label and the group it belongs to, where there are any (a group is never split); the
    number of each in what was read, and how that was."""

    texts: Sequence[str]
    labels: Sequence[str] | None = None
    groups: Sequence[str] | None = None
    rows: Sequence[int] | Int[np.ndarray, " rows"] | None = None
    """Of each its row, from 0, over all files, header and blank lines not counted; of lines the number of the line."""

    plan: TablePlan | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def at(self, places: Iterable[int] | Int[np.ndarray, " those"]) -> "Labelled":
        """Those examples, in that order.

        >>> Labelled(["a", "b"], ["x", "y"]).at([1]).labels
        ['y']
        """
        wanted = np.fromiter(places, np.int64)
        rows = range(len(self)) if self.rows is None else self.rows
        labels, groups = (None if one is None else chosen(one, wanted) for one in (self.labels, self.groups))
        return Labelled(chosen(self.texts, wanted), labels, groups, chosen(rows, wanted), self.plan)

    def by_row(self, values: Sequence[str], missing: str) -> list[str]:
        """A value for each example, in the rows that were read; `missing` for blank lines and rows that were left out.

        >>> Labelled(["a", "b"], rows=[0, 2]).by_row(["x", "y"], "")
        ['x', '', 'y']
        """
        rows = range(len(self)) if self.rows is None else self.rows
        found = [missing] * max([row + 1 for row in rows] + [self.plan.rows if self.plan else 0])
        for row, value in zip(rows, values, strict=True):
            found[row] = value
        return found


def read_labelled(
    path: str | os.PathLike[str] | Any,
    *,
    text: str = "text",
    label: str | None = "label",
    encoding: str | None = None,
    skip_bad: int = 0,
    optional: bool = False,
    folder: str | os.PathLike[str] | None = None,
) -> Labelled:
    """The texts in a file, in several (a list, a pattern such as "train-*.parquet", a folder of shards), with their
    labels. `text` and `label` name columns, or say their numbers from 1, of nested ones meta.label; label=None reads
    none, and `optional` ones are read where there is a column for them.

    .tsv              one example a line, quotes are text; the first line names the columns where one of its fields is
                      `text` or `label`, else lines are label<TAB>text (with label=None: text)
    .csv              the first line names the columns; fields that hold commas, quotes or newlines are quoted
    .jsonl .ndjson    one object a line; .json: that, or an array of objects
    .parquet .arrow   a table
    a folder          of such files, or of one folder for each label, holding .txt files
    any other, "-" or an open binary file: JSON lines where the first is an object (in .txt one with `text`); as .tsv
                      where `text` or `label` is called otherwise; else one text a line, without labels

    Text is UTF-8, UTF-16 by its mark, GB18030 where it can be nothing else, or what `encoding` says; files may be
    packed. Lines that are blank are passed over. Texts stay as they are, labels lose the blanks around them. As many as
    `skip_bad` bad rows are left out, and told in the plan. With a `folder` texts lie there, and with them what is made
    of them to train on: only what is looked at comes to memory. Who reads the same again, or another process, finds
    them there. Raises BadInput, BadLine for a line at fault.

    >>> import io
    >>> read_labelled(io.BytesIO("道可道，非常道。\\nIt was a dark night.\\n".encode())).texts
    ['道可道，非常道。', 'It was a dark night.']
    """
    files, plain = opened(path, encoding, lenient=skip_bad > 0), text == "text" and label in (None, "label")
    place = None if folder is None else Path(folder)
    if not files:
        table = text_files(Path(path), label is not None, encoding, skip_bad, place)
    elif plain and files[0].kind not in KINDS and one_a_line(files[0], text):
        table = text_lines(files, skip_bad, place)
    else:
        roles = {"text": text} if label is None else {"label": label, "text": text}
        maybe = ("label",) if optional and label == "label" else ()
        table = read_table(files, roles, skip_bad=skip_bad, optional=maybe, folder=place)
    if not len(table.rows):
        raise table.plan.nothing("texts")
    labels = table.texts.get("label")
    if labels is not None:
        _no_gaps(labels, table)
    return Labelled(table.texts["text"], labels, None, table.rows, table.plan)


def _no_gaps(labels: Sequence[str], table: Table) -> None:
    """Raises BadInput where numbers are the labels, and some are missing: what is no number may be a name."""
    known = set(labels)
    gaps = {label for label in known if label.lower() == "nan"}
    if gaps and all(re.fullmatch("-?[0-9]+", label) for label in known - gaps):
        first = next(i for i, label in enumerate(labels) if label in gaps)
        place = table.plan.place(int(table.rows[first]))
        raise BadInput(f"labels are numbers, and row {place} has none (nan) in {table.plan.files[0]!r}")


def split(labelled: Labelled, share: float = 0.2, seed: int | np.random.Generator = 1) -> tuple[Labelled, Labelled]:
    """The examples to learn from, and those held out: of each label at most this share, and groups never divided.

    Groups are held out in an order that is drawn; one too large for what is left of the share is passed over. Without
    groups each text is one, however often it stands there. Both parts keep the order of the whole.

    >>> rest, held = split(Labelled(list("abcdef"), list("xxxyyy"), list("112334")), 0.5)
    >>> rest.labels, held.labels
    (['x', 'x', 'y', 'y'], ['x', 'y'])
    """
    known = {label: i for i, label in enumerate(dict.fromkeys(labelled.labels or [""]))}
    label = np.fromiter(map(known.get, labelled.labels or repeat("", len(labelled))), np.int64, len(labelled))  # type: ignore[arg-type]
    group = grouped(labelled.texts if labelled.groups is None else labelled.groups)
    members, bounds = np.argsort(group, kind="stable"), np.concatenate([[0], np.cumsum(np.bincount(group))])
    counts = np.bincount(label, minlength=len(known))
    room = [int(share * count) for count in counts.tolist()]
    if not any(room):  # of all labels there are few: the share of all texts, one of a label at most
        order = np.argsort(-counts, kind="stable")
        for most in order[counts[order] > 1][: int(share * len(labelled))].tolist():
            room[most] = 1
    held = np.zeros(len(labelled), bool)
    for i in np.random.default_rng(seed).permutation(len(bounds) - 1):
        those = members[bounds[i] : bounds[i + 1]]
        wanted = Counter(label[those].tolist())
        if all(room[one] >= count for one, count in wanted.items()):
            held[those] = True
            for one, count in wanted.items():
                room[one] -= count
    return labelled.at(np.flatnonzero(~held)), labelled.at(np.flatnonzero(held))
