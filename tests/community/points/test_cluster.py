"""Clusters of points and texts: an estimator among scikit-learn's, what clusters are called, and the command."""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from minent import BadInput
from minent.community import Infomap, Tree, cluster, telling_words
from minent.community.points.assign import assign
from minent.data.networks.neighbours import Neighbourhood, neighbour_graph
from minent.plot import network_map

pytest.importorskip("faiss")
sklearn = pytest.importorskip("sklearn")

FLOWERS = ["红色的玫瑰花开放", "白色的玫瑰花瓣", "玫瑰花和郁金香"]
SHIPS = ["大海上的帆船", "帆船在大海航行", "一艘帆船与大海"]


def blobs(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, 200)
    return 8 * np.eye(6)[truth] + rng.normal(size=(200, 6)), truth


def test_the_estimator_is_one_of_scikit_learns():
    from sklearn.utils.estimator_checks import check_estimator

    checks = check_estimator(Infomap(n_jobs=1), on_skip=None, on_fail=None)
    assert len(checks) > 40
    assert [check["check_name"] for check in checks if check["status"] == "failed"] == []


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_clusters_are_found_without_their_number(metric: str):
    points, truth = blobs()
    labels = Infomap(metric=metric).fit_predict(points)
    assert labels.max() == 3
    assert sklearn.metrics.adjusted_rand_score(truth, labels) > 0.95


def test_a_point_that_is_like_no_other_stands_alone():
    assert cluster(np.eye(6)).labels.tolist() == [0, 1, 2, 3, 4, 5]
    assert len(set(cluster(np.zeros((4, 3)), metric="cosine", nested=True).labels.tolist())) == 4
    one = [[1, 0, 0]] * 4
    for alone in ([], [[0, 1, 0]], [[0, 1, 0], [0, 0, 1]]):
        labels = cluster(np.array([*one, *alone], float)).labels.tolist()
        assert labels == [0, 0, 0, 0, *range(1, 1 + len(alone))]
    two = cluster(np.array([*one, *[[0, 1, 0]] * 4, [0, 0, 1]], float)).labels
    assert np.unique(two, return_counts=True)[1].tolist() == [4, 4, 1]


def test_the_estimator_and_the_function_say_the_same():
    points, _ = blobs()
    options = {"neighbours": 9, "markov_time": 1.2}
    fitted, tree = Infomap(**options, random_state=4).fit(points), cluster(points, **options, seed=4)
    assert tree.number_of_modules > 3
    assert fitted.labels_.tolist() == tree.labels.tolist() == fitted.tree_.labels.tolist()
    assert fitted.codelength_ == tree.codelength


def test_it_stands_in_a_pipeline_after_a_scaler_and_after_links():
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    points, truth = blobs()
    labels = make_pipeline(StandardScaler(with_mean=False), Infomap()).fit_predict(points)
    links = sklearn.neighbors.KNeighborsTransformer(mode="connectivity", n_neighbors=30)
    given = make_pipeline(links, Infomap(metric="precomputed")).fit_predict(points)
    for found in (labels, given):
        assert sklearn.metrics.adjusted_rand_score(truth, found) > 0.9


def test_a_matrix_of_links_must_be_square():
    with pytest.raises(BadInput, match="wants a square matrix"):
        Infomap(metric="precomputed").fit(np.ones((3, 4)))


def test_a_greater_markov_time_makes_larger_clusters():
    points, _ = blobs()
    counts = [cluster(points, neighbours=6, markov_time=time).number_of_modules for time in (1.0, 1.5, 3.0)]
    assert counts[0] > counts[1] > counts[2] > 1
    with pytest.raises(BadInput, match="markov_time must be above 0 and finite; got -1"):
        cluster(points, markov_time=-1.0)


def test_nested_clusters_cost_no_more():
    points, _ = blobs()
    flat, nested = (cluster(points, neighbours=6, nested=nested) for nested in (False, True))
    assert flat.number_of_modules > 4
    assert nested.depth > 1 and nested.codelength <= flat.codelength


