"""Trees of memory and multilayer networks: every format holds them, and the reference reads and writes the same."""

import warnings
from itertools import chain
from pathlib import Path

import infomap
import networkx
import numpy as np
import pytest

from minent import BadInput, BadLine
from minent.community import Tree, codelength, evaluate, find
from minent.data import Graph, States, multilayer, read_graph

VERTICES = "*Vertices 6\n" + "".join(f'{i} "{name}"\n' for i, name in enumerate("abcdef", 1))
pytestmark = pytest.mark.filterwarnings("ignore")
STATES = "# path flow name state_id node_id\n"
FULL = [".tree", ".ftree", ".json", ".csv", ".parquet"]


def memory(seed: int) -> str:
    rng = np.random.default_rng(seed)
    states = [f"{i} {rng.integers(1, 7)}\n" for i in range(1, 25)]
    ends = rng.integers(1, 9, (90, 2)) + 8 * rng.integers(0, 3, (90, 1))
    return VERTICES + "*States\n" + "".join(states) + "*Links\n" + "".join(f"{a} {b}\n" for a, b in ends)


def layers(seed: int) -> str:
    rng = np.random.default_rng(seed)
    ends = np.c_[rng.integers(1, 4, 60), rng.integers(1, 4, (60, 2)) + 3 * rng.integers(0, 2, (60, 1))]
    ends[:4, 2] = 7 - ends[:4, 1]
    return VERTICES + "*Intra\n" + "".join(f"{a} {i} {j} {rng.uniform(0.5, 2):.3f}\n" for a, i, j in ends)


def network(kind, seed: int, folder: Path) -> States:
    (folder / "a.net").write_text(kind(seed))
    read = read_graph(folder / "a.net")
    assert isinstance(read, States)
    return read


def same(one: Tree, other: Tree) -> bool:
    columns = ("parent", "module", "visit", "physical")
    told = one.node_names == other.node_names and one.leaf_names == other.leaf_names
    layered = (one.layers is None) == (other.layers is None)
    layered = layered and (one.layers is None or other.layers is None or one.layers.tolist() == other.layers.tolist())
    return told and layered and all(np.array_equal(getattr(one, c), getattr(other, c)) for c in columns)


def referee(net: Path, flags: str):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = infomap.Infomap(f"--silent --num-threads 1 --seed 5 {flags}")
        run.read_file(str(net))
        run.run()
    return run


@pytest.mark.parametrize("suffix", FULL)
@pytest.mark.parametrize("kind", [memory, layers])
def test_a_tree_of_states_is_read_back_the_same(tmp_path, kind, suffix):
    tree = find(network(kind, 1, tmp_path))
    assert tree.states is not None and len(set(tree.node_names)) < len(tree.node_names)
    assert (tree.layers is not None) == (kind is layers) and tree.number_of_modules > 1
    tree.write(tmp_path / f"a{suffix}")
    back = Tree.read(tmp_path / f"a{suffix}")
    assert same(tree, back)
    back.write(tmp_path / f"b{suffix}") if suffix != ".ftree" else None
    if suffix != ".csv":
        assert back.codelength == tree.codelength and back.one_level_codelength == tree.one_level_codelength
    assert back.memberships().equals(tree.memberships())
    assert codelength(network(kind, 1, tmp_path), back) == pytest.approx(tree.codelength, abs=1e-12)


@pytest.mark.parametrize("suffix", FULL)
def test_named_layers_and_states_keep_their_names(tmp_path, suffix):
    ends = ["ann", "bob", "cem", "cem", "dan", "eve"], ["bob", "cem", "ann", "dan", "eve", "cem"]
    work = find(multilayer(["work"] * 3 + ['the "home"'] * 3, *ends, relax_rate=0.05))
    memory = find(States.of(Graph.from_links(["ab", "b c"], ["b c", "cb"]), ["b", "c", "b"]))
    for tree in (work, memory):
        tree.write(tmp_path / f"a{suffix}")
        assert same(tree, Tree.read(tmp_path / f"a{suffix}"))
    assert set(work.layers.tolist()) == {"work", 'the "home"'} and memory.states.tolist() == ["ab", "b c", "cb"]
    assert work.to_frame().columns.tolist() == ["node", "name", "path", "module", "flow", "state", "layer"]


