"""Networks from files of every kind cost what the referee says, of partitions and of nested modules."""

import re
import tempfile
import warnings
from pathlib import Path

import infomap as infomap_module
import numpy as np
import pytest
from community.network_texts import KINDS, network_text
from community.random_networks import random_tree
from infomap import Infomap

from minent import BadInput
from minent.community.options import PLAIN
from minent.community.tree.grow import grow
from minent.community.walk.objective import walk_of
from minent.data import Bipartite, Graph, States, read_graph
from minent.data.networks.layers.relaxation import Relaxation
from minent.data.networks.pajek.read import graph_of_pajek
from minent.data.networks.pajek.sections import is_pajek

RELAXED = {
    "": Relaxation(),
    "--multilayer-relax-rate 0.4 --multilayer-relax-limit-up 1": Relaxation(0.4, limit_up=1),
    "--multilayer-relax-limit 2 --multilayer-relax-limit-down 0": Relaxation(limit=2, limit_down=0),
    "--multilayer-relax-by-jsd --multilayer-relax-limit-down 1": Relaxation(by="jensen-shannon", limit_down=1),
}


def referee(path: Path, flags: str, module: np.ndarray | None = None, parent: np.ndarray | None = None):
    """The leaves (layer, node, state) of a network, in the order of states; or the codelength of these modules."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        infomap = Infomap(args=f"--silent --num-threads 1 --no-infomap {flags}")
        infomap.read_file(str(path))
        infomap.run()
        leaves = sorted((node.state_id, node.layer_id, node.node_id) for node in infomap.tree if node.is_leaf)
        if module is None:
            return leaves
        given, layered = Path(folder) / "given.tree", any(layer for _, layer, _ in leaves)
        given.write_text(tree_text(leaves, module, parent, layered))
        infomap = Infomap(args=f"--silent --num-threads 1 --no-infomap {flags} --cluster-data {given}")
        infomap.read_file(str(path))
        infomap.run()
        return infomap.codelength


def tree_text(leaves: list, module: np.ndarray, parent: np.ndarray, layered: bool) -> str:
    place, children = [""] * len(parent), [0] * len(parent)
    for m in range(1, len(parent)):
        children[parent[m]] += 1
        place[m] = f"{place[parent[m]]}{children[parent[m]]}:"
    lines = ["# path flow name state_id node_id" + " layer_id" * layered]
    for (state, layer, node), m in sorted(zip(leaves, module.tolist(), strict=True), key=lambda pair: place[pair[1]]):
        children[m] += 1
        lines.append(f'{place[m]}{children[m]} 0 "{state}" {state} {node}' + f" {layer}" * layered)
    return "\n".join(lines) + "\n"


def key(network: Graph, leaf: tuple[int, int, int], names: list) -> int:
    """Where one of the referee's leaves stands among our nodes."""
    state, layer, node = leaf
    if isinstance(network, States):
        called = network.physical_names.tolist()[0]
        node_name = node if isinstance(called, int) else vertex_name(node)
        return names.index((layer, node_name) if layer else state)
    return names.index(node if isinstance(names[0], int) else vertex_name(node))


def vertex_name(node: int) -> str:
    return f"node {node}" if node % 3 else f'a "{node}", alias'


def told_alike(text: str, path: Path, flags: str, network: Graph, seed: int, model: str | None = None) -> None:
    path.write_text(text)
    names = list(range(network.number_of_nodes)) if network.names is None else network.names.tolist()
    leaves = referee(path, flags)
    place = np.array([key(network, leaf, names) for leaf in leaves])
    flow = walk_of(network, network.directed, PLAIN, None, flow_model=model)
    deep, flat = random_tree(seed, len(names)), (np.r_[-1, np.zeros(4, int)], np.arange(len(names)) % 4 + 1)
    for parent, module in (deep, flat):
        ours = grow(flow, parent, module).codelength
        theirs = referee(path, flags, module[place], parent)
        assert ours == pytest.approx(theirs, abs=1e-9), (flags, text)


# of a bipartite one the referee's directed walk is none of double steps
NOT_BOTH = "undirected", "directed", "bipartite"


def parity(kind: str, seed: int, path: Path) -> None:
    text = network_text(kind, seed)
    options = list(RELAXED.items())[seed % 4 : seed % 4 + 1] if kind == "intra" else [("", Relaxation())]
    for flags, relaxation in options:
        for directed in (kind == "directed",) if kind in NOT_BOTH else (False, True):
            network = graph_of_pajek(text.encode(), "a.net", directed, relaxation)
            kinds = {"bipartite": Bipartite, "undirected": Graph, "directed": Graph}
            assert isinstance(network, kinds.get(kind, States))
            told_alike(text, path, flags + " --directed" * directed, network, seed)


