"""The reference Infomap reads what we write, and we read what it writes."""

import warnings

import infomap
import networkx as nx
import numpy as np
import pytest

from minent.community.tree.grow import grow
from minent.community.tree.tree import Tree
from minent.community.walk.models import flow_of
from minent.data.networks.graph import Graph


def links():
    """A graph whose best tree has three levels."""
    graph = nx.windmill_graph(4, 4)
    edges = [(u + a, v + a) for a in (0, 13, 26) for u, v in graph.edges] + [(12, 14), (25, 27), (38, 1)]
    return np.array(edges).T


def reference(directed: bool, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = infomap.Infomap("--silent --seed 3" + " --directed" * directed, **options)
        run.add_links(links().T.tolist())
        run.run()
        return run


def ours(directed: bool, tree: Tree) -> Tree:
    source, target = links()
    return grow(flow_of(Graph.from_links(source, target, directed=directed)), tree.parent, tree.module)


def write(run, kind: str, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        getattr(run, f"write_{kind}")(str(path))


KINDS = [("tree", ".tree"), ("flow_tree", ".ftree"), ("json", ".json"), ("csv", ".csv")]


@pytest.mark.parametrize(("kind", "suffix"), KINDS)
@pytest.mark.parametrize("directed", [False, True])
def test_we_read_what_the_reference_writes(tmp_path, kind, suffix, directed):
    run = reference(directed)
    write(run, kind, tmp_path / f"theirs{suffix}")
    theirs = Tree.read(tmp_path / f"theirs{suffix}")
    tree = ours(directed, theirs)
    assert tree.number_of_modules > 3 and len(tree.module) == 39
    assert np.allclose(theirs.visit, tree.visit, atol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert tree.codelength == pytest.approx(run.codelength, abs=1e-10)
        if suffix == ".json":
            assert theirs.codelength == pytest.approx(run.codelength, abs=1e-4)
    if suffix in (".ftree", ".json"):
        regrown = ours(directed, theirs)
        assert np.allclose(np.sort(theirs.enter), np.sort(regrown.enter), atol=1e-6)


def test_we_read_the_clu_of_the_reference(tmp_path):
    run = reference(False)
    write(run, "clu", tmp_path / "theirs.clu")
    tree = ours(False, Tree.read(tmp_path / "theirs.clu"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        modules = {node.node_id: node.module_id for node in run.nodes}
    pairs = {(modules[i], label) for i, label in enumerate(tree.labels.tolist())}
    assert len(pairs) == len(set(modules.values())) == tree.number_of_modules > 1


@pytest.mark.parametrize("suffix", [".tree", ".ftree", ".clu"])
@pytest.mark.parametrize("directed", [False, True])
def test_the_reference_reads_what_we_write(tmp_path, suffix, directed):
    parent = np.array([-1, 0, 0, 1, 1, 1])
    module = np.repeat([3, 4, 5, 2], [10, 10, 10, 9])
    if suffix == ".clu":
        parent, module = np.array([-1, 0, 0]), np.repeat([1, 2], [30, 9])
    source, target = links()
    tree = grow(flow_of(Graph.from_links(source, target, directed=directed)), parent, module)
    tree.write(tmp_path / f"ours{suffix}")
    run = reference(directed, cluster_data=str(tmp_path / f"ours{suffix}"), no_infomap=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert run.codelength == pytest.approx(tree.codelength, abs=1e-10)


@pytest.mark.parametrize("directed", [False, True])
def test_flow_trees_have_the_links_of_the_reference(tmp_path, directed):
    run = reference(directed)
    write(run, "flow_tree", tmp_path / "theirs.ftree")
    tree = ours(directed, Tree.read(tmp_path / "theirs.ftree"))
    tree.write(tmp_path / "ours.ftree")
    theirs, mine = (link_sections(tmp_path / f"{whose}.ftree") for whose in ("theirs", "ours"))
    assert sorted(map(summary, theirs)) == sorted(map(summary, mine)) and len(theirs) == len(tree.parent)


def link_sections(path):
    text = path.read_text().split("#*Links path enterFlow exitFlow numEdges numChildren\n")[1]
    return [[line.split() for line in section.strip().split("\n")] for section in text.split("*Links ")[1:]]


def summary(section):
    """A section without the numbering of ties: its header's rates and counts, and its sorted flows."""
    (_, enter, leave, edges, children), *flows = section
    rates = [round(float(enter), 5) + 0.0, round(float(leave), 5) + 0.0, int(edges), int(children)]
    return rates, sorted(round(float(flow), 5) for *_, flow in flows)
