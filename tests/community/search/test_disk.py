"""A search over rows on disk ends where the one in memory does, also where it was killed on the way."""

import os
import signal
import subprocess
import sys
from importlib import import_module
from itertools import count
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from minent.community import Tree, find, stability
from minent.community.options import Objective
from minent.community.search import both_ways, disk, engine, streaming
from minent.community.search.engine import ALONE
from minent.community.search.merging import merged_in_memory, renumbered
from minent.community.search.units import units_of
from minent.community.walk import stationary
from minent.community.walk.models import flow_of
from minent.data import Graph
from minent.data.networks.folders import folder as folders
from minent.data.networks.folders import rows
from minent.data.networks.folders.scratch import Scratch
from minent.errors import BadInput
from minent.kernels import compiled, interpreted

SMALL = {"MANY": 500, "CROWD": 100, "SHARD": 1 << 9}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Networks of any size move together, their merged rows lie on disk, and so does the scratch."""
    for name, value in SMALL.items():
        monkeypatch.setattr(engine, name, value)
    for name in ("NODE", "DIRECTED"):
        monkeypatch.setattr(folders, name, 0)
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    return tmp_path


def links(weighted: bool, text: bool = False, loops: bool = True) -> pa.Table:
    rng = np.random.default_rng(2)
    source = rng.integers(0, 600, 3000)
    size = rng.choice([20, 100, 600], len(source), p=[0.6, 0.25, 0.15])
    target = (source // size * size + rng.integers(0, size)) % 600
    kept = loops | (source != target)
    code = np.unique(np.minimum(source, target)[kept] * 1000 + np.maximum(source, target)[kept])
    ends = {"source": code // 1000, "target": code % 1000}
    columns = {name: [f"v{end}" for end in one.tolist()] if text else one * 3 for name, one in ends.items()}
    return pa.table(columns | ({"weight": rng.uniform(0.5, 2, len(code))} if weighted else {}))


def directed_links(weighted: bool, text: bool) -> pa.Table:
    """Links with a direction: some again, some of a node to itself, and nodes that none leaves, or none leads to."""
    rng = np.random.default_rng(5)
    source = np.append(rng.integers(0, 580, 3000), [3, 3, 7])
    size = rng.choice([20, 100, 600], len(source), p=[0.6, 0.25, 0.15])
    target = (source // size * size + rng.integers(0, size)) % 590
    source[source % 50 == 13], target[target % 50 == 17] = 14, 18
    source, target = (np.append(one, one[:300]) for one in (source, target))
    ends = {"source": source, "target": target}
    columns = {name: [f"v{end}" for end in one.tolist()] if text else one * 3 for name, one in ends.items()}
    return pa.table(columns | ({"weight": rng.uniform(0.5, 2, len(source))} if weighted else {}))


def written(at: Path, table: pa.Table) -> Path:
    (at / "links").mkdir()
    parquet.write_table(table, at / "one.parquet")
    for number in range(3):
        parquet.write_table(table.slice(number * 900, 900 if number < 2 else None), at / "links" / f"{number}.parquet")
    return at / "links"


def same(one: Tree, other: Tree) -> None:
    assert one.parent.tolist() == other.parent.tolist() and one.module.tolist() == other.module.tolist()
    assert one.codelength == other.codelength and one.node_names == other.node_names
    assert one.visit.tolist() == other.visit.tolist() and one.exit.tolist() == other.exit.tolist()


@pytest.mark.parametrize(
    "weighted, text, loops, two_level",
    [(False, False, False, True), (False, True, True, False), (True, False, True, False), (True, True, False, True)],
)
def test_rows_on_disk_are_searched_as_in_memory(weighted: bool, text: bool, loops: bool, two_level: bool, small: Path):
    folder = written(small, links(weighted, text, loops))
    whole = find(small / "one.parquet", two_level=two_level, seed=3)
    assert whole.depth > 1 or two_level
    assert (whole.flow.network.weights is not None) == weighted and whole.number_of_modules > 3
    same(find(folder, two_level=two_level, seed=3, memory=200), whole)  # bytes: merged rows on disk; then in memory
    same(find(small / "one.parquet", two_level=two_level, seed=3, memory="1MB"), whole)
    assert not list((small / "scratch").iterdir())


@pytest.mark.parametrize(
    "weighted, text, two_level, more",
    [
        (False, False, True, {}),
        (True, True, False, {"teleportation": 0.3, "to_nodes": True, "threads": 2}),
        (True, False, True, {"flow_model": "rawdir", "no_self_links": True, "threads": 1}),
        (False, True, False, {"flow_model": "undirdir", "weight_threshold": 0.5}),
        (True, False, True, {"recorded": True}),
    ],
)
def test_directed_rows_on_disk_are_searched_as_in_memory(
    weighted: bool, text: bool, two_level: bool, more: dict, small: Path
):
    told = {"directed": True, "two_level": two_level, "seed": 3} | more
    folder = written(small, directed_links(weighted, text))
    whole = find(small / "one.parquet", **told)
    assert whole.depth > 1 or two_level
    network = whole.flow.network
    assert network.weights is not None and whole.number_of_modules > 3  # repeated links weigh 2
    links, sources = network.links()[0], np.diff(network.indptr) > 0
    assert not sources.all() and not np.isin(np.arange(len(sources)), network.indices).all() and len(links) > 2000
    told |= {"threads": 1 if told.get("threads") == 2 else 2}
    same(find(folder, memory=200 if "recorded" not in more else "8GB", **told), whole)  # bytes
    same(find(small / "one.parquet", memory="1MB", **told), whole)
    assert not list((small / "scratch").iterdir())


@settings(max_examples=60)
@given(st.data())
def test_walk_and_units_of_rows_on_disk_are_those_of_memory(data: st.DataObject):
    """Of any links, in pieces of any size, interpreted or compiled."""
    n = data.draw(st.integers(1, 8))
    node, size = st.integers(0, n - 1), data.draw(st.integers(1, 30))
    source, target = (data.draw(st.lists(node, min_size=size, max_size=size)) for _ in range(2))
    weight = data.draw(st.none() | st.lists(st.floats(1e-3, 1e3), min_size=size, max_size=size))
    network, back = (Graph.from_links(*ends, weight, directed=True, names=range(n))
                     for ends in ((source, target), (target, source)))  # fmt: skip
    rows_of = [(one.indptr, one.indices, one.weights) for one in (network, back)]
    stored = folders.Stored(*rows_of[0], True, back=rows_of[1], scratch=Scratch(Path()))
    model = data.draw(st.sampled_from(["directed", "undirdir"]))
    run = data.draw(st.sampled_from([interpreted, compiled]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "GROUP", data.draw(st.integers(1, 12)))
        patch.setattr(both_ways, "runner", lambda _: run)
        whole, streamed = flow_of(network, model=model), flow_of(stored, model=model)
        for name in ("visit", "out", "into", "pace", "amount"):
            assert np.array_equal(getattr(whole, name), getattr(streamed, name))
        for one, other in zip(units_of(whole)[:8], units_of(streamed)[:8], strict=True):
            assert one.tolist() == other.tolist()


def test_the_walk_says_how_far_it_is(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch):
    clock = count()
    monkeypatch.setattr(stationary.time, "perf_counter", lambda: float(next(clock)))
    with caplog.at_level("INFO", "minent"):
        flow_of(Graph.from_links([0, 1, 2, 0], [1, 2, 0, 2], directed=True))
    said = [record.getMessage() for record in caplog.records]
    assert any("the walk settles: step 5, rates change by" in line and "left" in line for line in said)


@pytest.mark.parametrize("weighted", [False, True])
def test_rows_that_are_read_in_order_merge_to_the_last_bit(weighted: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rows, "GROUP", 500)
    monkeypatch.setattr(streaming, "FINEST", 3)
    rng = np.random.default_rng(4)
    ends = np.unique(np.sort(rng.integers(0, 400, (2, 3000)), axis=0), axis=1)
    network = Graph.from_links(*ends, rng.random(ends.shape[1]) if weighted else None)
    units = units_of(flow_of(network))
    assert (len(units.flow) > 1) == weighted
    for modules in (1, 2, 60, 400):
        label = rng.integers(0, modules, network.number_of_nodes).astype(np.int32)
        count = renumbered(interpreted, label)
        for run in (interpreted, compiled):
            whole = merged_in_memory(units, label, count, run)
            streamed = streaming.merged_on_disk(units, label, count, run, ALONE)
            for one, other in zip(whole, streamed, strict=True):
                assert one.dtype == other.dtype and one.tolist() == other.tolist()


def test_a_tree_of_names_on_disk_is_written_as_any_other(small: Path):
    folder = written(small, links(False, text=True))
    whole, found = find(small / "one.parquet"), find(folder)
    for suffix in (".csv", ".parquet", ".tree", ".clu", ".json", ".ftree", ".nwk"):
        for name, tree in (("whole", whole), ("found", found)):
            tree.write(small / f"{name}{suffix}")
        assert (small / f"whole{suffix}").read_bytes() == (small / f"found{suffix}").read_bytes()
    assert [module.top for module in whole.modules()] == [module.top for module in found.modules()]


@pytest.mark.parametrize("objective, more", [
    (Objective(markov_time=2.0), {}), (Objective(), {"directed": True, "flow_model": "undirected"}),
    (Objective(), {"flow_model": "directed", "directed": False}), (Objective(), {"trials": 2}),
])  # fmt: skip
def test_other_walks_are_those_of_one_file(objective: Objective, more: dict, small: Path):
    folder = written(small, links(True))
    same(find(folder, objective=objective, **more), find(small / "one.parquet", objective=objective, **more))


@pytest.mark.parametrize("directed", [False, True])
def test_a_search_that_was_ended_finds_the_same_tree(directed: bool, small: Path, monkeypatch: pytest.MonkeyPatch):
    folder = written(small, directed_links(True, False) if directed else links(True))
    whole, noted, ended = find(folder, directed=directed), disk.Kept.noted, 0
    while True:
        count = iter(range(1 + ended % 3))

        def ends_soon(self, *given, count=count):
            noted(self, *given)
            if next(count, None) is None:
                raise KeyboardInterrupt

        monkeypatch.setattr(disk.Kept, "noted", ends_soon)
        try:
            same(find(folder, directed=directed, threads=1 + ended % 2), whole)
            break
        except KeyboardInterrupt:
            ended += 1
    assert ended > 2
    assert not list((small / "scratch").iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("directed", [False, True])
def test_a_process_that_was_killed_goes_on(directed: bool, small: Path):
    """kill -9 in the search; the next run ends."""
    folder = written(small, directed_links(True, True) if directed else links(True))
    whole = find(folder, directed=directed)
    script = f"""
