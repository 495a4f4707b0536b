"""A search on many machines ends where one machine does: on any number of workers, also where they die, or the one that
asks them. All on one Ray of this machine, as --ray auto starts it; machines that go are pretended by Ray itself (slow).
"""

import importlib.util
import os
import signal
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from minent.cli import main
from minent.community import Tree, find, stability
from minent.community.search import disk, engine
from minent.data import Graph
from minent.data.networks.folders import folder as folders
from minent.errors import BadInput, MinentError, MissingExtra

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed"),
    pytest.mark.filterwarnings("ignore:::ray"),
]
SMALL = {"MANY": 4000, "CROWD": 100, "SHARD": 2000}
FAST = {"effort": "fast", "two_level": True}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Networks of any size move together, in many shards."""
    for name, value in SMALL.items():
        monkeypatch.setattr(engine, name, value)
    for name in ("NODE", "DIRECTED"):
        monkeypatch.setattr(folders, name, 0)
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    return tmp_path


def written(at: Path, weighted: bool = True, text: bool = True, directed: bool = False) -> Path:
    """Planted links in a folder of several files; directed, also of nodes to themselves and from nodes to which none
    leads back."""
    rng = np.random.default_rng(2)
    source = rng.integers(0, 600, 6000)
    size = rng.choice([20, 100, 600], len(source), p=[0.6, 0.25, 0.15])
    target = (source // size * size + rng.integers(0, size)) % 600
    code = np.unique(np.minimum(source, target) * 1000 + np.maximum(source, target))
    code = np.unique(np.where(source % 50 == 13, 14, source) * 1000 + target) if directed else code
    ends = {"source": code // 1000, "target": code % 1000}
    columns = {name: [f"v{end}" for end in one.tolist()] if text else one * 3 for name, one in ends.items()}
    table = pa.table(columns | ({"weight": rng.uniform(0.5, 2, len(code))} if weighted else {}))
    (at / "links").mkdir()
    for number in range(3):
        parquet.write_table(table.slice(number * 900, 900 if number < 2 else None), at / "links" / f"{number}.parquet")
    return at / "links"


def exits(words: list[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        main(words)
    return ended.value.code


def same(one: Tree, other: Tree) -> None:
    assert one.parent.tolist() == other.parent.tolist() and one.module.tolist() == other.module.tolist()
    assert one.codelength == other.codelength and one.node_names == other.node_names
    assert one.visit.tolist() == other.visit.tolist() and one.exit.tolist() == other.exit.tolist()


def test_what_cannot_be_is_told_in_a_sentence(small: Path, monkeypatch: pytest.MonkeyPatch):
    import ray

    assert not ray.is_initialized()
    links = written(small)
    for network, asked, said in (
        (links, {"ray": "127.0.0.1:1"}, "no Ray cluster to work with at '127.0.0.1:1'"),
        (links, {"ray": "ray://head:10001"}, "on a machine of the cluster itself"),
        (links, {"ray": "head"}, "host:port, auto or local"),
        (links, {"ray": "auto", "directed": True, "recorded": True}, "jumps are not recorded"),
        (Graph.from_links([0], [1]), {"ray": "auto"}, "got Graph"),
    ):
        with pytest.raises(BadInput, match=said):
            find(network, **asked)
    with monkeypatch.context() as patch, pytest.raises(MissingExtra, match=r'pip install "minent\[ray\]"'):
        patch.setitem(sys.modules, "ray", None)
        find(links, ray="auto")
    assert exits(["community", "find", str(links), "--ray", "127.0.0.1:1"]) == 2


def test_a_cluster_that_ended_or_another_address_in_the_environment(small: Path, monkeypatch: pytest.MonkeyPatch):
    """What `ray start` wrote down stays where the machine went down: nobody answers there, which Ray waits for."""
    from minent.community.search import cluster

    links = written(small)
    (small / "ended" / "ray").mkdir(parents=True)
    (small / "ended" / "ray" / "ray_current_cluster").write_text("127.0.0.1:1")
    monkeypatch.setattr("ray._private.services._cached_find_gcs_addresses", cache(set))  # others may run here
    monkeypatch.setattr(cluster, "_started", lambda *_: pytest.fail("started"))
    with monkeypatch.context() as patch:
        patch.setenv("RAY_TMPDIR", str(small / "ended"))
        for named in ("", "auto"):  # as if it were not set
            patch.setenv("RAY_ADDRESS", named)
            with pytest.raises(pytest.fail.Exception, match="started"):
                find(links, ray="auto")
    monkeypatch.setenv("RAY_ADDRESS", "ray://head:10001")
    with pytest.raises(BadInput, match="on a machine of the cluster itself"):
        find(links, ray="auto")


@pytest.mark.skipif(not hasattr(signal, "alarm"), reason="there are no alarms")
def test_what_is_ended_by_a_signal_has_time_to_end_ray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """At SIGTERM Ray raises SystemExit, and sets an alarm of three seconds that aborts the process."""
    from minent.community.search import cluster

    left = []
    fake = SimpleNamespace(is_initialized=lambda: False, nodes=list, cluster_resources=dict)
    fake.shutdown = lambda: left.append(signal.alarm(0))
    monkeypatch.setattr(cluster, "require", lambda *_: fake)
    monkeypatch.setattr(cluster, "_started", lambda *_: None)
    with pytest.raises(SystemExit), cluster.cluster("local", 1, 1):
        signal.alarm(100)
        raise SystemExit(1)
    assert left == [0]


def test_what_is_ended_while_ray_starts_leaves_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from minent.community.search import cluster

    def ended(*_, _temp_dir: str, **__):
        Path(_temp_dir, "session_1", "logs").mkdir(parents=True)
        raise KeyboardInterrupt

    fake = SimpleNamespace(is_initialized=lambda: False, init=ended, shutdown=lambda: None)
    monkeypatch.setattr(cluster, "require", lambda *_: fake)
    monkeypatch.setattr(cluster, "_room", lambda: str(tmp_path / "scratch"))
    with pytest.raises(KeyboardInterrupt), cluster.cluster("local", 1, 1):
        pass
    assert not list((tmp_path / "scratch").iterdir()) and "RAY_AUTH_MODE" not in os.environ


def test_a_cluster_on_record_that_does_not_answer_is_called_by_address(small: Path, monkeypatch: pytest.MonkeyPatch):
    from minent.community.search import cluster

    def silent(*_, **__):
        raise TimeoutError("timed out")

    monkeypatch.setattr(cluster, "_recorded", lambda: "10.9.9.9:6379")
    monkeypatch.setattr(cluster.socket, "create_connection", silent)
    with pytest.raises(BadInput, match=r"no Ray cluster to work with at '10.9.9.9:6379': timed out"):
        find(written(small), ray="auto")


@pytest.mark.slow
def test_machines_that_go_change_nothing(small: Path, monkeypatch: pytest.MonkeyPatch):
    """Three, of two cores each; two go one after the other, with the rows that lie on them, and one comes."""
    import ray
    from ray.cluster_utils import Cluster

    from minent.community.search import on_ray

    links, each, went = written(small), on_ray.OnRay.each, []
    whole = find(links)
    monkeypatch.setenv("RAY_TMPDIR", "/tmp")
    some = {"num_cpus": 2, "object_store_memory": 80_000_000}
    cluster = Cluster(initialize_head=True, head_node_args=some | {"include_dashboard": False})
    gone = [cluster.add_node(**some) for _ in range(2)]

    def leaving(self, task, *more):
        went.append(task.__name__)
        if len(went) in (20, 60):
            cluster.remove_node(gone.pop(), allow_graceful=False)
        if len(went) == 40:
            cluster.add_node(**some)
        return each(self, task, *more)

    monkeypatch.setattr(on_ray.OnRay, "each", leaving)
    ray.init(address=cluster.address, log_to_driver=False, logging_level="error")
    try:
        assert len(ray.nodes()) == 3
        same(find(links, ray="auto"), whole)
        assert not gone and len(went) > 80 and sum(node["Alive"] for node in ray.nodes()) == 2
    finally:
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Four workers of this machine."""
    from minent.community.search.cluster import cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", "/tmp")
        with cluster("local", 200_000_000, 4):
            import ray

            [node] = ray.nodes()
            session = Path(node["ObjectStoreSocketName"]).parents[1]
            assert ray.cluster_resources()["CPU"] == 4 and session.exists()
            assert os.environ["RAY_AUTH_MODE"] == "token"  # others on this machine are asked for one
            yield
    assert not ray.is_initialized() and not session.exists() and "RAY_AUTH_MODE" not in os.environ


