"""Points linked to their nearest: who is linked, how firmly, and what is refused."""

import numpy as np
import pytest

from minent import BadInput, errors
from minent.data.networks.neighbours import Neighbourhood, neighbour_graph
from minent.data.points import nearest as module

pytest.importorskip("faiss")


def points(n: int = 60, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 5)) + 2


def slow_links(x: np.ndarray, k: int, metric: str, least: float) -> dict[tuple[int, int], float]:
    """Each point and its k nearest, one by one."""
    distance = {}
    for i in range(len(x)):
        for j in range(len(x)):
            a, b = x[i], x[j]
            a, b = (v / np.sqrt(v @ v) for v in (a, b)) if metric == "cosine" else (a, b)
            distance[i, j] = float(np.sqrt(((a - b) ** 2).sum()))
    near = {i: sorted((distance[i, j], j) for j in range(len(x)) if j != i)[:k] for i in range(len(x))}
    links = {}
    for i in near:
        for d, j in near[i]:
            s = 2 ** (-(d**2) / (near[i][-1][0] * near[j][-1][0]))
            if s >= least * (1 - 1e-9) and (metric != "cosine" or d**2 < 2 - 1e-9):
                links[i, j] = s
    return links


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("least", [0.0, 0.7])
def test_links_are_those_of_the_definition(metric: str, least: float):
    network = neighbour_graph(points(), neighbours=6, metric=metric, similarity=least)
    wanted = slow_links(points(), 6, metric, least)
    source, target, weight = network.links()
    found = dict(zip(zip(source.tolist(), target.tolist(), strict=True), weight.tolist(), strict=True))
    assert (len(wanted) < 6 * 60) == (least > 0) and network.directed
    assert found.keys() == wanted.keys()
    assert all(found[ends] == pytest.approx(wanted[ends], abs=1e-12) for ends in found)


def test_without_direction_a_link_found_from_both_ends_counts_twice():
    one, both = (neighbour_graph(points(), neighbours=6, undirected=way) for way in (False, True))
    assert one.directed and not both.directed
    assert one.weights.sum() == pytest.approx(both.links()[2].sum())
    assert both.number_of_links < one.number_of_links


def test_points_at_the_same_place_are_linked_and_none_to_itself():
    for metric in ("cosine", "euclidean"):
        network = neighbour_graph(np.ones((30, 3)), neighbours=4, metric=metric)
        source, target, weight = network.links()
        assert network.number_of_links == 120 and (source != target).all() and weight == pytest.approx(1)


def test_points_at_the_same_place_are_unlike_those_far_away():
    x = np.array([[0.0, 0]] * 5 + [[1000, 0], [1001, 0], [1002, 0]])
    source, target, weight = neighbour_graph(x, neighbours=4, metric="euclidean").links()
    assert (weight[(source < 5) & (target < 5)] == 1).all() and ((source < 5) & (target < 5)).sum() == 20
    assert ((source < 5) == (target < 5)).all()


def test_zeros_are_like_nothing_by_cosine_and_a_point_alone_has_no_links():
    assert neighbour_graph([[0, 0], [1, 0], [1, 0.1]], metric="cosine").links()[0].tolist() == [1, 2]
    assert neighbour_graph([[1.0, 2.0]]).number_of_nodes == 1


def test_zeros_take_no_ones_place_and_lengths_do_not_count_by_cosine():
    x = points(12) - 2
    few = [array.tolist() for array in neighbour_graph(x, neighbours=4, metric="cosine").links()]
    for among in (np.r_[x, np.zeros((20, 5))], np.r_[x * 1e200], np.r_[x * 1e-200]):
        source, target, weight = neighbour_graph(among, neighbours=4, metric="cosine").links()
        assert [source.tolist(), target.tolist()] == few[:2] and weight == pytest.approx(np.array(few[2]))
    assert neighbour_graph(np.zeros((3, 2)), metric="cosine").number_of_links == 0


def test_a_large_set_is_searched_along_a_small_world_and_alike_each_time(monkeypatch: pytest.MonkeyPatch):
    exact = neighbour_graph(points(3000), neighbours=10, similarity=0.0)
    monkeypatch.setattr(module, "EXACT", 1000)
    near, again = (neighbour_graph(points(3000), neighbours=10, similarity=0.0) for _ in range(2))
    assert np.array_equal(near.indices, again.indices) and np.array_equal(near.weights, again.weights)
    ends = [set(zip(*(end.tolist() for end in network.links()[:2]), strict=True)) for network in (exact, near)]
    assert len(ends[0] & ends[1]) > 0.95 * len(ends[0])


@pytest.mark.parametrize(
    ("wrong", "options", "sentence"),
    [
        ([[1.0, np.nan]], {}, "row 0 holds one that is not"),
        ([1.0, 2.0], {}, "a row for each; got an array of float64 of shape"),
        (np.array([["a"]]), {}, "points are a matrix of numbers"),
        ([[1.0]], {"neighbours": 0}, "neighbours must be a whole number of at least 1; got 0"),
        ([[1.0]], {"similarity": float("nan")}, "similarity must be at most 1; got nan"),
        ([[1.0]], {"similarity": 1.5}, "similarity must be at most 1; got 1.5"),
        ([[1.0]], {"metric": "cosin"}, "metric is 'auto', 'cosine' or 'euclidean'; got 'cosin'"),
    ],
)
def test_what_cannot_be_linked_is_refused(wrong, options: dict, sentence: str):
    with pytest.raises(BadInput, match=sentence):
        neighbour_graph(wrong, **options)


def test_without_faiss_few_points_are_linked_and_for_many_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "faiss", None)
    assert neighbour_graph(points()).number_of_links > 100
    monkeypatch.setattr(module, "EXACT", 50)
    with pytest.raises(errors.MissingExtra, match=r'pip install "minent\[knn\]" to link many points to their nearest'):
        neighbour_graph(points())


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_sparse_points_are_linked_as_dense_ones_are(metric: str):
    from scipy.sparse import csr_matrix

    x = np.where(np.random.default_rng(0).random((50, 8)) < 0.5, points(50).repeat(2, 1)[:, :8], 0)
    kept = csr_matrix(x)
    one, other = (neighbour_graph(given, neighbours=6, metric=metric).links() for given in (x, kept))
    found = [dict(zip(zip(s.tolist(), t.tolist(), strict=True), w.tolist(), strict=True)) for s, t, w in (one, other)]
    assert found[0].keys() == found[1].keys() and len(found[0]) > 150
    assert all(found[0][ends] == pytest.approx(found[1][ends], abs=1e-9) for ends in found[0])
    assert np.array_equal(kept.toarray(), x)


def test_new_points_are_linked_by_the_reach_of_either_end():
    x = points()
    known = Neighbourhood.of(x[:50], neighbours=6, metric="euclidean", similarity=0.0)
    source, target, weight = known.links_of(x[50:])
    for i in range(10):
        apart = np.sqrt(((x[50 + i] - x[:50]) ** 2).sum(axis=1))
        near = np.argsort(apart)[:6]
        assert set(target[source == i]) == set(near.tolist())
        wanted = 2.0 ** -(apart**2 / (apart[near].max() * known.reach))
        assert weight[source == i] == pytest.approx(wanted[target[source == i]])
    with pytest.raises(BadInput, match="points of 5 dimensions are known; new ones have 2"):
        known.links_of([[1.0, 2.0]])
