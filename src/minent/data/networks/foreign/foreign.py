"""Networks in the words of other programs, by networkx: GraphML, GML, GEXF, and networkx's own lists."""

import io
import re
import warnings
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from minent.data.networks.foreign.networkx_lists import adjlist, edgelist, multiline_adjlist
from minent.data.networks.libraries.direction import Noted
from minent.data.networks.libraries.libraries import graph_of_networkx
from minent.data.networks.lines.columns.names import WEIGHTS
from minent.data.networks.naming.called import called
from minent.errors import BadInput

GRAPH = re.compile(rb"<(?:\w+:)?graph[\s>/]")
DOT = "DOT is for drawing and is not read; networkx.nx_agraph.read_dot reads it, and find takes what it returns"


def graph_of_foreign(
    data: bytes, format: str, name: object, directed: bool | None = None, weight: str | int | None = None
) -> Noted:
    """The network in UTF-8 text of a format ("graphml", "gml", "gexf", "edgelist", "adjlist", "multiline_adjlist"), and
    notes; see `weight_name` for what is its weight, and `called` for the names of nodes. Raises BadInput.

    >>> text = b'graph [ node [ id 0 label "a" ] node [ id 1 label "b" ] edge [ source 0 target 1 value 2 ] ]'
    >>> network, notes = graph_of_foreign(text, "gml", "ab.gml")
    >>> network.names.tolist(), network.links()[2].tolist(), notes[1]
    (['a', 'b'], [2.0], "the attribute 'value' is the weight of links")
    """
    import networkx as nx

    if format == "dot":
        raise BadInput(f"{str(name)!r}: {DOT}")
    if format not in READERS:
        raise BadInput(f"a format is one of {', '.join(READERS)}; got {format!r}")
    word, reader = READERS[format]
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found = reader(data, name, bool(directed))
    except BadInput:
        raise
    except KeyError as error:
        raise BadInput(f"{str(name)!r} cannot be read as {word}: {error} is not known") from None
    except (nx.NetworkXException, ValueError, TypeError, LookupError, AttributeError, SyntaxError) as error:
        told = str(error.args[0]) if error.args and error.args[0] is not None else type(error).__name__
        raise BadInput(f"{str(name)!r} cannot be read as {word}: {told}") from None
    except (RecursionError, OverflowError) as error:
        raise BadInput(f"{str(name)!r} cannot be read as {word} ({type(error).__name__})") from None
    notes = [str(one.message) for one in said if issubclass(one.category, UserWarning)]
    notes = notes[:1] + [f"{len(notes) - 1} more of such"] * (len(notes) > 1)
    names = called(list(found.nodes), [data for _, data in found.nodes(data=True)], notes)
    try:
        network, told = graph_of_networkx(found, directed, weight, WEIGHTS, names)
    except BadInput as error:
        raise BadInput(f"{error} in {str(name)!r}") from None
    return network, notes + told


def _graphml(data: bytes, _name: object, _directed: bool) -> Any:
    import networkx as nx
    from networkx.readwrite.graphml import GraphMLReader

    if (len(GRAPH.findall(data)) > 1 or b"\0" in data[:9]) and _nested(data):
        raise ValueError("a node holds a network of its own, whose links belong to no other: keep one level")
    graphs = list(GraphMLReader()(path=io.BytesIO(data))) or [nx.read_graphml(io.BytesIO(data))]
    if len(graphs) > 1:
        raise ValueError(f"it holds {len(graphs)} networks")
    for kind, things in (("node_default", graphs[0].nodes), ("edge_default", graphs[0].edges)):
        for key, value in graphs[0].graph.get(kind, {}).items():
            for *_, attributes in things(data=True):
                attributes.setdefault(key, value)
    return _without_ids(graphs[0])


def _gexf(data: bytes, _name: object, _directed: bool) -> Any:
    import networkx as nx

    if _in_time(data):
        raise ValueError("its weights change in time: keep those of one time, as Gephi's timeline does")
    return _without_ids(nx.read_gexf(io.BytesIO(data)))


def _nested(data: bytes) -> bool:
    """Whether a network stands within a node of GraphML."""
    nodes = (one for one in ElementTree.fromstring(data).iter() if _tag(one) == "node")
    return any(_tag(inner) == "graph" for node in nodes for inner in node)


def _in_time(data: bytes) -> bool:
    """Whether an edge of GEXF has several weights, each of a time."""
    root = list(ElementTree.fromstring(data).iter())
    of_edges = [one for one in root if _tag(one) == "attributes" and one.get("class") == "edge"]
    weights = {inner.get("id") for one in of_edges for inner in one if str(inner.get("title")).lower() in WEIGHTS}
    return any(
        len([value for value in edge.iter() if _tag(value) == "attvalue" and value.get("for") in {*weights, "weight"}])
        > 1
        for edge in root
        if _tag(edge) == "edge"
    )


def _tag(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _without_ids(network: Any) -> Any:
    """The graph without what the reader makes an attribute of links: their ids."""
    for *_, link in network.edges(data=True):
        link.pop("id", None)
    return network


def _gml(data: bytes, _name: object, _directed: bool) -> Any:
    import networkx as nx

    text = data.decode()
    if not re.search(r"(?m)^\s*multigraph\s+1\b", text):  # without it a parallel link is an error
        text = re.sub(r"(?m)^\s*multigraph\s+0\s*$", "", text)
        text = re.sub(r"(?m)^(\s*)graph\s*\[", r"\1graph [ multigraph 1 ", text, count=1)
    return nx.parse_gml(text, label="id")


READERS: dict[str, tuple[str, Callable[[bytes, object, bool], Any]]] = {
    "graphml": ("GraphML", _graphml),
    "gml": ("GML", _gml),
    "gexf": ("GEXF", _gexf),
    "edgelist": ("a networkx edge list", edgelist),
    "adjlist": ("a networkx adjacency list", adjlist),
    "multiline_adjlist": ("a networkx adjacency list of many lines", multiline_adjlist),
}