@pytest.mark.parametrize(
    "weighted, text, how",
    [
        (True, True, FAST),
        (False, False, FAST),
        (True, False, FAST | {"directed": True}),
        pytest.param(False, True, FAST | {"directed": True}, marks=pytest.mark.slow),
        pytest.param(True, False, {"effort": "balanced", "trials": 2}, marks=pytest.mark.slow),
        pytest.param(False, True, {"effort": "best", "no_self_links": True}, marks=pytest.mark.slow),
    ],
)
def test_any_number_of_workers_finds_the_tree_of_threads_and_of_disk(
    weighted: bool, text: bool, how: dict, small: Path, machines: None, monkeypatch: pytest.MonkeyPatch
):
    from minent.community.search import on_ray

    asked, each = [], on_ray.OnRay.each
    monkeypatch.setattr(on_ray.OnRay, "each", lambda self, task, *more: asked.append(task) or each(self, task, *more))
    links = written(small, weighted, text, how.get("directed", False))
    whole = find(links, threads=2, **how)
    assert whole.number_of_modules > 10 and ("two_level" in how or whole.depth > 1)
    same(find(links, memory=200, **how), whole)
    for workers in (1, 2) if "directed" in how else (1, 2, 4):  # of which each does one task at a time
        monkeypatch.setattr(on_ray, "AHEAD", workers / 4)
        same(find(links, ray="auto", **how), whole)
    assert len(asked) > 30 and not list((small / "scratch").glob("minent*"))


