import json
import re

import networkx as nx
import numpy as np
import pytest

from minent import BadInput, BadLine
from minent.community import codelength, find
from minent.community.tree.files.columns import arrow_columns, columns_of
from minent.community.tree.grow import grow
from minent.community.tree.tree import Tree
from minent.community.walk.models import flow_of
from minent.data.networks.graph import Graph

READABLE = [".tree", ".ftree", ".json", ".csv", ".parquet"]
NAMES = ['a "quoted" name', "two  spaces", "中文 名字", "comma, semicolon; 'apostrophe'", "back\\slash", ""]


def karate(directed: bool = False, names: np.ndarray | None = None) -> Tree:
    source, target = np.array(nx.karate_club_graph().edges).T
    flow = flow_of(Graph.from_links(source, target, directed=directed, names=names))
    module = np.where(np.arange(34) < 10, 1, np.where(np.arange(34) < 20, 3, 4))
    tree = grow(flow, np.array([-1, 0, 0, 2, 2]), module)
    assert tree.depth == 2 and tree.number_of_modules == 3
    return tree


def same(ours: Tree, theirs: Tree, *rates: str) -> bool:
    arrays = ("parent", "module", "visit", *rates)
    return ours.node_names == theirs.node_names and all(
        np.array_equal(getattr(ours, name), getattr(theirs, name)) for name in arrays
    )


@pytest.mark.parametrize("suffix", READABLE)
@pytest.mark.parametrize("directed", [False, True])
def test_a_tree_written_is_read_back_exactly(tmp_path, suffix, directed):
    tree = karate(directed)
    tree.write(tmp_path / f"karate{suffix}")
    back = Tree.read(tmp_path / f"karate{suffix}")
    assert same(tree, back, *(["enter", "exit"] if suffix in (".ftree", ".json") else []))
    assert np.allclose(back.module_visit, tree.module_visit) and back.names is None and back.flow is None
    assert back.one_level_codelength == pytest.approx(tree.one_level_codelength, abs=1e-14)
    if suffix == ".csv":
        assert np.isnan(back.codelength) and "unknown" in repr(back)
    else:
        assert (back.index_codelength, back.module_codelength) == (tree.index_codelength, tree.module_codelength)


@pytest.mark.parametrize("suffix", READABLE)
def test_names_in_any_script_survive(tmp_path, suffix):
    names = np.array(NAMES + [f"n{i}" for i in range(28)], object)
    tree = karate(names=names)
    tree.write(tmp_path / f"named{suffix}")
    assert Tree.read(tmp_path / f"named{suffix}").node_names == list(names)


@pytest.mark.parametrize("suffix", [".json", ".csv", ".parquet", ".tree", ".ftree", ".nwk"])
@pytest.mark.parametrize("name", ["two\nlines", "two\rlines"])
def test_line_breaks_in_names_survive_or_are_refused_and_nothing_is_written(tmp_path, suffix, name):
    tree = karate(names=np.array([name, *(f"n{i}" for i in range(33))], object))
    if suffix in (".tree", ".ftree", ".nwk"):
        with pytest.raises(
            BadInput, match=rf"{suffix} has no way to write a name with a line break, '.*'; wanted .json"
        ):
            tree.write(tmp_path / f"broken{suffix}")
        assert not list(tmp_path.iterdir())
    else:
        tree.write(tmp_path / f"broken{suffix}")
        assert Tree.read(tmp_path / f"broken{suffix}").node_names[0] == name


@pytest.mark.parametrize("suffix", [".tree", ".ftree", ".clu", ".json", ".csv", ".parquet"])
def test_names_of_numbers_too_large_to_be_ids_survive(tmp_path, suffix):
    links = [(2**63 + i, 2**63 + (i + 1) % 5) for i in range(5)] + [(1, 2**64)]
    tree = find(links)
    tree.write(tmp_path / f"large{suffix}")
    assert codelength(links, tmp_path / f"large{suffix}") == pytest.approx(tree.codelength)


@pytest.mark.parametrize("suffix", READABLE)
def test_whole_numbers_as_names_are_ids(tmp_path, suffix):
    tree = karate(names=np.arange(34) * 7 + 5)
    tree.write(tmp_path / f"ids{suffix}")
    assert Tree.read(tmp_path / f"ids{suffix}").names.tolist() == tree.names.tolist()


