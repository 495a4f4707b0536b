"""What a file of links is, told by what it holds: never by its name, so that standard input is read as files are."""

import re

from minent.data.bytes import MARKS, Held
from minent.data.networks.choices import Format
from minent.errors import BadInput

SAMPLE = 1 << 16  # bytes looked at
HEADINGS = (
    rb"vertices|network|edges|arcs|edgeslist|arcslist|matrix|states|intra|inter|multilayer|bipartite|description|date"
)
TEXT: dict[Format, bytes] = {
    "mtx": rb"(?i)\A%%MatrixMarket",
    "jsonl": rb"\A\s*\{\s*\"[^\n]*\}[ \t]*\n\s*\{",
    "json": rb"\A\s*(?:\{\s*[\"}]|\[\s*[\[{\]])",
    "gml": rb"(?i)\A(?:\s*(?:#|creator|version|comment)[^\n]*\n)*\s*graph\s*\[",
    "pajek": rb"(?im)^[ \t]*\*(?:" + HEADINGS + rb")\b(?![^\n]*\*)",
    "adjlist": rb"\A#[^\n]*\n# GMT [^\n]*\n[^{]*\Z",
    "edgelist": rb"\A(?:\s*#[^\n]*\n)*(?:[^\s{}]+\s+[^\s{}]+\s+\{[^\n]*\}\s*(?:\n|\Z))+\Z",
}
TREE = "is a tree of modules, not a network: --initial begins a search from it, minent.community.Tree.read reads it"
NODES = "lists nodes, then #, then links (TGF): keep the lines after # (or --format lines, if # is a remark)"
BY_NODE = (
    "lists under # NODE the nodes that it links to (LGL), which igraph.Graph.Read_Lgl reads, and as_graph takes "
    "(--format lines, if # are remarks)"
)
REFUSED = {
    rb"\A#[^\n]*\n# GMT [^\n]*\n[^{]*\{": "is networkx's adjacency list of many lines: write_edgelist's is read",
    rb"(?i)\A(?:\s*(?:(?://|#)[^\n]*\n|/\*(?s:.*?)\*/))*\s*(?:strict\s+)?(?:di)?graph\b[^{\n]*\{": (
        "is a graph in DOT's words, which are not read: networkx.nx_pydot.read_dot and igraph read them"
    ),
    rb'(?m)\A#? *(?:path[ ,]flow|(?:node|node_id|state_id) module\b)|^# (?:path flow|(?:node|node_id|state_id) module)|'
    rb'\A(?:#[^\n]*\n)*\d+(?::\d+)+ [\d.eE+-]+ "|\A\s*\{[^\[\]]*"codelength"\s*:|\A\(+[^\n]*\)[^\n,;()]*;\s*\Z': TREE,
}  # fmt: skip
BINARY = {
    b"\x89HDF": "is HDF5, which the library that wrote it reads: anndata.read_h5ad(…).obsp['connectivities']",
    b"\x80": "may be a pickle, which is not opened: what it holds may be passed to as_graph",
    b"\xd0\xcf\x11\xe0": "is a workbook: save its sheet as CSV",
    b"MATLAB 5": "is of MATLAB: as_graph takes a matrix of what scipy.io.loadmat reads",
    b"MATLAB 7": "is of MATLAB, as HDF5: as_graph takes a matrix of what h5py.File reads",
    b"ARROW1": "is of Arrow or Feather: as_graph takes the table that pyarrow.feather.read_table reads",
    b"FEA1": "is of Feather: as_graph takes the table that pyarrow.feather.read_table reads",
}


def binary_format(held: Held) -> Format | None:
    """What a file is that says so in its first bytes; None: it is text. Raises BadInput for what is known not to be
    a network."""
    begins = held.data[:SAMPLE]
    if begins.startswith(b"PAR1"):
        return "parquet"
    if begins.startswith(b"PK\3\4"):
        if b".npy" in begins:
            return "npz"
        what = "a workbook: save its sheet as CSV" if b"xl/" in held.data else "a zip archive: unpack it"
        raise BadInput(f"{str(held.name)!r} is {what}")
    for mark, what in BINARY.items():
        if begins.startswith(mark):
            raise BadInput(f"{str(held.name)!r} {what}")
    if begins[257:262] == b"ustar":
        raise BadInput(f"{str(held.name)!r} is a tar archive: unpack it")
    if begins.startswith(b"\x93NUMPY"):
        return "npz"
    for mark, encoding in MARKS:
        if begins.startswith(mark):
            begins = begins.decode(encoding, "ignore").encode()
    if begins.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return _xml(begins, held.name)
    return None


def _xml(begins: bytes, name: object) -> Format | None:
    if re.search(rb"<(?:\w+:)?graphml\b", begins):
        return "graphml"
    if re.search(rb"<(?:\w+:)?gexf\b", begins):
        return "gexf"
    if re.match(rb"\s*<(?:\?xml|!doctype|html)", begins.removeprefix(b"\xef\xbb\xbf"), re.IGNORECASE):
        raise BadInput(f"{str(name)!r} is XML or HTML, but neither GraphML nor GEXF")
    return None


def text_format(data: bytes, name: object) -> Format:
    """What text is, in UTF-8. Raises BadInput for what is known not to be a network.

    >>> text_format(b"*Vertices 2", "a.net"), text_format(b"1 2", "a.net")
    ('pajek', 'lines')
    """
    begins = data[:SAMPLE]
    if len(data) > SAMPLE:
        begins = begins[: begins.rfind(b"\n") + 1] or begins
    for pattern, what in REFUSED.items():
        if re.search(pattern, begins):
            raise BadInput(f"{str(name)!r} {what}")
    if what := _by_hash(begins):
        raise BadInput(f"{str(name)!r} {what}")
    for format, pattern in TEXT.items():
        if re.search(pattern, begins):
            return format
    return "lines"


def _by_hash(begins: bytes) -> str:
    r"""What # means in text where it is no remark; "" where it is one.

    >>> _by_hash(b"1 Ann\n2 Bob\n#\n1 2\n")[:39], _by_hash(b"# a\n1 2\n# b\n2 3\n")
    ('lists nodes, then #, then links (TGF): ', '')
    """
    lines = [line.split() for line in begins.decode(errors="ignore").split("\n") if line.strip()]
    marks = [i for i, words in enumerate(lines) if words[0] == "#"]
    if not marks:
        return ""
    ids = [words[0] for words in lines[: marks[0]]]
    ends = [end for words in lines[marks[0] + 1 :] for end in words[:2]]
    if len(lines[marks[0]]) == 1 == len(marks) and len(set(ids)) == len(ids) > 1 and ends and set(ends) <= set(ids):
        return NODES
    if re.search(rb"[,;|]", begins):
        return ""
    heads = [lines[i][1:] for i in marks]
    others = [words for words in lines if words[0] != "#"]
    if marks[0] or any(len(head) != 1 for head in heads) or any(len(words) > 2 for words in others):
        return ""
    weighed = all(re.fullmatch(r"[\d.eE+-]+", words[1]) for words in others if len(words) > 1)
    alone = any(len(words) == 1 for words in others)
    again = {head[0] for head in heads} & {words[0] for words in others}
    return BY_NODE if others and weighed and len(heads) > 1 and (alone or again) else ""
