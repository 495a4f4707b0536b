"""Trees in lines of text: .tree and .ftree (path flow "name" [state_id] node_id [layer_id]), and .clu.

A .clu says of each node_id, or state_id, its module and its flow; Pajek's own, under *Vertices, has a module a line.
"""

import re
from collections.abc import Iterator

from minent.community.tree.files.paths import Path
from minent.community.tree.files.rows import Read, Rows, Told, path_of
from minent.data.text_file import TextFile as File
from minent.errors import BadInput, BadLine

NODE = re.compile(r'\s*(\d+(?::\d+)*)\s+([\d.eE+-]+|nan)\s+"(.*)"((?:\s+\d+)+)\s*$')
CODELENGTH = re.compile(r"# ((?:index |module |one-level )?codelength) (\S+) bits")
COLUMNS = re.compile(r"# (?:path flow name|node_id module|state_id module)\b")
CALLED = re.compile(r'# (state|layer) (\d+) "(.*)"$')
LINKS = re.compile(r"\*Links (\d+(?::\d+)*|root) (\S+) (\S+)")
TREE = {1: ("node_id",), 2: ("state_id", "node_id"), 3: ("state_id", "node_id", "layer_id")}
STATES = "state_id", "module", "flow", "node_id", "layer_id"
CLU = {1: ("module",), 2: ("node_id", "module"), 3: ("node_id", "module", "flow"), 4: STATES[:4], 5: STATES}


class Head:
    """What the lines of comments tell."""

    def __init__(self) -> None:
        self.told: Told = {}
        self.columns: tuple[str, ...] | None = None
        self.called: dict[str, dict[int, str]] = {"state": {}, "layer": {}}
        self.physical = False

    def read(self, line: str) -> None:
        """Take what a comment tells."""
        if heading := CODELENGTH.match(line):
            self.told[heading[1]] = float(heading[2])
        elif COLUMNS.match(line):
            self.columns = tuple(line[1:].split())
        elif called := CALLED.match(line):
            self.called[called[1]][int(called[2])] = called[3]
        self.physical |= line.strip() == "# physical level"

    def rows(self, path: list[Path], flow: list[float], name: list[str] | None, ids: dict[str, list[int]]) -> Rows:
        """The rows, with what is told of them; a file that has states only numbers nodes by them."""
        state, node = ids.get("state_id"), ids.get("node_id")
        if path and state is None and node is None:
            raise BadInput(f"rows are of nodes (node_id) or states (state_id); the columns are {', '.join(ids)}")
        if node is None:
            state, node = None, state or []
        called = self.called["state"], self.called["layer"]
        return Rows(path, flow, name, node, state, ids.get("layer_id"), self.physical, *called)


def read_tree(file: File) -> Read:
    """A .tree or .ftree."""
    head, rates, links = Head(), {}, False
    path, flow, name, ids = [], [], [], []
    for number, line in _lines(file):
        links = links or line.startswith("*Links")
        if links:
            if section := LINKS.match(line):
                at = () if section[1] == "root" else path_of(section[1])
                rates[at] = float(section[2]), float(section[3])
        elif line.startswith("#"):
            head.read(line)
        else:
            if (node := NODE.match(line)) is None:
                raise BadLine(f'wanted a path, a flow, a "name" and a node id; got {_short(line)}', file.name, number)
            path.append(_at(node[1], file, number))
            flow.append(_number(node[2], file, number))
            name.append(node[3])
            ids.append(tuple(map(int, node[4].split())))
            if len(ids[-1]) != _ids(head, len(ids[0])):
                wanted = " and ".join(head.columns[3:] if head.columns else TREE.get(len(ids[0]), ("node_id",)))
                raise BadLine(f"wanted {wanted} after the name; got {_short(line)}", file.name, number)
    columns = head.columns[3:] if head.columns else TREE[len(ids[0]) if ids else 1]
    numbers: list[list[int]] = [list(one) for one in zip(*ids, strict=True)] if ids else [[] for _ in columns]
    return head.rows(path, flow, name, dict(zip(columns, numbers, strict=True))), head.told, rates


def _ids(head: Head, first: int) -> int:
    return len(head.columns) - 3 if head.columns else min(first, 3)


def read_clu(file: File) -> Read:
    """A .clu of the reference, or of Pajek."""
    head, table, vertices = Head(), [], None
    for number, line in _lines(file):
        words = line.split()
        if line.startswith("#"):
            head.read(line)
        elif words[0].lower() == "*vertices" and not table:
            vertices = int(words[1]) if len(words) > 1 and words[1].isdigit() else -1
        else:
            columns = ("module",) if vertices is not None else head.columns or CLU.get(len(words), CLU[3])
            row = dict(zip(columns, words, strict=False))
            if vertices is not None:
                row["node_id"] = str(len(table) + 1)
            try:
                known = {name: int(value) for name, value in row.items() if name != "flow"}
                table.append((known, float(row.get("flow", "nan"))))
                if "module" not in known or len(known) < 2 or known.keys() != table[0][0].keys():
                    raise ValueError
            except ValueError:
                wanted = "a module" if vertices is not None else "a node id, a module and a flow"
                raise BadLine(f"wanted {wanted}; got {_short(line)}", file.name, number) from None
    if vertices is not None and vertices not in (-1, len(table)):
        raise BadInput(f"*Vertices {vertices} wants a module for each; got {len(table)} in {str(file.name)!r}")
    ids = {name: [row[name] for row, _ in table] for name in (table[0][0] if table else ())}
    path = [(module, 0) for module in ids.pop("module", [])]
    return head.rows(path, [flow for _, flow in table], None, ids), head.told, {}


def _lines(file: File) -> Iterator[tuple[int, str]]:
    yield from ((number, line) for number, line in enumerate(file.lines(), 1) if line.strip())


def _at(text: str, file: File, number: int) -> Path:
    try:
        return path_of(text)
    except BadInput as error:
        raise BadLine(str(error), file.name, number) from None


def _number(text: str, file: File, number: int) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadLine(f"wanted a flow; got {text!r}", file.name, number) from None


def _short(line: str) -> str:
    return repr(line if len(line) < 200 else line[:200] + "…")