import os, sys
from minent.community import find
from minent.community.search import disk, engine
from minent.data.networks.folders import scratch, folder
for name, value in {SMALL!r}.items():
    setattr(engine, name, value)
folder.NODE = folder.DIRECTED = 0
write, left = scratch.Scratch.write, int(sys.argv[1])
def dying(self, name, *given):
    global left
    left -= 1
    write(self, name, *given)
    if left == 0:
        os.kill(os.getpid(), 9)
scratch.Scratch.write = dying
find({str(folder)!r}, directed={directed}).write({str(small / "found.parquet")!r})
"""
    for after in (100 if directed else 60, 0):
        done = subprocess.run([sys.executable, "-c", script, str(after)], env=os.environ, capture_output=True)
        assert done.returncode == (-signal.SIGKILL if after else 0), done.stderr.decode()
        assert bool(list((small / "scratch").glob("*/moves-*"))) is bool(after)
    whole.write(small / "whole.parquet")
    assert (small / "found.parquet").read_bytes() == (small / "whole.parquet").read_bytes()


def test_another_search_of_the_same_links_takes_none_of_the_moves(small: Path, monkeypatch: pytest.MonkeyPatch):
    def ended(*_):
        raise KeyboardInterrupt

    folder = written(small, links(False))
    with monkeypatch.context() as patch:
        patch.setattr(import_module("minent.community.find"), "grown", ended)
        with pytest.raises(KeyboardInterrupt):
            find(folder, seed=1)
    whole = find(small / "one.parquet", seed=2)
    same(find(folder, seed=2), whole)


def test_how_sure_nodes_are_is_told_of_a_folder_too(small: Path):
    folder, table = written(small, links(True)), small / "one.parquet"
    found, whole = (stability(one, trials=3, no_self_links=True) for one in (folder, table))
    assert found.sure.tolist() == whole.sure.tolist() and found.labels.tolist() == whole.labels.tolist()
    assert stability(table, trials=3, no_self_links=True, memory="1MB").sure.tolist() == whole.sure.tolist()


def test_two_runs_do_not_work_in_one_scratch(small: Path):
    folder = written(small, links(False))
    with folders.stored(folder), pytest.raises(BadInput, match="another run; wait, or set TMPDIR"):
        find(folder)


def test_memory_is_that_of_links_in_files():
    with pytest.raises(BadInput, match="links in files"):
        find(Graph.from_links([0], [1]), memory="1GB")


def test_time_left_is_told(small: Path, caplog: pytest.LogCaptureFixture):
    with caplog.at_level("INFO", "minent"):
        find(written(small, links(False)))
    said = [record.getMessage() for record in caplog.records]
    assert any("reading links: 100 %" in line for line in said)
    assert any("move: sweep" in line and "left of this step" in line for line in said)
