import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent import BadInput
from minent.community.tree.canonical import canonical, depths
from minent.community.tree.grow import grow
from minent.community.tree.tree import Tree
from minent.community.walk.models import flow_of
from minent.data.networks.graph import Graph

NINE_TRIANGLES = [(a, b) for t in range(0, 27, 3) for a, b in [(t, t + 1), (t + 1, t + 2), (t, t + 2)]]
BETWEEN = [
    (2, 3),
    (5, 6),
    (8, 0),
    (11, 12),
    (14, 15),
    (17, 9),
    (20, 21),
    (23, 24),
    (26, 18),
    (1, 10),
    (13, 19),
    (22, 4),
]


@pytest.fixture
def nested() -> Tree:
    """Nine triangles in three groups of three."""
    source, target = np.array(NINE_TRIANGLES + BETWEEN).T
    parent = np.array([-1, 0, 0, 0, *(1 + np.arange(9) // 3)])
    tree = grow(flow_of(Graph.from_links(source, target)), parent, 4 + np.arange(27) // 3)
    assert tree.depth == 2 and tree.number_of_modules == 9 and tree.number_of_top_modules == 3
    return tree


@st.composite
def partitions(draw):
    """Nested modules drawn at random, with chains, empty modules and any numbering below the root."""
    modules = draw(st.integers(2, 12))
    parent = np.array([-1, *(draw(st.integers(0, m - 1)) for m in range(1, modules))])
    leaves = np.setdiff1d(np.arange(1, modules), parent)
    module = np.array(draw(st.lists(st.sampled_from(leaves.tolist()), min_size=1, max_size=15)))
    visit = np.array(draw(st.lists(st.sampled_from([1, 2, 5]), min_size=len(module), max_size=len(module))), float)
    return parent, module, visit / visit.sum()


def together(parent, module, i, j):
    """The nodes below the deepest module that holds both i and j."""

    def above(m):
        return [m, *above(parent[m])] if m >= 0 else []

    shared = next(m for m in above(module[i]) if m in above(module[j]))
    return frozenset(k for k in range(len(module)) if shared in above(module[k]))


@given(partitions())
def test_canonical_numbering_keeps_the_partition(partition):
    parent, module, visit = partition
    new_parent, new_module = canonical(parent, module, visit)
    for i in range(len(module)):
        for j in range(i):
            assert together(parent, module, i, j) == together(new_parent, new_module, i, j)


@given(partitions())
def test_canonical_numbering_is_as_stated(partition):
    parent, module = canonical(*partition)
    visit, modules = partition[2], len(parent)
    assert parent[0] == -1 and (np.diff(parent) >= 0).all() and (np.diff(depths(parent)) >= 0).all()
    leaf = np.setdiff1d(np.arange(modules), parent)
    assert set(module.tolist()) == set(leaf.tolist())
    children = np.bincount(parent[1:], minlength=modules)
    assert (children[1:] != 1).all() and (children[0] > 1 or modules == 2)
    below = [{i for i in range(len(module)) if m in ancestors(parent, module[i])} for m in range(modules)]
    for m in range(2, modules):
        if parent[m] == parent[m - 1]:
            flow, before = visit[list(below[m])].sum(), visit[list(below[m - 1])].sum()
            assert flow < before + 1e-12
            assert abs(flow - before) > 1e-12 or min(below[m]) > min(below[m - 1])


def ancestors(parent, m):
    return {m} if m == 0 else {m} | ancestors(parent, parent[m])


@given(partitions(), st.randoms(use_true_random=False))
def test_canonical_numbering_forgets_how_modules_were_numbered(partition, random):
    parent, module, visit = partition
    other = [0, *random.sample(range(1, len(parent)), len(parent) - 1)]
    renumbered = np.full(len(parent), -1)
    for m in range(1, len(parent)):
        renumbered[other[m]] = other[parent[m]]
    for ours, theirs in zip(
        canonical(parent, module, visit), canonical(renumbered, np.array(other)[module], visit), strict=True
    ):
        assert ours.tolist() == theirs.tolist()


def test_nodes_beside_modules_are_refused():
    with pytest.raises(BadInput, match="module 1 holds both nodes and modules"):
        canonical(np.array([-1, 0, 1]), np.array([1, 2]), np.array([0.5, 0.5]))
    with pytest.raises(BadInput, match="some hang on the root"):
        canonical(np.array([-1]), np.array([0, 0]), np.array([0.5, 0.5]))


def test_labels_follow_the_order_of_the_paths(nested):
    assert [path for path in nested.paths if len(path) == 1] == ["1", "2", "3"]
    in_path_order = sorted(range(27), key=lambda i: list(map(int, nested.node_paths[i].split(":"))))
    assert (np.diff(nested.labels[in_path_order]) >= 0).all() and set(nested.labels) == set(range(9))
    assert (nested.labels_at(1) == nested.labels // 3).all()
    assert (nested.labels_at(7) == nested.labels).all()
    with pytest.raises(BadInput, match="depth must be at least 1"):
        nested.labels_at(0)


def test_a_node_in_a_shallow_leaf_keeps_it():
    flow = flow_of(Graph.from_links([0, 1, 2, 3, 4], [1, 2, 3, 4, 5]))
    tree = grow(flow, np.array([-1, 0, 0, 2, 2]), np.array([1, 1, 3, 3, 4, 4]))
    assert tree.depth == 2 and tree.paths == ["", "1", "2", "1:1", "1:2"]
    assert tree.labels.tolist() == [2, 2, 0, 0, 1, 1] and tree.labels_at(1).tolist() == [1, 1, 0, 0, 0, 0]
    assert [module.path for module in tree.modules(depth=2)] == ["1:1", "1:2", "2"]


def test_modules_are_the_labels_counted(nested):
    for depth in (1, 2):
        modules, labels = nested.modules(depth), nested.labels_at(depth)
        assert [m.size for m in modules] == np.bincount(labels).tolist()
        assert np.allclose([m.flow for m in modules], np.bincount(labels, nested.visit), atol=1e-15)
        for label, module in enumerate(modules):
            assert [labels[i] for i in module.top] == [label] * min(5, module.size)
            assert nested.visit[module.top[0]] == nested.visit[labels == label].max()


def test_effective_modules_of_equal_modules_are_their_number():
    clique_ring = [(a + i, a + j) for a in (0, 4, 8) for i in range(4) for j in range(i)] + [(0, 5), (4, 9), (8, 1)]
    source, target = np.array(clique_ring).T
    tree = grow(flow_of(Graph.from_links(source, target)), np.array([-1, 0, 0, 0]), 1 + np.arange(12) // 4)
    assert tree.effective_number_of_modules == pytest.approx(3)


def test_the_frame_has_a_row_for_each_node(nested):
    frame = nested.to_frame()
    assert list(frame.columns) == ["node", "name", "path", "module", "flow"] and len(frame) == 27
    assert frame.path.nunique() == 27 and frame.flow.sum() == pytest.approx(1)


def test_networkx_takes_the_attributes(nested):
    graph = nx.path_graph(27)
    nx.set_node_attributes(graph, nested.node_attributes())
    assert graph.nodes[3] == {"module": nested.labels[3], "path": nested.node_paths[3], "flow": nested.visit[3]}


def test_a_mapping_by_names_wants_names_that_differ():
    network = Graph.from_links([0, 1, 2], [1, 2, 0], names=["Ann", "Bob", "Ann"])
    tree = grow(flow_of(network), np.array([-1, 0, 0], np.int32), np.array([1, 1, 2], np.int32))
    for mapping in (tree.to_dict, tree.node_attributes):
        with pytest.raises(BadInput, match=r"names are to tell nodes apart; 'Ann' is of several: to_frame\(\) has"):
            mapping()
    assert tree.to_frame().name.tolist() == ["Ann", "Bob", "Ann"]


def test_the_empty_network_has_no_modules():
    tree = Tree(*[np.array([-1]), np.zeros(0, int), np.zeros(0), *np.zeros((3, 1))], 0.0, 0.0, 0.0)
    assert (tree.depth, tree.number_of_modules, tree.effective_number_of_modules, tree.codelength) == (0, 0, 0, 0)
    assert tree.labels.tolist() == [] and tree.modules() == [] and len(tree.to_frame()) == 0
    assert repr(tree) == "Tree(0 nodes, 0 modules, depth 0, codelength 0.0000 bits of 0.0000)"
    grown = grow(flow_of(Graph.from_links([], [])), np.array([-1, 0]), np.zeros(0, int))
    assert grown.parent.tolist() == [-1] and grown.codelength == 0


def test_one_node_is_one_module():
    tree = grow(flow_of(Graph.from_links([0], [0])), np.array([-1, 0]), np.array([1]))
    assert tree.paths == ["", "1"] and tree.node_paths == ["1:1"] and tree.codelength == 0


def test_one_module_costs_the_entropy_of_the_walk(nested):
    tree = grow(nested.flow, np.array([-1, 0, 1, 1]), np.full(27, 3))
    assert tree.parent.tolist() == [-1, 0] and tree.codelength == pytest.approx(tree.one_level_codelength)


def test_notebooks_get_a_table_that_is_safe(nested):
    assert nested._repr_html_().count("<tr>") == 4
    names = np.array(["<script>", *map(str, range(26))], object)
    source, target = np.array(NINE_TRIANGLES).T
    named = grow(flow_of(Graph.from_links(source, target, names=names)), np.array([-1, 0]), np.ones(27, int))
    assert "&lt;script&gt;" in named._repr_html_() and "<script>" not in named._repr_html_()


def test_a_map_is_a_page_that_notebooks_show(nested, tmp_path):
    page = nested.plot()
    page.write(tmp_path / "map.html")
    assert (tmp_path / "map.html").read_text(encoding="utf-8") == page and "<!doctype html>" in page.lower()
    assert page._repr_html_().startswith("<iframe") and len(repr(page)) < 80
    nested.write(tmp_path / "nested.tree")
    with pytest.raises(BadInput, match="a map needs links"):
        Tree.read(tmp_path / "nested.tree").plot()