@pytest.mark.parametrize("suffix", [".tree", ".ftree", ".clu", ".json", ".csv", ".parquet", ".nwk"])
@pytest.mark.parametrize("nodes", [0, 1])
def test_the_smallest_networks_are_written(tmp_path, suffix, nodes):
    tree = grow(flow_of(Graph.from_links(range(nodes), range(nodes))), np.array([-1, 0]), np.ones(nodes, int))
    tree.write(tmp_path / f"small{suffix}")
    if suffix != ".nwk":
        back = Tree.read(tmp_path / f"small{suffix}")
        assert same(tree, back) and len(back.module) == nodes


def test_newick_nests_the_modules(tmp_path):
    tree = grow(flow_of(Graph.from_links([0, 1, 2], [1, 2, 3])), np.array([-1, 0, 0]), np.array([1, 1, 2, 2]))
    tree.write(tmp_path / "path.nwk")
    thirds = re.sub(r"0\.\d+", lambda number: f"{float(number[0]):.2f}", (tmp_path / "path.nwk").read_text())
    assert thirds == "((1:0.33,0:0.17):0.50,(2:0.33,3:0.17):0.50):1;\n"


def test_an_unknown_suffix_names_the_known_ones(tmp_path):
    with pytest.raises(BadInput, match=r"\.tree, \.ftree, .*; got 'karate\.xml'"):
        karate().write(tmp_path / "karate.xml")
    with pytest.raises(BadInput, match=r"read from \.tree.*; got 'karate\.nwk'"):
        Tree.read(tmp_path / "karate.nwk")
    assert list(tmp_path.iterdir()) == []


def test_link_flows_are_gone_from_a_tree_that_was_read(tmp_path):
    karate().write(tmp_path / "karate.tree")
    with pytest.raises(BadInput, match="this one was read from a file"):
        Tree.read(tmp_path / "karate.tree").write(tmp_path / "karate.ftree")
    assert [file.name for file in tmp_path.iterdir()] == ["karate.tree"]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("bad.tree", '# codelength\n1:1 0.5 "a" 1\n1:2 half "b" 2\n', "line 3 of"),
        ("bad.clu", "1 1 0.5\n2 one 0.5\n", "line 2 of"),
        ("bad.csv", "path,flow,name,node_id\n1:1,0.5,a,\n", "line 2 of"),
        ("bad.json", '{"nodes": [{"path": [1, 1]}]}', "wanted an object with nodes"),
        ("bad.parquet", "no parquet", "wanted columns path, flow, name, node_id"),
        ("twice.clu", "1 1 0.5\n1 2 0.5\n", "node 1 stands 2 times"),
        ("latin.tree", b'1:1 1 "\xe9" 1\n', "line 1 of"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, name, text, line):
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadInput, match=line) as caught:
        Tree.read(tmp_path / name)
    assert isinstance(caught.value, BadLine) == line.startswith("line")


def test_a_missing_file_is_bad_input(tmp_path):
    with pytest.raises(BadInput, match="there is no file"):
        Tree.read(tmp_path / "none.tree")


def test_a_node_beside_modules_becomes_a_module_of_its_own(tmp_path):
    lines = '1:1:1 0.25 "0" 0\n1:1:2 0.25 "1" 1\n1:2 0.25 "2" 2\n2 0.25 "3" 3\n'
    (tmp_path / "mixed.tree").write_text(lines)
    tree = Tree.read(tmp_path / "mixed.tree")
    assert tree.paths == ["", "1", "2", "1:1", "1:2"] and tree.labels.tolist() == [0, 0, 1, 2]


def test_json_uses_the_keys_of_the_reference(tmp_path):
    karate().write(tmp_path / "karate.json")
    content = json.loads((tmp_path / "karate.json").read_text())
    assert {"codelength", "numLevels", "numTopModules", "nodes", "modules"} <= set(content)
    assert content["nodes"][0].keys() == {"path", "flow", "name", "id"} and content["modules"][0]["path"] == [0]


def test_columns_of_arrow_are_the_rows_of_every_other_format():
    ends = [0, 1, 2, 3, 4, 5, 2], [1, 2, 0, 4, 5, 3, 3]
    for names in (None, [5, 7, 9, 0, 2, 11], [5, 7, 9, 0, 2, -3], list("ab\ncde"), [1, "1", "two", 3, 4, 5]):
        tree = find(Graph.from_links(*ends, names=names))
        assert tree.number_of_modules == 2
        assert list(arrow_columns(tree).to_pydict().items()) == list(columns_of(tree).items())
