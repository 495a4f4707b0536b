"""Pajek's .net is made of sections: a heading, a star and a word and perhaps more, and the lines under it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from minent.errors import BadLine

COMMENTS = ("%", "#")
LINKS = ("edges", "arcs", "links", "bipartite", "edgeslist", "arcslist", "matrix")
LAYERS = ("intra", "inter", "multilayer")
TEXTS = ("network", "description", "date")
KNOWN = ("vertices", *LINKS, "states", *LAYERS)
HEADING = re.compile(rb"^[ \t]*\*(\w+)[ \t]*([^\n]*)", re.MULTILINE)
SAMPLE = 1 << 16  # bytes looked at


class Section(NamedTuple):
    """The lines under a heading: its word in small letters, what else it says, the lines, its line number, the file."""

    kind: str
    argument: str
    body: bytes
    line: int
    file: object

    def lines(self) -> Iterator[tuple[int, str]]:
        """Number and text of each line that says something; raises BadLine where it is no UTF-8."""
        try:
            lines = self.body.decode().split("\n")
        except UnicodeDecodeError as error:
            number = self.line + 1 + self.body.count(b"\n", 0, error.start)
            raise BadLine("text must be UTF-8; got other bytes", self.file, number) from None
        for number, line in enumerate(lines, self.line + 1):
            text = line.strip()
            if text and text[0] not in COMMENTS:
                yield number, text

    def refused(self, problem: str, line: int | None = None) -> BadLine:
        return BadLine(problem, self.file, self.line if line is None else line)

    def __str__(self) -> str:
        return f"*{self.kind.capitalize()}"


def is_pajek(data: bytes) -> bool:
    """Whether the first line that is no comment is a heading like *Vertices, or one that Pajek knows comes early.

    >>> is_pajek(b"Sampson's monastery\\n*Vertices 18\\n"), is_pajek(b"*tag bob\\n*tag eve\\n")
    (True, False)
    """
    heads = [head[1].decode(errors="replace").lower() for head in HEADING.finditer(data[:SAMPLE].replace(b"\r", b"\n"))]
    return any(head in KNOWN for head in heads) or heads[:1] == ["network"]


def sections(data: bytes, file: object) -> list[Section]:
    """The sections in their order. Raises BadLine for text before the first.

    >>> sections(b"*Vertices 2\\n*Edges\\n1 2\\n", "a.net")[1]
    Section(kind='edges', argument='', body=b'1 2\\n', line=2, file='a.net')
    """
    headings = list(HEADING.finditer(data))
    top = Section("top", "", data[: headings[0].start()] if headings else data, 0, file)
    for number, text in top.lines():
        raise top.refused(f"wanted a heading like *Vertices before anything else; got {text[:60]!r}", number)
    found: list[Section] = []
    line, last = 1, 0
    for heading, after in zip(headings, [*headings[1:], None], strict=False):
        line, last = line + data.count(b"\n", last, heading.start()), heading.start()
        body = data[heading.end() + 1 : after.start() if after else len(data)]
        kind, argument = (group.decode(errors="replace").strip() for group in heading.groups())
        found.append(Section(kind.lower(), argument, body, line, file))
    return found
