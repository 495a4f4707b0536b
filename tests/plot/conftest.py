"""Networks with known modules to draw."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minent.community.tree.grow import grow
from minent.community.tree.tree import Tree
from minent.community.walk.models import flow_of
from minent.data import Graph


@pytest.fixture
def planted() -> Callable[..., tuple[Graph, Tree]]:
    """Makes networks of dense groups with sparse links between, and the tree of the groups, `below` to a parent."""
    return dense_groups


def dense_groups(
    sizes: list[int], *, below: int = 1, names: Any = None, seed: int = 0, **graph: Any
) -> tuple[Graph, Tree]:
    draw = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    first = np.cumsum(sizes) - sizes
    ring = first[group] + (np.arange(len(group)) - first[group] + 1) % np.array(sizes)[group]
    inside = first[group] + draw.integers(0, np.array(sizes)[group])
    some = draw.integers(0, len(group), (2, max(1, len(group) // 5)))
    source = np.concatenate([np.arange(len(group))] * 2 + [some[0]])
    network = Graph.from_links(source, np.concatenate([ring, inside, some[1]]), names=names, **graph)
    parents = -(-len(sizes) // below)
    above = np.zeros(len(sizes), int) if below == 1 else 1 + np.arange(len(sizes)) // below
    parent = np.concatenate([[-1], np.zeros(parents if below > 1 else 0, int), above])
    return network, grow(flow_of(network), parent, group + len(parent) - len(sizes))
