"""Pajek's .net is made of sections: a heading, a star and a word and perhaps more, and the lines under it."""

import re
from typing import NamedTuple


class Section(NamedTuple):
    """The lines under a heading: its word in small letters, what else it says, the lines, and its line number."""

    kind: str
    argument: str
    body: bytes
    line: int


def is_pajek(data: bytes) -> bool:
    """Whether the first line that is no comment is a heading like *Vertices."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start) + 1 or len(data)
        line = data[start:end].strip()
        if line and not line.startswith((b"%", b"#")):
            return line[:1] == b"*" and line[1:2].isalpha()
        start = end
    return False


def sections(data: bytes) -> list[Section]:
    """The sections in their order.

    >>> sections(b"*Vertices 2\\n*Edges\\n1 2\\n")[1]
    Section(kind='edges', argument='', body=b'1 2\\n', line=2)
    """
    headings = list(re.finditer(rb"^[ \t]*\*(\w+)[ \t]*([^\r\n]*)", data, re.MULTILINE))
    found: list[Section] = []
    line, last = 1, 0
    for heading, after in zip(headings, [*headings[1:], None], strict=True):
        line, last = line + data.count(b"\n", last, heading.start()), heading.start()
        _, _, body = data[heading.end() : after.start() if after else len(data)].partition(b"\n")
        kind, argument = (group.decode(errors="replace").strip() for group in heading.groups())
        found.append(Section(kind.lower(), argument, body, line))
    return found
