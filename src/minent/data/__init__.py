"""What comes in: networks from links, files and other libraries' objects; texts with labels or in pairs; batches."""

from minent.data.batches import Batches
from minent.data.bipartite import Bipartite
from minent.data.convert import as_graph
from minent.data.graph import Graph
from minent.data.labelled import Labelled, read_labelled, split
from minent.data.layers import multilayer
from minent.data.listops import listops
from minent.data.packages import docstrings, modules
from minent.data.pairs import Pairs, held_out, read_pairs
from minent.data.read import read_graph
from minent.data.states import States

__all__ = [
    "Batches", "Bipartite", "Graph", "Labelled", "Pairs", "States", "as_graph", "docstrings", "held_out", "listops",
    "modules", "multilayer", "read_graph", "read_labelled", "read_pairs", "split",
]  # fmt: skip