@pytest.mark.parametrize("suffix", [".tree", ".ftree", ".clu"])
@pytest.mark.parametrize("kind", [memory, layers])
def test_the_reference_reads_our_states_to_the_same_codelength(tmp_path, kind, suffix):
    for seed in range(3):
        given = network(kind, seed, tmp_path)
        tree = find(given, two_level=suffix == ".clu")
        tree.write(tmp_path / f"a{suffix}")
        run = referee(tmp_path / "a.net", f"--no-infomap --cluster-data {tmp_path / f'a{suffix}'}")
        assert run.codelength == pytest.approx(tree.codelength, abs=1e-10) and tree.number_of_modules > 1


WRITTEN = [("tree", ".tree"), ("flow_tree", ".ftree"), ("json", ".json"), ("csv", ".csv"), ("clu", ".clu")]


@pytest.mark.parametrize(("writer", "suffix"), WRITTEN)
@pytest.mark.parametrize("kind", [memory, layers])
def test_we_read_the_states_of_the_reference_to_the_same_codelength(tmp_path, kind, writer, suffix):
    for seed in range(3):
        given = network(kind, seed, tmp_path)
        run = referee(tmp_path / "a.net", "--two-level")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            getattr(run, f"write_{writer}")(str(tmp_path / f"theirs{suffix}"), states=True)
        theirs = Tree.read(tmp_path / f"theirs{suffix}")
        assert theirs.states is not None and (theirs.layers is not None) == (kind is layers)
        assert codelength(given, theirs) == pytest.approx(run.codelength, abs=1e-10)
        if suffix != ".csv":
            assert theirs.codelength == pytest.approx(run.codelength, abs=1e-4)


@pytest.mark.parametrize(("writer", "suffix"), WRITTEN)
def test_physical_trees_hold_a_node_once_in_each_module(tmp_path, writer, suffix):
    given = network(memory, 2, tmp_path)
    run = referee(tmp_path / "a.net", "--two-level")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        getattr(run, f"write_{writer}")(str(tmp_path / f"theirs{suffix}"), states=False)
        run.write_tree(str(tmp_path / "states.tree"), states=True)
    theirs, states = Tree.read(tmp_path / f"theirs{suffix}"), evaluate(given, Tree.read(tmp_path / "states.tree"))
    states.write(tmp_path / f"ours{suffix}", states=False)
    ours = Tree.read(tmp_path / f"ours{suffix}")
    assert len(ours.module) == len(theirs.module) < len(states.module) and ours.states is None
    if suffix != ".clu":
        assert sorted(ours.node_names) == sorted(theirs.node_names)
    assert np.allclose(np.sort(ours.visit), np.sort(theirs.visit), atol=1e-5)
    with pytest.raises(BadInput, match="in several modules"):
        codelength(given, theirs)


def flows(path):
    """What flows over the links within each module of an .ftree, the largest first."""
    found = {}
    for line in path.read_text().split("*Links", 2)[2].splitlines()[1:]:
        if line.startswith("*Links"):
            rates = found[line.split()[1]] = []
        elif not line.startswith("#"):
            rates.append(float(line.split()[2]))
    return {module: sorted(rates) for module, rates in found.items()}


@pytest.mark.parametrize("kind", [memory, layers])
def test_between_nodes_flows_what_flows_between_their_states(tmp_path, kind):
    given = network(kind, 2, tmp_path)
    run = referee(tmp_path / "a.net", "--two-level")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run.write_flow_tree(str(tmp_path / "theirs.ftree"), states=False)
        run.write_tree(str(tmp_path / "states.tree"), states=True)
    evaluate(given, Tree.read(tmp_path / "states.tree")).write(tmp_path / "ours.ftree", states=False)
    ours, theirs = flows(tmp_path / "ours.ftree"), flows(tmp_path / "theirs.ftree")
    assert len(ours) > 2 and sum(map(len, ours.values())) > 5
    assert sorted(map(len, ours.values())) == sorted(map(len, theirs.values()))
    ours, theirs = (sorted(chain.from_iterable(each.values())) for each in (ours, theirs))
    assert np.allclose(ours, theirs, atol=1e-5)


def test_a_physical_partition_is_that_of_all_states(tmp_path):
    given = network(memory, 0, tmp_path)
    (tmp_path / "a.clu").write_text("".join(f"{i} {i % 2 + 1}\n" for i in range(1, 7) if i in given.node_ids))
    nodes = zip(given.names.tolist(), given.physical_nodes.tolist(), strict=True)
    assert len(set(given.physical_nodes.tolist())) == 5
    label = {state: ("abcdef".index(node) + 1) % 2 for state, node in nodes}
    assert given.physical_nodes.tolist()[0] != "a"
    assert codelength(given, Tree.read(tmp_path / "a.clu")) == codelength(given, label)


