"""A file becomes a network: what it is is told by what it holds, and each format has its reader."""

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from minent.data.bytes import opened
from minent.data.networks.choices import Choices, Column, Format, heeded
from minent.data.networks.foreign.json_networks import graph_of_json
from minent.data.networks.formats import TREE
from minent.data.networks.graph import Graph
from minent.data.networks.layers.relaxation import Relaxation
from minent.data.networks.libraries.cells import graph_of_cells
from minent.data.networks.libraries.matrix_lines import cells_of_lines
from minent.data.networks.libraries.matrix_tables import cells_of_table, is_matrix_table
from minent.data.networks.lines.konect import konect_kind
from minent.data.networks.lines.link_lines import planned
from minent.data.networks.lines.link_lists import links_of_lines
from minent.data.networks.lines.link_tables import SAMPLE, graph_of_columns, graph_of_links, roles_of, weights_of
from minent.data.networks.lines.matrix_names import is_matrix
from minent.data.networks.lines.two_kinds import bipartite_of_links
from minent.data.networks.pajek.read import pajek_with_notes
from minent.data.networks.recognised import File, recognised
from minent.data.networks.states import States
from minent.data.tables.parquet import first_rows, read_parquet
from minent.data.whole import named
from minent.errors import BadInput

BY_NAME = "by name"


def read_graph(
    path: str | os.PathLike[str] | Any,
    directed: bool | None = None,
    *,
    source: Column = None,
    target: Column = None,
    weight: Column = BY_NAME,
    layer: Column = None,
    header: bool | None = None,
    delimiter: str | None = None,
    comment: str | None = None,
    encoding: str | None = None,
    format: Format | None = None,
    relax_rate: float = 0.15,
    relax_limit: int | None = None,
    relax_by: str = "strength",
    relax_limit_up: int | None = None,
    relax_limit_down: int | None = None,
    layers: bool = False,
) -> Graph:
    """The network in a file; "-" or an open binary file is read to its end. `Graph.plan` says how it was understood.

    Links one a line, Parquet, Pajek, GraphML, GEXF, GML, JSON, MatrixMarket, .npz, packed or not: see
    "What input is understood" in the documentation. What a file does not tell is said here: columns by name or number
    from 1 (weight=None: no weights; layer: a column of layers or times), header, delimiter, comment, encoding, format.

    Nodes are those that occur, in sorted order, called by int64 where all are plain integers, else by text.
    directed=None: as the file says, else undirected. Raises BadInput, BadLine for a line at fault.

    >>> import io
    >>> network = read_graph(io.BytesIO(b"source,target,weight\\nRome,Ostia,2\\nRome,Tibur,1\\n"))
    >>> network.names.tolist(), str(network.plan)
    (['Ostia', 'Rome', 'Tibur'], 'source=source, target=target, weight=weight')
    >>> read_graph(io.BytesIO(b"1 2 1\\n2 3 -0.5\\n"))
    Traceback (most recent call last):
    minent.errors.BadLine: link weight must not be negative; got -0.5 on line 2 of 'standard input'
    """
    limits = relax_limit_up, relax_limit_down
    weight = {None: "none", BY_NAME: None}.get(weight, weight)  # type: ignore[arg-type]
    choices = Choices(source, target, weight, layer, header, delimiter, comment, encoding, format)
    return network_in(path, choices, directed, Relaxation(relax_rate, relax_limit, relax_by, *limits), layers)


def network_in(
    path: str | os.PathLike[str] | Any,
    choices: Choices,
    directed: bool | None = None,
    relaxation: Relaxation = Relaxation(),  # noqa: B008
    layers: bool = False,
) -> Graph:
    """The network in a file, as `read_graph` reads it."""
    if isinstance(path, str | os.PathLike) and path != "-" and Path(path).is_dir():
        raise BadInput(f"{str(path)!r} is a folder; wanted a file of links (minent.community.find searches folders)")
    held = opened(path)
    file = recognised(held, choices)
    heeded(choices, file.plan.format, file.plan.file)
    with named(file.plan.file):
        network = READERS[file.plan.format](file._replace(directed=directed, relaxation=relaxation, layers=layers))
    said = [name for name, value in relaxation.keywords().items() if value != Relaxation().keywords()[name]]
    said += ["layers"] * (layers and file.plan.format != "pajek")
    if said and (not isinstance(network, States) or network.layers is None):
        hint = "; a column of layers is named by layer" if file.plan.format in ("lines", "parquet") else ""
        raise BadInput(f"{said[0]} is of networks of layers, and {str(file.plan.file)!r} has none{hint}")
    return network


