"""What comes in: networks from links, files, and the objects of other libraries."""

from minent.data.graph import Graph

__all__ = ["Graph"]
