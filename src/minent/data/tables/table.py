"""Of a table what was asked: the texts of some columns, the number of each row, and how all that was understood."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from minent.data.tables.files import files_of
from minent.data.tables.plan import Seen, TablePlan
from minent.data.tables.row import Row, column
from minent.data.tables.rows import KINDS, rows_of
from minent.data.tables.texts import read_texts, write_texts
from minent.data.text_file import TextFile, open_text
from minent.errors import BadInput
from minent.once import once

Numbered = Iterator[tuple[int, Row | BadInput]]


@dataclass(frozen=True)
class Table:
    """The texts of each role, and the number of each row, from 0, over all files, without header and blank lines; of
    files of one text a line the number of the line."""

    texts: Mapping[str, Sequence[str]]
    rows: Sequence[int] | Int[np.ndarray, " rows"]
    plan: TablePlan


def opened(path: str | os.PathLike[str] | Any, encoding: str | None = None, *, lenient: bool = False) -> list[TextFile]:
    """The file, or the files, at a path (see `files_of`); none of a folder that holds no tables. Raises BadInput."""
    return [open_text(file, encoding, lenient=lenient) for file in files_of(path, KINDS)]


def read_table(
    files: Sequence[TextFile],
    roles: Mapping[str, str],
    *,
    header: Callable[[Iterable[bool]], bool] = any,
    skip_bad: int = 0,
    optional: Collection[str] = (),
    folder: Path | None = None,
) -> Table:
    """The texts of a table in one file or several; `roles` says how the column of each is called.

    A column that is called otherwise than its role is one that a header names; `optional` roles are left out where
    there is no column for them. As many as `skip_bad` bad rows are left out, and told in the plan. With a `folder` they
    lie there (see `gathered`). Raises BadInput, BadLine for the first row beyond.
    """
    named = any(role != name and not name.isdecimal() for role, name in roles.items())
    seen = Seen()

    def rows() -> Numbered:
        known: list[str] | None = None
        for file in files:
            seen.starts.append(seen.rows)
            for row in rows_of(file, roles, seen, named or header, optional):
                known = list(seen.roles) if known is None and isinstance(row, Row) else known
                if isinstance(row, Row) and list(seen.roles) != known:
                    raise BadInput(f"all files have a column of {optional}, or none; {str(file.name)!r} is otherwise")
                yield seen.rows, row
                seen.rows += 1

    asked = ("table", dict(roles), header.__name__, tuple(optional))
    return gathered(rows(), files, seen, skip_bad, folder, asked)


def gathered(
    rows: Numbered, files: Sequence[TextFile], seen: Seen, skip_bad: int, folder: Path | None = None, asked: object = ()
) -> Table:
    """The texts of rows; of those that are none `skip_bad` at most are left out. With a `folder` they lie there, and
    only what is looked at comes to memory; of files that hold what they did, read as `asked` before, they are found
    there again, and no row is read. Raises BadInput for one bad row more, and where two roles have one column."""
    if skip_bad < 0:
        raise BadInput(f"skip_bad must be at least 0; got {skip_bad}")
    found, understood = _found(rows, seen, skip_bad), partial(_plan, files, seen)
    if folder is not None:
        key = _key(files, (asked, skip_bad))
        once(folder / key, lambda half: write_texts(half, found, seen, understood))
        texts, numbered, plan = read_texts(folder / key)
        return Table(texts, numbered, replace(plan, files=tuple(str(file.name) for file in files)))
    held: dict[str, list[str]] = {}
    numbers: list[int] = []
    for number, row in found:
        numbers.append(number)
        for role, text in zip(seen.roles, row, strict=True):
            held.setdefault(role, []).append(text)
    return Table(held, numbers, understood())


def _found(rows: Numbered, seen: Seen, skip_bad: int) -> Iterator[tuple[int, list[str]]]:
    """The texts of each row that is none of the bad ones, in the order of the roles, and its number."""
    for number, row in rows:
        try:
            if isinstance(row, BadInput):
                raise row
            seen.columns = seen.columns or list(row.fields)
            texts = [_text(row, role, name) for role, name in seen.roles.items()]
        except BadInput as error:
            seen.bad.append(error)
            if len(seen.bad) > skip_bad:
                if skip_bad:
                    raise BadInput(f"{error}; as many as skip_bad allows, {skip_bad:,}, were left out before") from None
                raise error from None
            continue
        yield number, texts


def _text(row: Row, role: str, name: str) -> str:
    """A text as it is, a label without the blanks around it."""
    return row.text(role, name, label=True).strip() if role == "label" else row.text(role, name)


def _plan(files: Sequence[TextFile], seen: Seen) -> TablePlan:
    """How all that was understood. Raises BadInput where two roles have one column."""
    used = {role: column(name, seen.columns) or name for role, name in seen.roles.items()}
    if len(set(used.values())) < len(used):
        raise BadInput(f"{' and '.join(used)} must be columns of their own; got {', '.join(used.values())}")
    tops = {name if name in seen.columns else name.split(".")[0] for name in used.values()}
    over = tuple(str(name) for name in seen.columns if name not in tops)
    told = tuple(str(error) for error in seen.bad)
    return TablePlan(
        tuple(str(file.name) for file in files), used, over, seen.encoding, seen.blank, told, tuple(seen.said),
        tuple(seen.starts), seen.rows,
    )  # fmt: skip


def _key(files: Sequence[TextFile], asked: object) -> str:
    """What tells what is read from anything else: what the files hold, wherever they lie, and how they are read."""
    digest = blake2b(repr((version("minent"), asked)).encode(), digest_size=16)
    for file in files:
        digest.update(repr((file.kind, file.encoding, file.lenient, len(file.data))).encode())
        digest.update(file.data)
    return digest.hexdigest()