def test_workers_that_die_change_nothing(small: Path, machines: None, monkeypatch: pytest.MonkeyPatch):
    from minent.community.search import on_ray

    links, died, started = written(small), small / "died", on_ray.Machines.started
    died.mkdir()

    def dying(number: int):
        def task_of_a_worker_that_dies(task, *given):
            try:
                (died / f"{number}").touch(exist_ok=False)
            except FileExistsError:
                return task(*given)
            os._exit(1)

        return task_of_a_worker_that_dies

    def sometimes(self, task, told, item, **how):
        sometimes.count += 1
        if sometimes.count % 67 != 5:
            return started(self, task, told, item, **how)
        return started(self, dying(sometimes.count), (task, *told), item, **how)

    sometimes.count = 0
    whole = find(links, **FAST)
    monkeypatch.setattr(on_ray.Machines, "started", sometimes)
    same(find(links, **FAST, ray="auto"), whole)
    assert len(list(died.iterdir())) > 2


def test_the_one_that_asks_goes_on_where_it_was_ended(small: Path, machines: None, monkeypatch: pytest.MonkeyPatch):
    links, noted, ended = written(small), disk.Kept.noted, 0
    whole = find(links, **FAST)
    while True:
        count = iter(range(1))

        def ends_soon(self, *given, count=count):
            noted(self, *given)
            if next(count, None) is None:
                raise KeyboardInterrupt

        monkeypatch.setattr(disk.Kept, "noted", ends_soon)
        try:
            same(find(links, **FAST, ray="auto" if ended % 2 == 0 else None), whole)
            break
        except KeyboardInterrupt:
            ended += 1
    assert ended > 1 and not list((small / "scratch").glob("minent*"))


def test_what_a_cluster_lacks_is_told_in_a_sentence(small: Path, machines: None, monkeypatch: pytest.MonkeyPatch):
    import ray

    from minent.community.search import on_ray

    links, got = written(small), on_ray.Machines.got
    (links / "bad.parquet").write_bytes((links / "0.parquet").read_bytes()[:-50] + bytes(50))
    with pytest.raises(BadInput, match=r"bad.parquet"):
        find(links, ray="auto")
    (links / "bad.parquet").unlink()
    parquet.write_table(pa.table({"source": ["a"], "target": ["b"], "weight": [-1.0]}), links / "9.parquet")
    with pytest.raises(BadInput, match="must not be negative"):  # found where it was read
        find(links, ray="auto")
    (links / "9.parquet").unlink()
    for other in ("local", "10.9.9.9:1"):
        with pytest.raises(BadInput, match=r"works with the Ray at '[\d.]+:\d+' already; got '" + other):
            find(links, ray=other)
    with monkeypatch.context() as patch, pytest.raises(BadInput, match="works with it by ray://"):
        patch.setattr("ray.util.client.ray.is_connected", lambda: True)
        find(links, ray="auto")
    assert not list((small / "scratch").glob("minent*"))
    for ours, said in ((("0.0", 0), "has minent"), ((on_ray.same()[0], 0), "other logarithms")):
        with monkeypatch.context() as patch, pytest.raises(MinentError, match=said):
            patch.setattr(on_ray, "same", lambda ours=ours: ours)
            find(links, ray="auto")
    with monkeypatch.context() as patch:
        lost = ray.exceptions.ObjectLostError("00" * 28, None, "")
        patch.setattr(ray, "get", lambda at: (_ for _ in ()).throw(lost))
        assert exits(["community", "find", str(links), "--ray", "auto"]) == 2
    assert list((small / "scratch").glob("minent*"))  # is kept: the same again goes on
    assert got is on_ray.Machines.got and find(links, ray="auto", **FAST).number_of_modules > 10


def test_how_sure_nodes_are_is_told_by_machines_too(small: Path, machines: None):
    links = written(small)
    found, whole = (stability(links, trials=2, **FAST, **more) for more in ({"ray": "auto"}, {}))
    assert found.sure.tolist() == whole.sure.tolist() and found.labels.tolist() == whole.labels.tolist()
