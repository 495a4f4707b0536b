"""What people look at: figures, and one-file HTML pages."""

from minent.plot.alluvial import alluvial
from minent.plot.network_map import network_map

__all__ = ["alluvial", "network_map"]
