"""Local moving makes exactly the moves that the map equation says, fast or slow, compiled or not."""

import numpy as np
import pytest
from community.random_networks import random_network
from community.walk.walks import neighbours_of, parts, walk_of
from hypothesis import given
from hypothesis import strategies as st
from naive.greedy import candidates, local_moving
from naive.map_equation import codelength, move_delta

from minent.community.search.merging import merge
from minent.community.search.search import ALL, Field
from minent.community.search.sweep import moves
from minent.community.search.units import Units, codebooks, units_of
from minent.community.search.word_table import told, word_table, words_moved
from minent.community.walk.codewords import words_of
from minent.community.walk.flow import Flow
from minent.community.walk.models import flow_of
from minent.entropy import sum_plogp
from minent.kernels import compiled, interpreted

LEAST = 1e-9
MODELS = {
    "undirected": {"model": "undirected"},
    "directed": {"model": "directed"},
    "recorded": {"model": "directed", "recorded": True},
    "recorded to nodes": {"model": "directed", "recorded": True, "to_nodes": True},
}
models = pytest.mark.parametrize("model", MODELS)


def walk_on(seed: int, model: str, *, nodes: int = 12, weighted: bool = True) -> Flow:
    return flow_of(random_network(seed, weighted=weighted, nodes=nodes), **MODELS[model])


