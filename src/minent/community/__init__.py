"""Communities of a network by the map equation: find modules, and say what a given partition costs."""

from minent.community.codelength import codelength
from minent.community.find import find
from minent.community.options import Options
from minent.community.tree import Tree

__all__ = ["Options", "Tree", "codelength", "find"]
