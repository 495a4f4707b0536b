"""Texts with their labels: tables, JSON, Parquet, or a folder of files for each label."""

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from minent.data.tables.plan import TablePlan
from minent.data.tables.rows import KINDS
from minent.data.tables.table import Table, opened, read_table
from minent.data.texts.plain import one_a_line, text_files, text_lines
from minent.errors import BadInput


@dataclass(frozen=True)
class Labelled:
    """Texts, and of each its label and the group it belongs to, where there are any (a group is never split); the
    number of each in what was read, and how that was."""

    texts: list[str]
    labels: list[str] | None = None
    groups: list[str] | None = None
    rows: list[int] | None = None
    """Of each its row, from 0, over all files, header and blank lines not counted; of lines the number of the line."""

    plan: TablePlan | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def by_row(self, values: Sequence[str], missing: str) -> list[str]:
        """A value for each example, in the rows that were read; `missing` for blank lines and rows that were left out.

        >>> Labelled(["a", "b"], rows=[0, 2]).by_row(["x", "y"], "")
        ['x', '', 'y']
        """
        rows = self.rows or range(len(self))
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
    `skip_bad` bad rows are left out, and told in the plan. Raises BadInput, BadLine for a line at fault.

    >>> import io
    >>> read_labelled(io.BytesIO("道可道，非常道。\\nIt was a dark night.\\n".encode())).texts
    ['道可道，非常道。', 'It was a dark night.']
    """
    files, plain = opened(path, encoding, lenient=skip_bad > 0), text == "text" and label in (None, "label")
    if not files:
        table = text_files(Path(path), label is not None, encoding, skip_bad)
    elif plain and files[0].kind not in KINDS and one_a_line(files[0], text):
        table = text_lines(files, skip_bad)
    else:
        roles = {"text": text} if label is None else {"label": label, "text": text}
        maybe = ("label",) if optional and label == "label" else ()
        table = read_table(files, roles, skip_bad=skip_bad, optional=maybe)
    if not table.rows:
        raise table.plan.nothing("texts")
    labels = [label.strip() for label in table.texts["label"]] if "label" in table.texts else None
    if labels is not None:
        _no_gaps(labels, table)
    return Labelled(table.texts["text"], labels, None, table.rows, table.plan)


def _no_gaps(labels: list[str], table: Table) -> None:
    """Raises BadInput where numbers are the labels, and some are missing: what is no number may be a name."""
    gaps = [i for i, label in enumerate(labels) if label.lower() == "nan"]
    if gaps and all(re.fullmatch("-?[0-9]+", label) for label in set(labels) if label.lower() != "nan"):
        place = table.plan.place(table.rows[gaps[0]])
        raise BadInput(f"labels are numbers, and row {place} has none (nan) in {table.plan.files[0]!r}")


def split(labelled: Labelled, share: float = 0.2, seed: int | np.random.Generator = 1) -> tuple[Labelled, Labelled]:
    """The examples to learn from, and those held out: of each label at most this share, and groups never divided.

    Groups are held out in an order that is drawn; one too large for what is left of the share is passed over. Without
    groups each text is one, however often it stands there. Both parts keep the order of the whole.

    >>> rest, held = split(Labelled(list("abcdef"), list("xxxyyy"), list("112334")), 0.5)
    >>> rest.labels, held.labels
    (['x', 'x', 'y', 'y'], ['x', 'y'])
    """
    labels = labelled.labels or [""] * len(labelled)
    members: dict[object, list[int]] = {}
    for i, group in enumerate(labelled.groups or labelled.texts):
        members.setdefault(group, []).append(i)
    counts = Counter(labels)
    room = {label: int(share * count) for label, count in counts.items()}
    if not any(room.values()):  # of all labels there are few: the share of all texts, one of a label at most
        most = [label for label, count in counts.most_common() if count > 1][: int(share * len(labelled))]
        room |= dict.fromkeys(most, 1)
    held: set[int] = set()
    groups = list(members.values())
    for i in np.random.default_rng(seed).permutation(len(groups)):
        wanted = Counter(labels[k] for k in groups[i])
        if all(room[label] >= count for label, count in wanted.items()):
            held.update(groups[i])
            room = {label: left - wanted[label] for label, left in room.items()}

    def part(ids: list[int]) -> Labelled:
        labels, groups = (column and [column[i] for i in ids] for column in (labelled.labels, labelled.groups))
        rows = labelled.rows or range(len(labelled))
        return Labelled([labelled.texts[i] for i in ids], labels, groups, [rows[i] for i in ids], labelled.plan)

    return part([i for i in range(len(labelled)) if i not in held]), part(sorted(held))
