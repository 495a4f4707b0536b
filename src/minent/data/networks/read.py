"""A file becomes a network: link lists (csv, tsv, blanks), Parquet and Pajek, told apart by what they begin with."""

import os
from pathlib import Path
from typing import Any

from minent.data.bytes import read_bytes
from minent.data.networks.graph import Graph
from minent.data.networks.link_lists import links_of_text
from minent.data.networks.link_tables import chosen_columns, graph_of_table
from minent.data.networks.pajek.read import graph_of_pajek
from minent.data.networks.pajek.sections import is_pajek
from minent.data.networks.relaxation import Relaxation
from minent.data.tables.parquet import read_parquet
from minent.errors import BadInput

FOREIGN = (".graphml", ".gexf", ".gml", ".json", ".xml", ".pickle", ".pkl", ".mat", ".mtx", ".npz", ".xlsx")


def read_graph(
    path: str | os.PathLike[str] | Any,
    directed: bool | None = None,
    *,
    relax_rate: float = 0.15,
    relax_limit: int | None = None,
    relax_by: str = "strength",
    relax_limit_up: int | None = None,
    relax_limit_down: int | None = None,
    layers: bool = False,
) -> Graph:
    """The network in a file; "-" or an open binary file is read to its end.

    Text       one link a line, `source target [weight]`, divided by tabs, semicolons, commas, bars or blanks; comments
               begin with # or %; a header is recognised; names in UTF-8, in any script
    Parquet    columns source, target and weight (or from and to, src and dst, …), else the first two or three
    Pajek      *Vertices, *Edges, *Arcs, *Edgeslist, *Arcslist, *Matrix, *Bipartite; *States; *Intra, *Inter,
               *Multilayer (relaxed as by `multilayer`); with `layers` its relations, *Arcs :1 and :2, are layers

    Any of them may be gzipped. Nodes are those that occur, in sorted order, called by int64 where all are integers,
    else by text. directed=None: as Pajek's file says, else undirected. Raises BadInput, BadLine for a line at fault.

    >>> import io
    >>> read_graph(io.BytesIO(b"source,target,weight\\nRome,Ostia,2\\nRome,Tibur,1\\n")).names.tolist()
    ['Ostia', 'Rome', 'Tibur']
    >>> read_graph(io.BytesIO(b"1 2 1\\n2 3 -0.5\\n"))
    Traceback (most recent call last):
    minent.errors.BadLine: link weight must not be negative; got -0.5 on line 2 of 'standard input'
    """
    if isinstance(path, str | os.PathLike) and path != "-":
        _check(Path(path))
    data, file = read_bytes(path)
    if data.startswith(b"PAR1"):
        return graph_of_table(_parquet(data, file), bool(directed))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16", errors="replace").encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in data[: 1 << 16]:
        raise BadInput(f"{str(file)!r} is binary; links are read from text, Parquet or Pajek .net")
    if is_pajek(data):
        relaxation = Relaxation(relax_rate, relax_limit, relax_by, relax_limit_up, relax_limit_down)
        return graph_of_pajek(data, file, directed, relaxation, layers=layers)
    return graph_of_table(links_of_text(data, file), bool(directed))


def _check(file: Path) -> None:
    """Raises BadInput for what is known not to hold links before it is read."""
    if file.suffix.lower() in FOREIGN:
        wanted = "links are read from text, Parquet or Pajek .net; other formats as networkx or scipy read them"
        raise BadInput(f"{str(file)!r}: {wanted}")
    if file.is_dir():
        raise BadInput(f"{str(file)!r} is a folder; wanted a file of links")


def _parquet(data: bytes, file: object) -> Any:
    def chosen(names: list[str]) -> list[str]:
        try:
            return [names[i] for i in chosen_columns(names)]
        except BadInput as error:
            raise BadInput(f"{error} in {str(file)!r}") from None

    table = read_parquet(data, file, chosen)
    if not len(table):
        raise BadInput(f"there are no links in {str(file)!r}")
    return table
