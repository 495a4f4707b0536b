"""PyPI infomap, called and never copied: its flow of a network and its codelength of a given partition or tree."""

import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from infomap import Infomap

from minent.data.networks.graph import Graph


@dataclass
class Verdict:
    visit: np.ndarray  # of each node
    links: dict[tuple[int, int], float]
    codelength: float
    index_codelength: float
    one_level: float = 0.0


def judge(
    network: Graph,
    flags: str,
    module: np.ndarray | None,
    parent: np.ndarray | None = None,
    metadata: np.ndarray | None = None,
) -> Verdict:
    """What infomap says of `network` with the command-line `flags`, given a partition, a tree or neither."""
    nodes = np.arange(network.number_of_nodes)
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        if parent is not None and module is not None:
            path = Path(folder) / "given.tree"
            path.write_text(_tree_file(module, parent))
            flags += f" --cluster-data {path}"
        if module is not None:
            flags += " --no-infomap"
        infomap = Infomap(args=f"--silent --num-threads 1 {flags}")
        for node in nodes.tolist():
            infomap.add_node(node, teleportation_weight=_weight(network, node))
        source, target, weight = network.links()
        for link in range(len(source)):
            infomap.add_link(int(source[link]), int(target[link]), 1.0 if weight is None else float(weight[link]))
        for node, label in enumerate([] if metadata is None else metadata.tolist()):
            infomap.set_meta_data(node, label)
        if parent is None and module is not None:
            infomap.initial_partition = dict(zip(nodes.tolist(), module.tolist(), strict=True))
        infomap.run()
        visit = np.zeros(len(nodes))
        for node in infomap.tree:
            if node.is_leaf:
                visit[node.node_id] = node.data.flow
        links = {(int(a), int(b)): float(flow) for a, b, flow in infomap.get_links(data="flow")}
        return Verdict(visit, links, infomap.codelength, infomap.index_codelength, infomap.one_level_codelength)


def _weight(network: Graph, node: int) -> float:
    return 1.0 if network.node_weights is None else float(network.node_weights[node])


def _tree_file(module: np.ndarray, parent: np.ndarray) -> str:
    """The tree in infomap's own format: one line "1:2:1 flow "name" id" a node, counting from 1 below every module."""
    place, children = [""] * len(parent), [0] * len(parent)
    for m in range(1, len(parent)):
        children[parent[m]] += 1
        place[m] = f"{place[parent[m]]}{children[parent[m]]}:"
    lines = []
    for node in np.argsort(module, kind="stable").tolist():
        children[module[node]] += 1
        lines.append(f'{place[module[node]]}{children[module[node]]} 0 "{node}" {node}')
    return "\n".join(lines) + "\n"
