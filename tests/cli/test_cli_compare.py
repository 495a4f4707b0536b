"""`minent community compare`: what it says of two files, draws and refuses."""

import re
from pathlib import Path

import networkx
import pytest

from minent.cli import main
from minent.community import Objective, agreement, evaluate, find
from minent.data import Graph


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    graph = networkx.les_miserables_graph()
    trees = find(graph), find(graph, two_level=True, objective=Objective(markov_time=2.0))
    assert trees[0].number_of_modules > trees[1].number_of_modules > 2
    paths = tmp_path / "a.tree", tmp_path / "b.csv"
    for tree, path in zip(trees, paths, strict=True):
        tree.write(path)
    return paths


def test_two_files_agree_as_their_trees_do(files: tuple[Path, Path], capsys: pytest.CaptureFixture):
    main(["community", "compare", *map(str, files), "-o", str(files[0].parent / "a.html")])
    said = capsys.readouterr().out
    graph = networkx.les_miserables_graph()
    one, other = find(graph), find(graph, two_level=True, objective=Objective(markov_time=2.0))
    assert "77 nodes" in said and f"{agreement(one, other, depth=1):.4f}" in said
    assert f"{other.number_of_modules} top modules" in said
    page = (files[0].parent / "a.html").read_text("utf-8")
    assert page.startswith("<!doctype html>") and len(re.findall(r"<path class", page)) >= one.number_of_top_modules
    assert "Valjean" in page and "b.csv" in page


TRIANGLES = [0, 1, 2, 3, 4, 5, 2], [1, 2, 0, 4, 5, 3, 3]


@pytest.mark.parametrize("suffixes", [(".tree", ".clu"), (".clu", ".tree"), (".json", ".clu"), (".clu", ".clu")])
@pytest.mark.parametrize(
    "names",
    [["Myriel", "Valjean", "Myriel", "b", "c", "a"], list("己甲乙丙丁戊"), ["60", "50", "40", "30", "20", "10"],
     [60, 50, 40, 30, 20, 10], None],
    ids=["a name twice", "Chinese", "numbers as text", "numbers", "no names"],
)  # fmt: skip
def test_names_are_compared_with_numbers(
    names: list | None, suffixes: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture
):
    network = Graph.from_links(*TRIANGLES, names=names)
    labels = [0, 0, 1, 1, 2, 2], [0, 0, 0, 0, 1, 1]
    paths = [tmp_path / f"{which}{suffix}" for which, suffix in zip("ab", suffixes, strict=True)]
    for label, path in zip(labels, paths, strict=True):
        evaluate(network, label).write(path)
    main(["community", "compare", *map(str, paths), "-o", str(tmp_path / "a.html")])
    wanted = agreement(*labels)
    assert 0.2 < wanted < 0.8 and f"depth 1          {wanted:.4f}" in capsys.readouterr().out
    page = (tmp_path / "a.html").read_text("utf-8")
    assert len(re.findall(r"<path class", page)) == 3 and (suffixes[0] == ".clu" or str((names or [0])[0]) in page)


@pytest.mark.parametrize("suffix", [".png", ""])
def test_only_pages_are_drawn(files: tuple[Path, Path], suffix: str, capsys: pytest.CaptureFixture):
    with pytest.raises(SystemExit) as stopped:
        main(["community", "compare", *map(str, files), "-o", str(files[0].with_suffix(suffix))])
    assert stopped.value.code == 2 and "is written as .html" in capsys.readouterr().err


def test_trees_of_other_nodes_are_refused(files: tuple[Path, Path], capsys: pytest.CaptureFixture):
    clubs = networkx.karate_club_graph()
    evaluate(clubs, [0] * 17 + [1] * 17).write(third := files[0].with_name("karate.tree"))
    for pair in ((files[0], third), (files[0], Path("none.tree"))):
        with pytest.raises(SystemExit) as stopped:
            main(["community", "compare", *map(str, pair)])
        assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert "both must have the same nodes; 77 only in the first ('" in said and "there is no file 'none.tree'" in said


def test_a_tree_of_layers_goes_to_standard_output_and_the_summary_aside(tmp_path, capsys):
    (tmp_path / "a.net").write_text('*Vertices 3\n1 "c"\n2 "b"\n3 "a"\n*Intra\n1 1 2 1\n2 2 3 1\n')
    command = ["community", "find", str(tmp_path / "a.net"), "-o", "-", "--memberships", str(tmp_path / "m.csv")]
    main([*command, "--no-self-links", "--weight-threshold", "0.5"])
    out, err = capsys.readouterr()
    assert out.startswith("# minent") and '"c" 2 1 1\n' in out and "path flow name state_id node_id layer_id" in out
    assert "4 states of 3 nodes in 2 layers" in err and "wrote" in err
    assert (tmp_path / "m.csv").read_text().startswith("node,module,share,flow\nc,")