def test_clusters_of_texts_are_called_by_what_tells_them_apart():
    called = telling_words(FLOWERS + SHIPS, [0] * 3 + [1] * 3, 2)
    assert called[0][0] == "玫瑰花" and set(called[1]) == {"大海", "帆船"}
    english = ["the red rose of the garden", "a red rose in the rain", "the ship on the sea", "a ship at sea"]
    assert {tuple(sorted(words)) for words in telling_words(english, [0, 0, 1, 1], 2)} == {
        ("red", "rose"),
        ("sea", "ship"),
    }


def test_a_map_calls_modules_as_told():
    points, _ = blobs()
    network, tree = neighbour_graph(points), cluster(points)
    with pytest.raises(BadInput, match="5 modules, the root among them; 2 are called something"):
        network_map(network, tree, called=[["a"], ["b"]])
    assert network_map(network, tree, called=[["a"]] * 5) != network_map(network, tree)


def minent(*arguments: object, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "minent", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", **options)


def test_the_command_clusters_vectors_and_texts(tmp_path: Path):
    points, truth = blobs()
    np.save(tmp_path / "points.npy", points)
    run = minent("community", "cluster", tmp_path / "points.npy", "-o", tmp_path / "a.tree", "--neighbours", 30)
    assert run.returncode == 0, run.stderr
    tree = Tree.read(tmp_path / "a.tree")
    assert "4 modules in 1 level" in run.stdout
    assert sklearn.metrics.adjusted_rand_score(truth, tree.labels) > 0.95
    (tmp_path / "texts.txt").write_text("\n".join(3 * (FLOWERS + SHIPS)), encoding="utf-8")
    run = minent("community", "cluster", tmp_path / "texts.txt", "--map", tmp_path / "map.html")
    assert run.returncode == 0, run.stderr
    assert "most telling" in run.stdout and "玫瑰花" in run.stdout and "帆船" in run.stdout
    assert (tmp_path / "map.html").read_text("utf-8").startswith("<!doctype html>")
    run = minent("community", "cluster", tmp_path / "points.npy", "--model", tmp_path)
    assert run.returncode == 2 and "a model turns texts into vectors" in run.stderr
    run = minent("community", "cluster", tmp_path / "none.npy")
    assert run.returncode == 2 and "there is no file" in run.stderr


def test_new_points_go_to_the_cluster_of_their_nearest_and_those_like_none_to_none():
    points, truth = blobs()
    found = Infomap().fit(points[:150])
    assert found.metric == "auto" and len(set(found.labels_.tolist())) == 4
    assert sklearn.metrics.adjusted_rand_score(truth[150:], found.predict(points[150:])) == 1
    assert found.predict(points[:150]).tolist() == found.labels_.tolist()
    assert found.predict([[1e4] * 6]).tolist() == [-1]
    with pytest.raises(BadInput, match="metric='precomputed' knows no points"):
        Infomap(metric="precomputed").fit(np.ones((4, 4))).predict(np.ones((4, 4)))


def test_sparse_points_are_clustered_as_dense_ones_by_direction():
    from scipy.sparse import csr_matrix

    draw = np.random.default_rng(3)
    truth = np.repeat([0, 1, 2], 30)
    counts = draw.poisson(np.where(np.arange(30) // 10 == truth[:, None], 2.0, 0.1)) * draw.integers(1, 9, (90, 1))
    few, many = Infomap().fit(csr_matrix(counts, dtype=float)), Infomap(metric="cosine").fit(counts.astype(float))
    assert sklearn.metrics.adjusted_rand_score(truth, few.labels_) == 1
    assert few.labels_.tolist() == many.labels_.tolist() and few.codelength_ == pytest.approx(many.codelength_)
    assert few.predict(csr_matrix(counts[:5], dtype=float)).tolist() == few.labels_[:5].tolist()


def test_lengths_count_unless_points_have_none():
    draw = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2, 3], 50)
    near_and_far = np.array([[3, 3], [9, 9], [3, 9], [20, 20]])[truth] + draw.normal(size=(200, 2)) / 2
    by_place, by_angle = (Infomap(metric=metric).fit_predict(near_and_far) for metric in ("auto", "cosine"))
    assert sklearn.metrics.adjusted_rand_score(truth, by_place) == 1
    assert sklearn.metrics.adjusted_rand_score(truth, by_angle) < 0.7


def test_random_state_and_n_jobs_mean_what_they_do_in_scikit_learn():
    points, _ = blobs()
    options = {"neighbours": 6, "trials": 1}
    one, two = (Infomap(**options, random_state=np.random.RandomState(4), n_jobs=jobs).fit(points) for jobs in (1, -1))
    assert one.labels_.tolist() == two.labels_.tolist()
    with pytest.raises(BadInput, match="n_jobs must be None or a whole number other than 0; got 0"):
        Infomap(n_jobs=0).fit(points)


def test_the_table_is_in_the_order_of_the_input_and_new_texts_are_assigned(tmp_path: Path):
    (tmp_path / "old.txt").write_text("\n".join(3 * (FLOWERS + SHIPS)), encoding="utf-8")
    (tmp_path / "new.txt").write_text("一朵玫瑰花\n大海\nnothing", encoding="utf-8")
    run = minent("community", "cluster", tmp_path / "old.txt", "-o", tmp_path / "a.csv", "-o", tmp_path / "a.parquet")
    assert run.returncode == 0, run.stderr
    import pandas

    table = pandas.read_csv(tmp_path / "a.csv")
    assert table.name.tolist() == 3 * (FLOWERS + SHIPS)
    assert len(set(table.cluster)) > 1 and table.cluster.tolist() == [int(p.split(":")[0]) for p in table.path]
    assert Tree.read(tmp_path / "a.csv").labels.tolist() == (table.cluster - 1).tolist()
    for clusters in ("a.csv", "a.parquet"):
        told = "--points", tmp_path / "old.txt", "--clusters", tmp_path / clusters
        run = minent("community", "assign", tmp_path / "new.txt", *told)
        of = dict(zip(table.name, table.cluster, strict=True))
        rows = f"name,cluster\n一朵玫瑰花,{of[FLOWERS[0]]}\n大海,{of[SHIPS[0]]}\nnothing,\n"
        assert run.returncode == 0 and run.stdout == rows, run.stderr
    (tmp_path / "other.txt").write_text("\n".join(FLOWERS), encoding="utf-8")
    told = "--points", tmp_path / "other.txt", "--clusters", tmp_path / "a.csv"
    run = minent("community", "assign", tmp_path / "new.txt", *told)
    assert run.returncode == 2 and "holds clusters of other points" in run.stderr


@pytest.mark.parametrize("undirected", [False, True])
@pytest.mark.parametrize("nested", [False, True])
def test_equal_points_are_in_one_cluster_however_many_they_are(nested: bool, undirected: bool):
    truth = np.random.default_rng(3).integers(0, 5, 400)  # 80 of each: twice as many as neighbours
    for points in (np.eye(5)[truth], csr_matrix(np.eye(5)[truth]), 1e8 + 3.0 * truth[:, None]):
        found = Infomap(nested=nested, undirected=undirected).fit(points)
        assert len(set(zip(truth, found.labels_, strict=True))) == 5 == found.tree_.number_of_top_modules
        assert found.predict(points).tolist() == found.labels_.tolist()
    assert set(Infomap().fit_predict(np.zeros((90, 3)))) == set(Infomap().fit_predict(np.ones((90, 3)))) == {0}


def test_few_equals_are_together_with_their_neighbours():
    points = np.round(np.random.default_rng(0).normal(0, 2, (1000, 2)))
    labels = Infomap().fit_predict(points)
    places, at = np.unique(points, axis=0, return_inverse=True)
    assert len(set(zip(at.ravel(), labels, strict=True))) == len(places) > len(set(labels))


def test_directions_that_differ_by_rounding_are_equal():
    random = np.random.default_rng(1)
    points = np.repeat([[1, 3, 7], [2, -5, 1], [-4, 1, 1.0]], 100, axis=0) * random.random((300, 1))
    labels = Infomap(metric="cosine").fit_predict(points)
    assert labels.reshape(3, 100).std(axis=1).tolist() == [0, 0, 0] and len(set(labels)) == 3


def test_numbers_whose_squares_are_none_are_refused_and_what_is_far_is_like_none(recwarn: pytest.WarningsRecorder):
    points, _ = blobs()
    for factor in (1e200, 1e-200):
        with pytest.raises(BadInput, match=r"numbers of sizes 1e-150 to 1e\+150; got"):
            Infomap().fit(points * factor)
    found = Infomap().fit(points)
    assert found.predict(points[:2] * 1e100).tolist() == [-1, -1]
    assert found.predict(points[:2] * 1e-200)[0] in found.labels_
    assert not recwarn.list


def test_names_of_modules_are_one_for_each_and_for_a_map(tmp_path: Path):
    np.save(tmp_path / "a.npy", blobs()[0])
    (tmp_path / "names.csv").write_text("path,name\n1,one\n1,two\n", encoding="utf-8")
    told = "community", "cluster", tmp_path / "a.npy", "--names", tmp_path / "names.csv"
    run = minent(*told)
    assert run.returncode == 2 and "--names are those of a map, and there is none: --map" in run.stderr
    run = minent(*told, "--map", tmp_path / "a.svg")
    assert run.returncode == 2 and "a module has one name; '1' has 'one' and 'two'" in " ".join(run.stderr.split())


@pytest.mark.parametrize("option", ["trials", "threads"])
def test_counts_that_are_none_are_refused_before_anything_is_searched(option):
    with pytest.raises(BadInput, match=f"{option} must be at least 1; got -1"):
        cluster(np.eye(3), **{option: -1})


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_points_that_were_clustered_are_assigned_where_they_are(metric: str):
    random = np.random.default_rng(3)
    points = np.concatenate([random.normal(at, 2.0, (80, 3)) for at in ([9, 0, 0], [0, 9, 0], [0, 4, 7])])
    points = np.concatenate([points, points[:40], [[90.0, -90.0, 5.0]]])
    known = Neighbourhood.of(points, metric=metric)
    labels = cluster(points, metric=metric).labels
    assert len(set(labels.tolist())) > 2 and assign(known, labels, points).tolist() == labels.tolist()
    near = points[:80] + random.normal(0, 1.0, (80, 3))
    assert np.mean(assign(known, labels, near) == labels[:80]) > 0.8


def test_a_matrix_that_looks_like_one_of_distances_is_told():
    points, _ = blobs()
    near = sklearn.neighbors.KNeighborsTransformer(mode="distance", n_neighbors=10).fit_transform(points)
    apart = sklearn.metrics.pairwise_distances(points)
    for distances in (near, apart, apart / apart.max(), np.sqrt(apart)):
        with pytest.warns(UserWarning, match="these look like distances"):
            Infomap(metric="precomputed").fit(distances)
    likeness = np.abs(np.corrcoef(points))
    np.fill_diagonal(likeness, 0)
    hollow = csr_matrix(sklearn.metrics.pairwise.rbf_kernel(points))
    hollow.setdiag(0)  # zeros that are there
    linked = sklearn.neighbors.kneighbors_graph(points, 10, include_self=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for links in (likeness, hollow, linked, sklearn.metrics.pairwise.rbf_kernel(points), np.ones((9, 9))):
            Infomap(metric="precomputed").fit(links)
