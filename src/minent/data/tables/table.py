"""Of a table what was asked: the texts of some columns, the number of each row, and how all that was understood."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from minent.data.tables.files import files_of
from minent.data.tables.plan import Seen, TablePlan
from minent.data.tables.row import Row, column
from minent.data.tables.rows import KINDS, rows_of
from minent.data.text_file import TextFile, open_text
from minent.errors import BadInput

Numbered = Iterator[tuple[int, Row | BadInput]]


@dataclass(frozen=True)
class Table:
    """The texts of each role, and the number of each row, from 0, over all files, without header and blank lines; of
    files of one text a line the number of the line."""

    texts: dict[str, list[str]]
    rows: list[int]
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
) -> Table:
    """The texts of a table in one file or several; `roles` says how the column of each is called.

    A column that is called otherwise than its role is one that a header names; `optional` roles are left out where
    there is no column for them. As many as `skip_bad` bad rows are left out, and told in the plan. Raises BadInput,
    BadLine for the first row beyond.
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

    return gathered(rows(), files, seen, skip_bad)


def gathered(rows: Numbered, files: Iterable[TextFile], seen: Seen, skip_bad: int) -> Table:
    """The texts of rows; of those that are none `skip_bad` at most are left out. Raises BadInput for one more, and
    where two roles have one column."""
    if skip_bad < 0:
        raise BadInput(f"skip_bad must be at least 0; got {skip_bad}")
    texts: dict[str, list[str]] = {}
    numbers: list[int] = []
    for number, row in rows:
        try:
            if isinstance(row, BadInput):
                raise row
            seen.columns = seen.columns or list(row.fields)
            found = [row.text(role, name, label=role == "label") for role, name in seen.roles.items()]
        except BadInput as error:
            seen.bad.append(error)
            if len(seen.bad) > skip_bad:
                if skip_bad:
                    raise BadInput(f"{error}; as many as skip_bad allows, {skip_bad:,}, were left out before") from None
                raise error from None
            continue
        numbers.append(number)
        for role, text in zip(seen.roles, found, strict=True):
            texts.setdefault(role, []).append(text)
    used = {role: column(name, seen.columns) or name for role, name in seen.roles.items()}
    if len(set(used.values())) < len(used):
        raise BadInput(f"{' and '.join(used)} must be columns of their own; got {', '.join(used.values())}")
    tops = {name if name in seen.columns else name.split(".")[0] for name in used.values()}
    over = tuple(str(name) for name in seen.columns if name not in tops)
    told = tuple(str(error) for error in seen.bad)
    plan = TablePlan(
        tuple(str(file.name) for file in files), used, over, seen.encoding, seen.blank, told, tuple(seen.said),
        tuple(seen.starts), seen.rows,
    )  # fmt: skip
    return Table(texts, numbers, plan)
