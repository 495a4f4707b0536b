"""What nodes are labelled with, in a file of lines: node, then label."""

import os
from collections.abc import Iterable
from typing import Any

from minent.data.bytes import opened, text
from minent.data.networks.lines.records import DELIMITERS, Fields, Record, is_comment, records, split
from minent.errors import BadLine

HEADINGS = ("node", "id", "name", "node_id", "vertex")


def read_attributes(path: str | os.PathLike[str] | Any, names: Iterable[Any]) -> dict[Any, str]:
    """The label of each node that the file names; `names` are those of all nodes.

    Fields are divided by the mark, a tab, semicolon, comma or bar, with which all lines begin with a node, else by the
    first blank. A first line that is called node, id or name, which no node is, is a header. Raises BadLine for a line
    that names no node, or labels one a second time.

    >>> import io
    >>> read_attributes(io.BytesIO(b"Novo mesto\\teast\\nKoper\\twest\\n"), ["Koper", "Novo mesto"])
    {'Novo mesto': 'east', 'Koper': 'west'}
    """
    held = opened(path)
    known = {str(name): name for name in names}
    lines: list[Record] = []
    for record in records(text(held).data):
        if not is_comment(record.text, not lines, None):
            lines.append(record)
    rows = _rows(lines, known)
    labels: dict[Any, str] = {}
    for (number, _, line), row in zip(lines, rows, strict=True):
        node, label = (row or [None, None])[:2]
        if number == lines[0].line and node not in known and str(node).lower() in HEADINGS:
            continue
        if node not in known or not label or any(row[2:]):
            raise BadLine(f"wanted the name of a node and its label; got {line[:60]!r}", held.name, number)
        if labels.setdefault(known[node], label) != label:
            raise BadLine(f"a node has one label; got a second for {node!r}", held.name, number)
    return labels


def _rows(lines: list[Record], known: dict[str, Any]) -> list[Fields]:
    for mark in DELIMITERS:
        try:
            rows = [split(record.text, mark) for record in lines]
        except ValueError:
            continue
        first = 1 if rows and str(rows[0][0]).lower() in HEADINGS else 0
        if all(len(row) > 1 and row[0] in known for row in rows[first:]):
            return rows
    return [_at_blank(record.text) for record in lines]


def _at_blank(line: str) -> Fields:
    """The first word, or what is quoted, and the rest."""
    line = line.strip(" \t")
    if line.startswith('"') and (end := line.find('"', 1)) > 0:
        return [line[1:end], line[end + 1 :].strip()]
    node, _, label = line.replace("\t", " ", 1).partition(" ")
    return [node, label.strip()]
