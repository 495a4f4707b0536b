"""What comes in: networks from links, files and other libraries' objects; texts with labels or in pairs; batches."""

from minent.data.images.images import Images
from minent.data.images.read import read_images
from minent.data.networks.bipartite import Bipartite
from minent.data.networks.graph import Graph
from minent.data.networks.layers.layers import multilayer
from minent.data.networks.layers.temporal import layered
from minent.data.networks.lines.paths import paths_network, read_paths
from minent.data.networks.objects import as_graph
from minent.data.networks.read import read_graph
from minent.data.networks.states import States
from minent.data.texts.batches import Batches
from minent.data.texts.labelled import Labelled, read_labelled, split
from minent.data.texts.listops import listops
from minent.data.texts.packages import docstrings, modules
from minent.data.texts.pairs import Pairs, held_out, read_pairs
from minent.data.texts.words import text_vectors

__all__ = [
    "Batches",
    "Bipartite",
    "Graph",
    "Images",
    "Labelled",
    "Pairs",
    "States",
    "as_graph",
    "docstrings",
    "held_out",
    "layered",
    "listops",
    "modules",
    "multilayer",
    "paths_network",
    "read_graph",
    "read_images",
    "read_labelled",
    "read_pairs",
    "read_paths",
    "split",
    "text_vectors",
]  # fmt: skip
