"""What people look at: figures, and one-file HTML pages."""

from minent.plot.alluvial import alluvial
from minent.plot.network_map import network_map
from minent.plot.picture import grid, write_png

__all__ = ["alluvial", "grid", "network_map", "write_png"]