def starting(seed: int, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Modules to start from, of a node each if `seed` is even, and the order of the queue."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, nodes // 3, nodes) if seed % 2 else np.arange(nodes)
    return np.unique(label, return_inverse=True)[1].astype(np.int32), rng.permutation(nodes).astype(np.int32)


def run_move(run, units, label, order, field: Field = ALL, patience: int = 10**6) -> tuple[np.ndarray, int]:
    modules, label = merge(units, label, int(label.max()) + 1, interpreted), label.copy()
    began = modules.out, modules.into, modules.visit
    return label, moves(run, units, field, label, began, order, (patience, LEAST))


def spoken(units: Units, seed: int, price: float = 0.01, preferred: int | None = 3) -> Units:
    """The same as states of fewer nodes, with metadata, a price and a preference."""
    n, rng = units.number, np.random.default_rng(seed)
    label = rng.integers(0, 3, n).astype(np.int32)
    kinds = [(np.arange(n, dtype=np.int32) // 3, units.visit, 1.0), (label, units.visit, 0.7)]
    kinds.append((np.zeros(n, np.int32), units.visit, -0.7))
    return units._replace(words=words_of(kinds, True, price, preferred, n))


@models
def test_prunings_change_no_move(model: str):
    moves = 0
    for seed in range(25):
        flow = walk_on(seed, model)
        units, (label, order) = units_of(flow), starting(seed, 12)
        fast, fast_moves = run_move(interpreted, units, label, order)
        slow, slow_moves = local_moving(
            parts(label.tolist()), order.tolist(), neighbours_of(units), walk_of(flow), LEAST
        )
        kept, quick = slow, parts(fast.tolist())
        if {frozenset(module) for module in kept} != {frozenset(module) for module in quick}:  # only for a tie
            walk = walk_of(flow)
            assert codelength(quick, *walk) == pytest.approx(codelength(kept, *walk), abs=1e-12), seed
        assert fast_moves == slow_moves
        moves += fast_moves
    assert moves > 150


@models
def test_no_single_move_gains_where_none_was_made(model: str):
    for seed in range(100, 115):
        flow = walk_on(seed, model)
        units, (label, order) = units_of(flow), starting(seed, 12)
        moves = 1
        while moves:
            label, moves = run_move(
                interpreted, units, np.unique(label, return_inverse=True)[1].astype(np.int32), order
            )
        partition, walk = parts(label.tolist()), walk_of(flow)
        assert 1 < len(partition) < 12
        for node, neighbours in enumerate(neighbours_of(units)):
            for target in candidates(partition, node, neighbours):
                assert move_delta(partition, node, target, *walk) >= -LEAST - 1e-12


@given(seed=st.integers(0, 10**6), model=st.sampled_from(list(MODELS)), weighted=st.booleans())
def test_moving_never_lengthens_the_code(seed: int, model: str, weighted: bool):
    units = units_of(walk_on(seed, model, nodes=16, weighted=weighted))
    label, order = starting(seed, 16)
    before = codebooks(merge(units, label, int(label.max()) + 1, interpreted))
    after, moves = run_move(interpreted, units, label, order)
    count = int(after.max()) + 1
    assert codebooks(merge(units, after, count, interpreted)) <= before - moves * LEAST + 1e-12


@models
@pytest.mark.parametrize("weighted", [False, True])
def test_compiled_moves_are_the_interpreted_ones(model: str, weighted: bool):
    for seed in range(20):
        units, (label, order) = units_of(walk_on(seed, model, nodes=40, weighted=weighted)), starting(seed, 40)
        group = np.arange(40, dtype=np.int32) % 2
        home = Field(group, np.array([0.1, 0.2]), np.random.default_rng(seed).integers(1, 4, 40).astype(float))
        inside = np.unique(2 * label + group, return_inverse=True)[1].astype(np.int32)
        for field, begin in (ALL, label), (home, inside):
            slow, slow_moves = run_move(interpreted, units, begin, order, field)
            fast, fast_moves = run_move(compiled, units, begin, order, field)
            assert slow.tolist() == fast.tolist() and slow_moves == fast_moves > 0


@models
def test_words_that_cost_nothing_change_no_move(model: str):
    for seed in range(0, 20, 2):  # from modules of a node each: one without links is left where it is, without words
        units, (label, order) = units_of(walk_on(seed, model, nodes=40)), starting(seed, 40)
        silent = units._replace(words=words_of([], False, 0.0, None, 40))
        plain, moves = run_move(interpreted, units, label, order)
        assert moves > 5 and run_move(interpreted, silent, label, order)[0].tolist() == plain.tolist()


@models
@pytest.mark.parametrize("preferred", [None, 3])
def test_moving_with_words_never_lengthens_the_code_compiled_or_not(model: str, preferred: int | None):
    for seed in range(20):
        units = spoken(units_of(walk_on(seed, model, nodes=40)), seed, preferred=preferred)
        label, order = starting(seed, 40)
        before = codebooks(merge(units, label, int(label.max()) + 1, interpreted))
        slow, moves = run_move(interpreted, units, label, order)
        fast, fast_moves = run_move(compiled, units, label, order)
        assert slow.tolist() == fast.tolist() and moves == fast_moves > 5
        after = codebooks(merge(units, slow, int(slow.max()) + 1, interpreted))
        assert after <= before - moves * LEAST + 1e-12


def test_units_stay_in_their_group():
    units, (label, order) = units_of(walk_on(3, "undirected", nodes=40)), starting(3, 40)
    group = np.arange(40, dtype=np.int32) % 2
    label, moves = run_move(interpreted, units, np.arange(40, dtype=np.int32), order, Field(group, np.zeros(2)))
    assert moves > 10 and all(len(set(group[module])) == 1 for module in parts(label.tolist()))


def test_no_more_units_are_looked_at_than_patience_allows():
    units, (label, order) = units_of(walk_on(3, "undirected", nodes=40)), starting(2, 40)
    assert run_move(interpreted, units, label, order, patience=0)[1] == 0
    few, all_moves = (run_move(interpreted, units, label, order, patience=patience)[1] for patience in (7, 10**6))
    assert 0 < few <= 7 < all_moves


@models
def test_merged_units_have_the_rates_of_their_nodes_together(model: str):
    for seed in range(5):
        units, (label, _) = units_of(walk_on(seed, model, nodes=24)), starting(1 + 2 * seed, 24)
        modules = merge(units, label, int(label.max()) + 1, interpreted)
        again = merge(modules, np.zeros(modules.number, np.int32), 1, interpreted)
        assert len(modules.indices) > 0 == len(again.indices)
        assert modules.visit.sum() == pytest.approx(1) and again.visit == pytest.approx([1])
        assert abs(again.out[0]) < 1e-14 and abs(again.into[0]) < 1e-14 and abs(codebooks(again)) < 1e-12
        assert sum_plogp(again.visit) == pytest.approx(0, abs=1e-12)


def test_lists_of_who_holds_a_word_are_what_a_recount_says():
    rng = np.random.default_rng(1)
    units = spoken(units_of(walk_on(1, "undirected", nodes=30)), 1)
    (known, table), label = word_table(units.words), np.arange(30, dtype=np.int32)
    told(known, table, label)
    for _ in range(200):
        i, a = rng.integers(30), 0
        a, label[i] = label[i], rng.integers(8)
        if a != label[i]:
            words_moved(known, table, label, i, a)
    other = word_table(units.words)
    told(*other, label)
    for k in range(units.words.shared):
        lists = []
        for of in (known.of, other[0].of):
            places = range(of.start[k], of.start[k] + of.many[k])
            lists.append(
                sorted((of.module[z], of.units[z], of.held[z].round(12), of.cost[z].round(12)) for z in places)
            )
        assert lists[0] == lists[1] and len(lists[0]) > 0
