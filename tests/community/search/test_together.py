"""Units that move at once: nothing but the network decides where they end, and the code is what is counted."""

import numpy as np
import pytest
from community.random_networks import random_network
from community.walk.walks import neighbours_of, parts, walk_of
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.map_equation import codelength, moved

from minent.community import find
from minent.community.search import engine
from minent.community.search.engine import ALONE, Engine, shards
from minent.community.search.merging import merge
from minent.community.search.search import ALL, Field
from minent.community.search.together.sweeps import move_together
from minent.community.search.together.together import Together
from minent.community.search.units import Units, codebooks, units_of
from minent.community.walk.models import flow_of
from minent.data import Graph
from minent.kernels import compiled, interpreted

MODELS = ["undirected", "directed"]
models = pytest.mark.parametrize("model", MODELS)
LEAST = 1e-9


def planted(seed: int, nodes: int = 600, directed: bool = False, weighted: bool = False) -> Graph:
    """Groups of twenty in groups of a hundred, whose links mostly stay inside."""
    rng = np.random.default_rng(seed)
    source = rng.integers(0, nodes, 10 * nodes)
    size = rng.choice([20, 100, nodes], len(source), p=[0.6, 0.25, 0.15])
    target = source // size * size + rng.integers(0, size)
    weight = rng.uniform(0.5, 2, len(source)) if weighted else None
    return Graph.from_links(source, target % nodes, weight, directed=directed)


def units_on(seed: int, model: str, *, nodes: int = 40, weighted: bool = True) -> Units:
    return units_of(flow_of(random_network(seed, weighted=weighted, nodes=nodes), model=model))


