import sys

import networkx as nx
import pytest

from minent import MissingExtra
from minent.tour.networks import digits


def test_every_digit_is_linked_to_others_that_look_like_it():
    pytest.importorskip("sklearn")
    links, truth = digits(neighbours=3)
    rows = [line.split("\t") for line in links]
    graph = nx.DiGraph((source, target) for source, target, _ in rows)
    assert set(dict(graph.out_degree()).values()) == {3} and len(graph) == 1797
    assert nx.number_of_selfloops(graph) == 0 and all(0.5 < float(weight) <= 1 for *_, weight in rows)
    assert sum(truth[s] == truth[t] for s, t in graph.edges) > 0.95 * len(rows)
    assert all(name.startswith(f"{digit}-") for name, digit in truth.items())


class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name == "sklearn":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_without_scikit_learn_the_tour_says_how_to_get_it(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [NotInstalled(), *sys.meta_path])
    with pytest.raises(MissingExtra, match=r'pip install "minent\[knn\]" to link points to their nearest'):
        digits()
