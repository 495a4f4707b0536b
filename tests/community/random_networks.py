"""Random networks with everything that can trip a flow model, and random trees of modules for them."""

import numpy as np

from minent.data.networks.graph import Graph

FLOW_MODELS = {  # infomap's flags: what `flow_of` calls the same
    "--flow-model undirected": {"model": "undirected"},
    "--directed": {"model": "directed"},
    "--directed --recorded-teleportation": {"model": "directed", "recorded": True},
    "--directed --to-nodes": {"model": "directed", "to_nodes": True},
    "--directed --recorded-teleportation --to-nodes": {"model": "directed", "recorded": True, "to_nodes": True},
    "--directed --teleportation-probability 0.4": {"model": "directed", "teleportation": 0.4},
    "--flow-model undirdir": {"model": "undirdir"},
    "--flow-model outdirdir": {"model": "outdirdir"},
    "--flow-model rawdir": {"model": "rawdir"},
    "--flow-model precomputed": {"model": "precomputed"},
}


def random_network(seed: int, *, model: str = "directed", weighted: bool = True, nodes: int = 24) -> Graph:
    """Two parts without links between them, self-links, dangling nodes and a node without links, node weights."""
    rng = np.random.default_rng(seed)
    half, links = nodes // 2, 2 * nodes
    part = half * rng.integers(0, 2, links)
    source = np.concatenate([part + rng.integers(0, half - 3, links), [0, half]])
    target = np.concatenate([part + rng.integers(0, half - 1, links), [0, half]])
    weight = rng.uniform(0.1, 5, links + 2) if weighted else np.ones(links + 2)
    if model == "precomputed":
        weight /= 2 * weight.sum()
    elif not weighted:
        source, target = np.unique(np.stack([source, target]), axis=1)
        weight = None
    node_weights = rng.uniform(0.1, 3, nodes) if weighted else np.ones(nodes)
    return Graph.from_links(source, target, weight, directed=True, node_weights=node_weights)


def random_tree(seed: int, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Parents and leaf modules: leaves at several depths, three levels deep at least."""
    rng = np.random.default_rng(seed)
    parent, leaves = [-1], [0]
    for split in (0, 1, 1, 0):
        above = leaves.pop(-1 if split else int(rng.integers(len(leaves))))
        for _ in range(rng.integers(2, 4)):
            leaves.append(len(parent))
            parent.append(above)
    return np.array(parent), rng.permutation(np.resize(leaves, nodes))