def together(units: Units, label: np.ndarray, field: Field = ALL, run=compiled) -> tuple[Together, Units]:
    """Units that stand in modules, and these as units."""
    label = np.unique(label, return_inverse=True)[1].astype(np.int32)
    modules = merge(units, label, int(label.max()) + 1, interpreted)
    return Together(run, ALONE, units, label, modules, field), modules


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks of any size move together, in many shards."""
    for name, value in (("MANY", 0), ("CROWD", 100), ("SHARD", 1 << 9)):
        monkeypatch.setattr(engine, name, value)


@pytest.mark.parametrize(
    "directed, weighted, two_level",
    [(False, False, True), (False, True, False), (True, False, False), (True, True, True)],
)
def test_any_number_of_threads_finds_the_same_tree(directed: bool, weighted: bool, two_level: bool, small: None):
    network = planted(1, directed=directed, weighted=weighted)
    assert len(shards(network.indptr)) > 8
    alone, *others = [find(network, two_level=two_level, threads=threads) for threads in (1, 2, 4, 8)]
    assert 10 < alone.number_of_modules < 60
    for tree in others:
        assert tree.module.tolist() == alone.module.tolist() and tree.parent.tolist() == alone.parent.tolist()
        assert tree.codelength == alone.codelength


@pytest.mark.parametrize("effort", ["fast", "balanced", "best"])
def test_moving_together_finds_what_moving_one_by_one_does(effort: str, monkeypatch: pytest.MonkeyPatch):
    network = planted(2)
    alone = find(network, effort=effort)
    for name, value in (("MANY", 0), ("CROWD", 100)):
        monkeypatch.setattr(engine, name, value)
    assert find(network, effort=effort).codelength == pytest.approx(alone.codelength, rel=2e-3)


@models
def test_any_number_of_shards_and_interpreted_kernels_move_the_same_units(model: str, monkeypatch: pytest.MonkeyPatch):
    units, found = units_on(3, model, nodes=60), []
    for shard, run in ((1 << 20, compiled), (16, compiled), (4, compiled), (16, interpreted)):
        monkeypatch.setattr(engine, "SHARD", shard)
        label = np.arange(60, dtype=np.int32)
        moves = move_together(run, Engine(2), units, label, units, ALL, 7, 3.0, LEAST)
        found.append((moves, label.tolist()))
    assert found[0][0] > 20 and all(one == found[0] for one in found)


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), model=st.sampled_from(MODELS), weighted=st.booleans(), grouped=st.booleans())
def test_what_is_tracked_is_what_is_counted_and_never_rises(seed: int, model: str, weighted: bool, grouped: bool):
    units, rng = units_on(seed, model, weighted=weighted), np.random.default_rng(seed)
    group = np.arange(40, dtype=np.int32) % 2
    field = Field(group, np.array([0.1, 0.2])) if grouped else ALL
    label = np.unique(rng.integers(0, 20, 40) * 2 + group, return_inverse=True)[1].astype(np.int32)
    state, _ = together(units, label, field)
    for turn in range(8):
        before = state.bits
        state.turn((seed, 4, turn % 4), LEAST)
        assert state.bits <= before
        again, modules = together(units, state.label, field)
        assert again.bits == pytest.approx(state.bits, abs=1e-12)
        if grouped:
            assert all(len(set(group[module])) == 1 for module in parts(state.label.tolist()))
        else:
            assert state.bits == pytest.approx(codebooks(modules), abs=1e-12)


@models
def test_units_that_are_wrong_together_go_back(model: str, monkeypatch: pytest.MonkeyPatch):
    signed, signs = Together.signed, []
    monkeypatch.setattr(Together, "signed", lambda self, *rest: (signs.append(rest[2]), signed(self, *rest))[1])
    for seed in range(60):
        label = np.random.default_rng(seed).integers(0, 6, 30)
        state, _ = together(units_on(seed, model, nodes=30), label)
        for turn in range(3):  # all at once: more are wrong
            before, stood = state.bits, state.label.copy()
            moves, _ = state.turn((turn, 1, 0), LEAST)
            assert state.bits < before or (state.bits == before and moves == np.count_nonzero(stood != state.label))
            assert state.wish.tolist() == state.label.tolist()
    assert signs.count(-1) > 5


@models
def test_each_unit_prefers_the_module_that_shortens_the_code_most(model: str):
    changed = 0
    for seed in range(12):
        flow = flow_of(random_network(seed, nodes=16), model=model)
        units, rng = units_of(flow), np.random.default_rng(seed)
        label = np.arange(16, dtype=np.int32) if seed % 2 else rng.integers(0, 5, 16).astype(np.int32)
        (state, _), walk, near = together(units, label, run=interpreted), walk_of(flow), neighbours_of(units)
        state.propose((seed, 1, 0), LEAST)
        now = parts(state.label.tolist())
        for i in range(16):
            places = {m: k for k, module in enumerate(now) for m in module}
            lone = len(now[places[i]]) == 1
            targets = {places[int(j)] for j in near[i]} - {places[i]}
            targets = {
                k for k in targets if not (lone and len(now[k]) == 1 and state.label[now[k][0]] > state.label[i])
            }
            if not lone and i not in state.label:
                targets.add(len(now))
            costs = [codelength(moved(now, i, k), *walk) for k in targets if near[i]]
            wish, here = state.wish[i], codelength(now, *walk)
            if min(costs, default=here) > here - LEAST - 1e-12:
                assert wish == state.label[i] or here - min(costs) == pytest.approx(LEAST, abs=1e-11)
                continue
            k = len(now) if wish == i and i not in state.label else places[int(np.flatnonzero(state.label == wish)[0])]
            assert codelength(moved(now, i, k), *walk) == pytest.approx(min(costs), abs=1e-12)
            changed += 1
    assert changed > 80


@pytest.mark.parametrize("model", ["undirected", "directed", "rawdir"])
def test_flow_both_ways_is_the_matrix_and_its_transpose(model: str):
    for seed in range(6):
        flow = flow_of(random_network(seed, weighted=seed % 2 == 0), model=model)
        one_way = np.zeros((len(flow.visit), len(flow.visit)))
        source, target = np.repeat(np.arange(len(one_way)), np.diff(flow.network.indptr)), flow.network.indices
        one_way[source, target] = flow.link
        both = one_way + one_way.T
        assert np.count_nonzero(one_way.diagonal()) > 1  # self-links, which no border is crossed by
        np.fill_diagonal(both, 0)
        units = units_of(flow)
        rows, found = np.repeat(np.arange(len(both)), np.diff(units.indptr)), np.zeros_like(both)
        found[rows, units.indices] = units.flow * units.pace
        assert found == pytest.approx(both, abs=1e-16) and len(units.indices) == np.count_nonzero(both)
        assert all(np.all(np.diff(row) > 0) for row in np.split(units.indices, units.indptr[1:-1]))


def test_merging_in_shards_is_merging(monkeypatch: pytest.MonkeyPatch):
    units, label = units_on(5, "directed", nodes=60), np.random.default_rng(5).integers(0, 20, 60)
    label = np.unique(label, return_inverse=True)[1].astype(np.int32)
    whole = merge(units, label, 20, interpreted)
    for name, value in (("MANY", 0), ("SHARD", 16)):
        monkeypatch.setattr(engine, name, value)
    parts = merge(units, label, 20, interpreted, Engine(2))
    assert len(shards(units.indptr)) > 4 and len(whole.indices) > 50
    for one, other in zip(whole[:8], parts[:8], strict=True):
        assert one.tolist() == other.tolist()
