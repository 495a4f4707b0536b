"""Of a table what was asked: the texts of some columns, the number of each row, and how all that was understood."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from minent.data.tables.files import files_of
from minent.data.tables.plan import Seen, TablePlan
from minent.data.tables.row import column
from minent.data.tables.rows import KINDS, Rows, rows_of
from minent.data.text_file import TextFile, open_text
from minent.errors import BadInput


@dataclass(frozen=True)
class Table:
    """The texts of each role, and the number of each row, from 0, over all files, without header and blank lines."""

    texts: dict[str, list[str]]
    rows: list[int]
    plan: TablePlan


def opened(path: str | os.PathLike[str] | Any, encoding: str | None = None) -> list[TextFile]:
    """The file, or the files, at a path (see `files_of`); none of a folder that holds no tables. Raises BadInput."""
    return [open_text(file, encoding) for file in files_of(path, KINDS)]


def read_table(
    files: Sequence[TextFile],
    roles: Mapping[str, str],
    *,
    header: Callable[[Iterable[bool]], bool] = any,
    skip_bad: int = 0,
) -> Table:
    """The texts of a table in one file or several; `roles` says how the column of each is called.

    A column that is called otherwise than its role is one that a header names. As many as `skip_bad` bad rows are left
    out, and told in the plan. Raises BadInput, BadLine for the first row beyond.
    """
    named = any(role != name and not name.isdecimal() for role, name in roles.items())
    seen = Seen()
    rows = chain.from_iterable(rows_of(file, roles, seen, named or header) for file in files)
    return gathered(rows, roles, files, seen, skip_bad)


def gathered(rows: Rows, roles: Mapping[str, str], files: Iterable[TextFile], seen: Seen, skip_bad: int) -> Table:
    """The texts of rows; of those that are none `skip_bad` at most are left out. Raises BadInput for one more."""
    if skip_bad < 0:
        raise BadInput(f"skip_bad must be at least 0; got {skip_bad}")
    texts: dict[str, list[str]] = {role: [] for role in roles}
    numbers: list[int] = []
    for number, row in enumerate(rows):
        try:
            if isinstance(row, BadInput):
                raise row
            seen.columns = seen.columns or list(row.fields)
            found = [row.text(role, name, label=role == "label") for role, name in roles.items()]
        except BadInput as error:
            seen.bad.append(error)
            if len(seen.bad) > skip_bad:
                if skip_bad:
                    raise BadInput(f"{error}; as many as skip_bad allows, {skip_bad:,}, were left out before") from None
                raise error from None
            continue
        numbers.append(number)
        for role, text in zip(roles, found, strict=True):
            texts[role].append(text)
    used = {role: column(name, seen.columns) or name for role, name in roles.items()}
    tops = {name if name in seen.columns else name.split(".")[0] for name in used.values()}
    over = tuple(str(name) for name in seen.columns if name not in tops)
    told = tuple(str(error) for error in seen.bad)
    plan = TablePlan(tuple(str(file.name) for file in files), used, over, seen.encoding, seen.blank, told)
    return Table(texts, numbers, plan)
