"""Texts with their labels: tables, JSON lines, Parquet, or a folder of files for each label."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from minent.data.bytes import TextFile, open_text
from minent.data.tables.rows import KINDS, rows_of
from minent.errors import BadInput


@dataclass(frozen=True)
class Labelled:
    """Texts, and of each its label and the group it belongs to, where there are any (a group is never split)."""

    texts: list[str]
    labels: list[str] | None = None
    groups: list[str] | None = None

    def __len__(self) -> int:
        return len(self.texts)


def read_labelled(path: str | os.PathLike[str] | Any, *, text: str = "text", label: str | None = "label") -> Labelled:
    """The texts in a file or folder, with their labels; `text` and `label` name the columns, label=None reads none.

    .tsv              one example a line, quotes are text; the first line names the columns where one of its fields is
                      `text` or `label`, else lines are label<TAB>text (with label=None: text)
    .csv              the first line names the columns; fields that hold commas, quotes or newlines are quoted
    .jsonl .ndjson    one object a line
    .parquet          a table
    a folder          one folder for each label, holding .txt files
    any other, "-" or an open binary file: one text a line, without labels

    UTF-8; files of lines may be gzipped; lines that are blank are passed over. Texts stay as they are, labels lose the
    blanks around them. Raises BadInput, BadLine for a line at fault.

    >>> import io
    >>> read_labelled(io.BytesIO("道可道，非常道。\\nIt was a dark night.\\n".encode())).texts
    ['道可道，非常道。', 'It was a dark night.']
    """
    if isinstance(path, str | os.PathLike) and Path(path).is_dir():
        return _folder(Path(path), label is not None)
    file, names = open_text(path), [text] if label is None else [label, text]
    if file.kind not in KINDS:
        texts, labels = [line for line in file.lines() if line.strip()], None
    else:
        rows = list(rows_of(file, names))
        texts = [row.text(text) for row in rows]
        labels = None if label is None else [row.text(label, numbers=True).strip() for row in rows]
    if not texts:
        raise BadInput(f"there are no texts in {str(file.name)!r}")
    return Labelled(texts, labels)


def split(labelled: Labelled, share: float = 0.2, seed: int | np.random.Generator = 1) -> tuple[Labelled, Labelled]:
    """The examples to learn from, and those held out: of each label at most this share, and groups never divided.

    Groups are held out in an order that is drawn; one too large for what is left of the share is passed over. Without
    groups each example is one. Both parts keep the order of the whole.

    >>> rest, held = split(Labelled(list("abcdef"), list("xxxyyy"), list("112334")), 0.5)
    >>> rest.labels, held.labels
    (['x', 'x', 'y', 'y'], ['x', 'y'])
    """
    labels = labelled.labels or [""] * len(labelled)
    members: dict[object, list[int]] = {}
    for i, group in enumerate(labelled.groups or range(len(labelled))):
        members.setdefault(group, []).append(i)
    room = {label: int(share * count) for label, count in Counter(labels).items()}
    held: set[int] = set()
    groups = list(members.values())
    for i in np.random.default_rng(seed).permutation(len(groups)):
        wanted = Counter(labels[k] for k in groups[i])
        if all(room[label] >= count for label, count in wanted.items()):
            held.update(groups[i])
            room = {label: left - wanted[label] for label, left in room.items()}

    def part(ids: list[int]) -> Labelled:
        columns = (labelled.texts, labelled.labels, labelled.groups)
        texts, labels, groups = (column and [column[i] for i in ids] for column in columns)
        return Labelled(texts or [], labels, groups)

    return part([i for i in range(len(labelled)) if i not in held]), part(sorted(held))


def _folder(folder: Path, labelled: bool) -> Labelled:
    files = sorted(folder.glob("*/*.txt"))
    texts = [TextFile(file, "", file.read_bytes()).content() for file in files]
    if empty := [file for file, text in zip(files, texts, strict=True) if not text.strip()]:
        raise BadInput(f"text must not be empty; got nothing in {str(empty[0])!r}")
    if not files:
        raise BadInput(f"{str(folder)!r} must hold one folder for each label with .txt files in it; there are none")
    return Labelled(texts, [file.parent.name for file in files] if labelled else None)