def _lines(file: File) -> Graph:
    if is_matrix(file.data, file.plan.file, file.choices):
        return _cells(file)
    plan, layout = planned(file.data, file.plan, file.choices)
    links, plan = links_of_lines(file.data, plan, layout)
    kind = konect_kind(file.data) if file.choices.comment is None else ""
    if kind == "bip":
        return bipartite_of_links(links, weights_of(links), file.directed, plan, konect=True)
    directed = file.directed
    if kind == "asym" and directed is None:
        directed, plan = True, replace(plan, notes=(*plan.notes, "links are directed (% asym)"))
    return graph_of_links(links, directed, plan, **file.relaxation.keywords())


def _cells(file: File) -> Graph:

    name, is_table = file.plan.file, file.plan.format == "parquet"
    table = (
        cells_of_table(read_parquet(file.data, name), name)
        if is_table
        else cells_of_lines(file.data, name, file.choices)
    )
    file = file._replace(plan=replace(file.plan, format="matrix"))
    return _planned(graph_of_cells(table, name, file.choices, file.directed), file)


def _parquet(file: File) -> Graph:
    first = first_rows(file.data, file.plan.file, SAMPLE)
    if not len(first):
        raise BadInput(f"there are no links in {file.plan.file!r}")
    said = file.choices
    if said.format == "matrix" or (not (said.source or said.target or said.format) and is_matrix_table(first)):
        return _cells(file)
    relaxed, names = file.relaxation.keywords(), [str(name) for name in first.column_names]
    if names[:2] == ["path", "flow"]:
        raise BadInput(f"{file.plan.file!r} {TREE}")
    try:
        found = roles_of(first, file.choices)
        wanted = [names[place] for place in found[:5] if place is not None]
        table = read_parquet(file.data, file.plan.file, lambda _: wanted).select(wanted)
        return graph_of_columns(table, names, found, file.directed, file.plan, **relaxed)
    except BadInput as error:
        raise BadInput(f"{error} in {file.plan.file!r}") from None


def _pajek(file: File) -> Graph:
    noted = pajek_with_notes(file.data, file.plan.file, file.directed, file.relaxation, layers=file.layers)
    return _planned(noted, file)


def _json(file: File) -> Graph:
    said = file.directed, file.relaxation, file.choices.weight
    return _planned(graph_of_json(file.data, file.plan.file, *said), file)


def _matrix(file: File) -> Graph:
    from minent.data.networks.libraries.matrices import graph_of_matrix_file

    return _planned(graph_of_matrix_file(file.data, file.plan.format, file.plan.file, file.directed), file)


def _foreign(file: File) -> Graph:
    from minent.data.networks.foreign.foreign import graph_of_foreign

    weight = file.choices.weight
    return _planned(graph_of_foreign(file.data, file.plan.format, file.plan.file, file.directed, weight), file)


def _planned(noted: tuple[Graph, Iterable[str]], file: File) -> Graph:
    """The network, with a plan that says what its reader noted."""
    network, notes = noted
    ids = "integers" if network.names is None or network.names.dtype.kind == "i" else "text"
    return replace(network, plan=replace(file.plan, ids=ids, notes=tuple(notes)))


Reader = Callable[[File], Graph]
READERS: dict[str, Reader] = {
    "lines": _lines, "matrix": _cells, "parquet": _parquet, "pajek": _pajek, "json": _json, "jsonl": _json,
    "mtx": _matrix, "npz": _matrix, "graphml": _foreign, "gexf": _foreign, "gml": _foreign, "edgelist": _foreign,
    "adjlist": _foreign,
}  # fmt: skip
