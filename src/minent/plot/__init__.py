"""What people look at: figures, and one-file HTML pages."""

from minent.plot.network_map import network_map

__all__ = ["network_map"]
