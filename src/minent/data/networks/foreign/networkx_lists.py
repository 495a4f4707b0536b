"""The lists that networkx writes, whose names have no blanks; they do not say whether links have a direction.

edgelist             a b {'weight': 2}             write_edgelist
adjlist              a b c                         a node and those that it links to (write_adjlist)
multiline_adjlist    a 2, then b {…} and c {…}     the same with attributes (write_multiline_adjlist)
"""

import re
import warnings
from ast import literal_eval
from collections.abc import Iterator
from typing import Any

from minent.errors import BadLine


def _lines(data: bytes) -> Iterator[tuple[int, str]]:
    """Lines and their numbers, but comments, which are told as a warning: lines at the head that begin with #, and with
    a blank after it further on. What ends in {…} is none: networkx writes it for a node whose name begins so."""
    head, comments = True, 0
    for number, line in enumerate(data.decode().split("\n"), 1):
        mark = line.startswith("#") and (head or line[1:2] in ("", " ", "\t")) and not line.rstrip().endswith("}")
        comments += mark
        head = head and (mark or not line.strip())
        if line.strip() and not mark:
            yield number, line
    if comments:
        warnings.warn(f"{comments} comment line{'s' * (comments > 1)}", stacklevel=2)


def _attributes(text: str | None, name: object, line: int) -> dict[str, Any]:
    try:
        return dict(literal_eval(text or "{}"))
    except (ValueError, TypeError, SyntaxError, MemoryError):
        raise BadLine(f"attributes of a link are a dictionary of Python; got {str(text)[:60]!r}", name, line) from None


def edgelist(data: bytes, name: object, directed: bool) -> Any:
    network = _empty(directed)
    for number, line in _lines(data):
        found = re.fullmatch(r"\s*(\S+)\s+(\S+)(?:\s+(\{.*\}))?\s*", line)
        if not found:
            raise BadLine(f"wanted two names without blanks and perhaps {{…}}; got {line[:60]!r}", name, number)
        network.add_edges_from([(found[1], found[2], _attributes(found[3], name, number))])
    return network


def adjlist(data: bytes, _name: object, directed: bool) -> Any:
    network = _empty(directed)
    for _, line in _lines(data):
        node, *others = line.split()
        network.add_node(node)
        network.add_edges_from((node, other) for other in others)
    return network


def multiline_adjlist(data: bytes, name: object, directed: bool) -> Any:
    network, lines = _empty(directed), _lines(data)
    for number, line in lines:
        head = re.fullmatch(r"\s*(\S+)\s+(\d+)\s*", line)
        if not head:
            raise BadLine(f"wanted a name and how many links follow; got {line[:60]!r}", name, number)
        network.add_node(head[1])
        for _ in range(int(head[2])):
            following, link = next(lines, (number, ""))
            found = re.fullmatch(r"\s*(\S+)(?:\s+(\{.*\}))?\s*", link)
            if not found:
                raise BadLine(f"{head[2]} links of {head[1]!r} are to follow; got {link[:60]!r}", name, following)
            network.add_edges_from([(head[1], found[1], _attributes(found[2], name, following))])
    return network


def _empty(directed: bool) -> Any:
    import networkx as nx

    return nx.MultiDiGraph() if directed else nx.MultiGraph()