@pytest.mark.parametrize("kind", KINDS)
def test_networks_of_a_kind_cost_what_the_referee_says(kind: str, tmp_path: Path):
    for seed in range(8):
        parity(kind, seed, tmp_path / "a.net")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_two_hundred_networks_of_a_kind_cost_what_the_referee_says(kind: str, tmp_path: Path):
    for seed in range(200):
        parity(kind, seed, tmp_path / "a.net")


def in_order(path: Path, flags: str) -> list:
    """The referee's leaves as we number them: by layer and node, or by state."""
    leaves = referee(path, flags)
    return sorted(leaves, key=lambda leaf: leaf[1:]) if leaves[-1][1] else leaves


def costs_alike(path: Path, flags: str, directed: bool | None, model: str | None = None) -> None:
    network = read_graph(path, directed)
    leaves = in_order(path, flags)
    assert network.number_of_nodes == len(leaves)
    place = {leaf: i for i, leaf in enumerate(leaves)}
    order = np.array([place[leaf] for leaf in referee(path, flags)])
    flow = walk_of(network, network.directed, PLAIN, None, flow_model=model)
    for seed in range(3):
        flat = np.r_[-1, 0, 0], np.arange(len(leaves)) % 2 + 1
        for parent, module in (flat, random_tree(seed, len(leaves))) if len(leaves) > 12 else (flat,):
            ours = grow(flow, parent, module).codelength
            assert ours == pytest.approx(referee(path, flags, module[order], parent), abs=1e-9)


def test_weights_of_states_are_flow_where_it_is_precomputed(tmp_path: Path):
    vertices = "*Vertices\n" + "".join(f"{i} n{i} 0.2\n" for i in range(1, 6))
    for seed in range(8):
        rng = np.random.default_rng(seed)
        visit = rng.dirichlet(np.ones(12))
        states = "".join(f'{20 + i} {i % 5 + 1} "s" {visit[i]:.9f}\n' for i in range(12))
        ends = rng.integers(0, 12, (30, 2)) + 20
        links = "".join(f"{a} {b} {rng.uniform(0, 1 / 30):.6f}\n" for a, b in ends)
        (tmp_path / "a.net").write_text(f"{vertices}*States\n{states}*Links\n{links}")
        costs_alike(tmp_path / "a.net", "--flow-model precomputed", True, "precomputed")


EXAMPLES = Path(infomap_module.__file__).parent / "datasets" / "data"


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.net") if is_pajek(path.read_bytes())))
def test_the_example_networks_of_the_referee_cost_what_it_says(name: str):
    for flags, directed in (("", False), ("--directed", True)):
        if flags and ("*Edges" in (text := (EXAMPLES / name).read_text()) or "*Bipartite" in text):
            continue  # edges the referee then takes for arcs, and we for links both ways; of two kinds, see NOT_BOTH
        costs_alike(EXAMPLES / name, flags, directed)


REFUSED = {  # of the odd files; for a true reason
    "links.net": "link weight must not be negative; got -1 on line 13",
    "pajek_signed.net": "link weight must not be negative; got -1 on line 14",
    "pajek_arcslist.net": "wanted a heading like *Vertices before anything else; got 'This is a simplified",
    "invalid_multilayer.net": "a line here needs numbers of layers and nodes; got 'broken' on line 5",
}
NOT_THE_REFEREES = {"bipartite.net", "davis.net", "pajek_edgeslist.net", "test-arcslist.net", "railway.net"}


@pytest.mark.data
def test_odd_files_are_read_as_the_referee_reads_them_or_refused_for_a_true_reason(data: Path, tmp_path: Path):
    odd = data / "odd" / "networks"
    read = 0
    for path in sorted(odd.rglob("*.net")):
        if not is_pajek(path.read_bytes()):
            continue  # a list of links
        if path.name in REFUSED:
            with pytest.raises(BadInput) as error:
                read_graph(path)
            assert REFUSED[path.name] in str(error.value)
            continue
        read += 1
        network = read_graph(path)
        assert network.number_of_links
        if path.name in NOT_THE_REFEREES and path.parent.name != "infomap":
            continue
        text = path.read_text(encoding="utf-8-sig")
        text = re.sub(r"^\*(network|description|date).*", "", text, flags=re.MULTILINE | re.IGNORECASE)
        if path.parent.name != "infomap":
            coordinates = r"[ \t]+-?\d+\.\d+[ \t]+-?\d+\.\d+.*"
            text = re.sub(rf'^([ \t]*\d+[ \t]+("[^"\n]*"|\w+)){coordinates}', r"\1", text, flags=re.MULTILINE)
        plain = tmp_path / path.name
        plain.write_text(text)  # without what the referee refuses: text, and coordinates, which it takes for weights
        assert np.array_equal(network.indices, read_graph(plain).indices)
        costs_alike(plain, "--directed" if network.directed and not isinstance(network, States) else "", None)
    assert read == 24
