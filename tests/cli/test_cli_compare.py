"""`minent community compare`: what it says of two files, draws and refuses."""

import re
from pathlib import Path

import networkx
import pytest

from minent.cli import main
from minent.community import Objective, agreement, evaluate, find


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
    assert "both must have the same nodes; 77 only in the first ('" in said and "cannot read 'none.tree'" in said
