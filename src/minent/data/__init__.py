"""What comes in: networks from links, files, and the objects of other libraries."""

from minent.data.convert import as_graph
from minent.data.graph import Graph
from minent.data.read import read_graph

__all__ = ["Graph", "as_graph", "read_graph"]