def test_modules_and_maps_name_physical_nodes(tmp_path):
    ends = ["ann", "bob", "cem", "cem", "dan", "eve"], ["bob", "cem", "ann", "dan", "eve", "cem"]
    tree = find(multilayer(["work"] * 3 + ["home"] * 3, *ends, relax_rate=0.05))
    assert {frozenset(module.top) for module in tree.modules()} == {
        frozenset(["ann", "bob", "cem"]),
        frozenset(["dan", "eve", "cem"]),
    }
    assert "6 states of 5 nodes" in repr(tree) and "cem (work)" in tree.called
    both = evaluate(tree.flow.network, [0] * 6).modules()[0]
    assert (both.size, both.nodes, len(both.top)) == (6, 5, 5)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("zero.tree", '0:1 0.1 "A" 1\n', "a path is numbers from 1.*; got 0:1 on line 1"),
        ("mixed.tree", STATES + '1:1 .5 "1" 1 1\n1:2 .5 "2" 2\n', "state_id and node_id.*line 3"),
        ("lacks.clu", "1\n", "wanted a node id, a module and a flow; got '1' on line 1"),
        ("both.tree", '1:2 0.5 "a" 1\n1:2:1 0.5 "b" 2\n', "a path is that of one node, or of a module; 1:2 is not"),
        ("twice.tree", STATES + '1:1 .5 "a" 1 1\n2:1 .5 "a" 1 1\n', "each state must stand once"),
        ("few.clu", "*Vertices 3\n1\n2\n", "3 wants a module for each; got 2"),
    ],
)
def test_trees_that_cannot_be_are_refused(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput, match=said) as caught:
        Tree.read(tmp_path / name)
    assert isinstance(caught.value, BadLine) == ("line" in said)


def test_marks_of_the_beginning_and_pajeks_own_partitions_are_read(tmp_path):
    (tmp_path / "a.clu").write_bytes(b"\xef\xbb\xbf# node_id module flow\r\n1 1 0.5\r\n2 2 0.5\r\n")
    (tmp_path / "b.clu").write_text("*Vertices 3\n1\n2\n1\n")
    (tmp_path / "a.tree").write_bytes('\ufeff1:1 0.5 "a" 1\n1:2 0.5 "b" 2\n'.encode("utf-8"))
    assert Tree.read(tmp_path / "a.clu").labels.tolist() == [0, 1]
    assert Tree.read(tmp_path / "b.clu").labels.tolist() == [0, 1, 0]
    assert Tree.read(tmp_path / "a.tree").node_names == ["a", "b"]


def test_deep_paths_take_little_memory(tmp_path):
    import tracemalloc

    path = ":".join(["1"] * 30_000)
    (tmp_path / "deep.tree").write_text(f'{path}:1 0.5 "a" 1\n{path}:2 0.5 "b" 2\n')
    tracemalloc.start()
    tree = Tree.read(tmp_path / "deep.tree")
    assert tree.depth == 30_000 and tree.labels.tolist() == [0, 0] and tree.node_paths[0] == f"{path}:1"
    assert tracemalloc.get_traced_memory()[1] < 100e6
    tracemalloc.stop()


def test_attributes_of_a_node_are_those_of_all_its_states():
    tree = find(networkx.karate_club_graph(), overlapping=True)
    plain, found, table = find(networkx.karate_club_graph()), tree.node_attributes(), tree.memberships()
    assert len(table) > len(found) == 34
    flow = {name: node["flow"] for name, node in found.items()}
    assert flow == pytest.approx({name: node["flow"] for name, node in plain.node_attributes().items()})
    for name, rows in table.groupby("node"):
        most = rows[rows.share == rows.share.max()]
        assert found[name]["share"] == most.share.max() and found[name]["module"] in most.module.tolist()
        at = [
            i
            for i, (node, module) in enumerate(zip(tree.node_names, tree.labels, strict=True))
            if (node, module) == (name, found[name]["module"])
        ]
        assert found[name]["path"] in [tree.node_paths[i] for i in at]
    assert "share" not in plain.node_attributes()[0]
