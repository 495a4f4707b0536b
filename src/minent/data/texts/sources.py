"""Texts that something is to be written for: one a line, or the sources of pairs, whose targets are not read."""

import os
from typing import Any

from minent.data.tables.row import column
from minent.data.tables.rows import KINDS
from minent.data.tables.table import opened, read_table
from minent.data.texts.labelled import Labelled
from minent.data.texts.plain import one_a_line, text_lines
from minent.errors import BadInput


def read_sources(
    path: str | os.PathLike[str] | Any, *, source: str = "source", encoding: str | None = None, skip_bad: int = 0
) -> Labelled:
    """The sources in a file or in several, read as by `read_pairs`, but that targets need not be there; any file but a
    table (.tsv, .csv, .jsonl, …) holds one text a line. Raises BadInput, BadLine for a line at fault.

    >>> import io
    >>> read_sources(io.BytesIO("Hi.\\n\\nThanks!\\n".encode())).rows
    [0, 2]
    """
    files = opened(path, encoding, lenient=skip_bad > 0)
    if not files:
        raise BadInput(f"{str(path)!r} holds no tables")
    if source == "source" and files[0].kind not in KINDS and one_a_line(files[0], "source"):
        table = text_lines(files, skip_bad)
    else:
        first = files[0].first if files[0].kind == ".tsv" else None
        if first is not None and source == "source" and column(source, first.split("\t")) is None:
            source = "1"  # of lines source<TAB>target
        table = read_table(files, {"source": source}, skip_bad=skip_bad)
    if not table.rows:
        raise table.plan.nothing("texts")
    return Labelled(table.texts.get("source") or table.texts["text"], rows=table.rows, plan=table.plan)
