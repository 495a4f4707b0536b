"""Which nodes are sure of their module over several searches, and which are not."""

from pathlib import Path

import networkx
import numpy as np
import pandas as pd
import pytest

from minent import BadInput
from minent.cli import main
from minent.community import Options, find, stability
from minent.community.stability import sureness

CLIQUES, SIZE = 4, 8


def doubtful() -> networkx.Graph:
    """A ring of cliques, and nodes (the last two) that have as many links to one clique as to another."""
    graph = networkx.ring_of_cliques(CLIQUES, SIZE)
    graph.remove_edges_from([edge for edge in graph.edges if edge[0] // SIZE != edge[1] // SIZE])
    for k, (one, other) in enumerate([(0, 1), (2, 3)]):
        graph.add_edges_from((CLIQUES * SIZE + k, SIZE * c + i) for c in (one, other) for i in range(3))
        graph.add_edge(SIZE * other + 7, SIZE * ((other + 1) % CLIQUES) + 7)
    return graph


def naive(tree_labels, trials) -> list[float]:
    means = []
    for i in range(len(tree_labels)):
        mine = {j for j in range(len(tree_labels)) if tree_labels[j] == tree_labels[i]}
        theirs = [{j for j in range(len(t)) if t[j] == t[i]} for t in trials]
        means.append(sum(len(mine & other) / len(mine | other) for other in theirs) / len(theirs))
    return means


def test_nodes_between_modules_are_not_sure_and_all_others_are():
    found = stability(doubtful(), trials=20, two_level=True, threads=1)
    assert found.tree.number_of_modules == CLIQUES and found.trials == 20
    planted = CLIQUES * SIZE
    assert found.sure[:planted].min() > 0.85
    assert 0.2 < found.sure[planted:].min() <= found.sure[planted:].max() < 0.8


def test_the_tree_is_the_one_that_find_returns():
    graph = doubtful()
    options = {"trials": 20, "two_level": True}
    found, tree = stability(graph, **options), find(graph, **options)
    assert tree.number_of_modules > 3
    assert found.tree.codelength == tree.codelength and found.tree.labels.tolist() == tree.labels.tolist()
    assert found.sure.tolist() == stability(graph, threads=2, **options).sure.tolist()
    assert 0 < found.sure.min() < found.sure.max() <= 1


def test_sureness_is_what_pairs_of_nodes_say():
    rng = np.random.default_rng(0)
    label, others = rng.integers(0, 4, 30), [rng.integers(0, 5, 30) for _ in range(6)]
    wanted = naive(label.tolist(), [other.tolist() for other in others])
    assert np.ptp(wanted) > 0.05
    assert sureness(label, others) == pytest.approx(wanted, abs=1e-12)


def test_modules_at_a_depth_are_compared():
    graph = networkx.Graph(networkx.connected_caveman_graph(30, 5))
    tree = find(graph, trials=3)
    assert tree.depth > 1
    top = stability(graph, trials=3, depth=1)
    assert top.labels.tolist() == tree.labels_at(1).tolist() != tree.labels.tolist()


def test_one_trial_cannot_be_compared():
    with pytest.raises(BadInput, match="trials must be at least 2; got 1"):
        stability(networkx.karate_club_graph(), trials=1)


def test_a_network_without_links_is_sure():
    graph = networkx.empty_graph(3)
    assert stability(graph, trials=2).sure.tolist() == [1.0] * 3


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_command_writes_how_sure_nodes_are(suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture):
    networkx.write_edgelist(doubtful(), tmp_path / "a.txt", data=False)
    path = tmp_path / f"sure{suffix}"
    options = Options(trials=6, two_level=True)
    main(["community", "find", str(tmp_path / "a.txt"), "--trials", "6", "--two-level", "--sure", str(path)])
    said = capsys.readouterr().out
    table = pd.read_csv(path) if suffix == ".csv" else pd.read_parquet(path)
    wanted = stability(tmp_path / "a.txt", **vars(options))
    assert 0 < (wanted.sure >= 0.9).sum() < len(table)
    assert str(wanted) in said and "least sure: " in said
    assert list(table) == ["name", "module", "sure", "flow"]
    assert table.sure.tolist() == pytest.approx(wanted.sure.tolist())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [(["--sure", "a.csv"], "trials must be at least 2"), (["--sure", "a.txt", "--trials", "3"], ".csv or .parquet")],
)
def test_the_command_says_what_it_wants(words: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture):
    networkx.write_edgelist(doubtful(), tmp_path / "a.txt", data=False)
    with pytest.raises(SystemExit) as stopped:
        main(["community", "find", str(tmp_path / "a.txt"), *words])
    assert stopped.value.code == 2 and sentence in capsys.readouterr().err
