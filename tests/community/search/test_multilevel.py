"""Nested modules: what was missed before is found, and no step, from whatever start, makes a codelength longer."""

import numpy as np
import pytest
from community.random_networks import random_network, random_tree
from hypothesis import given, settings
from hypothesis import strategies as st

from minent import kernels
from minent.community import codelength, evaluate, find
from minent.community.options import Objective
from minent.community.search.multilevel import anew, renewed, shaped
from minent.community.search.nested import sampling
from minent.community.search.nested.dissolving import dissolved
from minent.community.search.nested.fusing import fused
from minent.community.search.nested.nest import Nest
from minent.community.search.nested.regrouping import gathered, moved
from minent.community.search.nested.regrowing import leaves_tuned, regrown, top_modules
from minent.community.search.search import Search
from minent.community.search.units import units_of
from minent.community.tree.codelength import codelength_parts
from minent.community.walk.objective import walk_of

STEPS = [
    lambda nest, search: dissolved(nest),
    gathered,
    moved,
    shaped,
    leaves_tuned,
    anew,
    renewed,
    lambda nest, search: anew(nest, search, top_modules(nest)),
    lambda nest, search: anew(nest, search, nest.label),
]
WALKS = [{}, {"recorded": True}, {"flow_model": "undirected"}]
KINDS = [Objective(), Objective(entropy_corrected=1.0), Objective(regularised=1.0)]


def nine_triangles() -> tuple[list[int], list[int], list[float]]:
    """Three groups of three triangles in a ring: a link of weight 1 between any two triangles of a group, one of weight
    0.8 between any two groups."""
    links = []
    for corner in range(0, 27, 3):
        links += [(corner, corner + 1, 1.0), (corner, corner + 2, 1.0), (corner + 1, corner + 2, 1.0)]
    for group in range(0, 27, 9):
        links += [(group + 1, group + 3, 1.0), (group + 2, group + 6, 1.0), (group + 5, group + 7, 1.0)]
    links += [(4, 9, 0.8), (8, 18, 0.8), (17, 22, 0.8)]
    source, target, weight = zip(*links, strict=True)
    return list(source), list(target), list(weight)


def planted(seed: int, branches: int = 4, depth: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Links of a hierarchical block model, 2.5 a node in the smallest blocks and half a link less at each level above,
    and the planted paths."""
    rng, nodes = np.random.default_rng(seed), branches**depth
    links = set()
    for i in range(nodes):
        for level in range(1, depth + 1):
            size = branches**level
            for j in i // size * size + rng.integers(0, size, rng.poisson(3.0 - 0.6 * level)):
                if i != j:
                    links.add((min(i, int(j)), max(i, int(j))))
    ends = np.array(sorted(links))
    paths = np.stack([np.arange(nodes) // branches**level for level in range(depth - 1, 0, -1)], axis=1)
    return ends[:, 0], ends[:, 1], paths


@pytest.mark.parametrize("effort", ["balanced", "best"])
def test_a_triangle_may_stand_beside_groups_of_triangles(effort: str):
    for seed in range(5):
        tree = find(nine_triangles(), effort=effort, seed=seed)
        assert tree.number_of_modules == 9
        assert tree.codelength == pytest.approx(3.37188, abs=1e-5)
        assert {path.count(":") for path in tree.node_paths} == {1, 2}  # ragged depths


@pytest.mark.parametrize("effort", ["balanced", "best"])
def test_a_planted_hierarchy_is_found_or_a_shorter_one(effort: str):
    for seed in range(3):
        source, target, paths = planted(seed)
        tree = evaluate((source, target), paths)
        assert tree.depth == 3
        assert tree.codelength < tree.one_level_codelength - 0.1
        found = find((source, target), effort=effort, seed=seed)
        assert found.codelength <= tree.codelength
        assert find((source, target), effort=effort, initial=tree).codelength <= tree.codelength


@given(st.integers(0, 2**32), st.integers(0, len(WALKS) - 1), st.integers(0, len(KINDS) - 1))
@settings(max_examples=25, deadline=None)
def test_no_step_makes_any_tree_longer(seed: int, walk: int, kind: int):
    if WALKS[walk].get("recorded") and KINDS[kind].regularised:
        return
    labels = np.arange(24) % 3 if seed % 2 else None
    flow = walk_of(random_network(seed), None, KINDS[kind], labels, **WALKS[walk])
    parent, module = random_tree(seed, 24)
    search = Search(np.random.default_rng(seed), kernels.compiled)
    nest = Nest.of(units_of(flow), parent, module, kernels.compiled)
    beside = sum(codelength_parts(flow, *nest.tree())) - nest.cost()  # what all trees cost
    for step in STEPS:
        after = step(nest, search)
        assert after.cost() <= nest.cost() + 1e-9
        assert fused(nest, after).cost() <= after.cost() + 1e-9
        if len(after.parent) > 2:
            assert sum(codelength_parts(flow, *after.tree())) - beside == pytest.approx(after.cost(), abs=1e-9)
        nest = after


@pytest.mark.parametrize("effort", ["fast", "balanced", "best"])
def test_given_trees_never_get_longer(effort: str):
    for seed in range(6):
        network = random_network(seed, nodes=40)
        tree = find(network, effort="best", seed=seed)
        paths = [tuple(path.split(":")[:-1]) for path in tree.node_paths]
        assert find(network, effort=effort, initial=paths, seed=seed).codelength <= tree.codelength + 1e-10
        label = random_tree(seed, 40)[1].tolist()
        assert find(network, effort=effort, initial=label).codelength <= codelength(network, label) + 1e-10


def sparse_groups(seed: int, nodes: int = 2000, groups: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Random links, three a node, nine in ten of them within groups; so sparse that these fall into parts."""
    rng = np.random.default_rng(seed)
    source = rng.integers(nodes, size=3 * nodes)
    near = source // (nodes // groups) * (nodes // groups) + rng.integers(nodes // groups, size=len(source))
    return source, np.where(rng.random(len(source)) < 0.9, near, rng.integers(nodes, size=len(source)))


@pytest.mark.parametrize("kind", [Objective(), Objective(entropy_corrected=1.0), Objective(regularised=1.0)])
@pytest.mark.parametrize("walk", [{}, {"directed": True}, {"directed": True, "recorded": True}])
def test_what_a_sample_of_modules_saves_is_what_they_save_in_the_tree(kind: Objective, walk: dict, monkeypatch):
    if kind.regularised and "recorded" in walk:
        return
    monkeypatch.setattr(sampling, "SHARE", 1.0)
    monkeypatch.setattr(sampling, "LARGE", 1.0)
    flow = walk_of(sparse_groups(1), walk.get("directed"), kind, None, recorded=walk.get("recorded", False))
    nodes, label = units_of(flow), (np.arange(2000) // 100).astype(np.int32)
    nest = Nest.of(nodes, np.append(np.full(20, 20), -1), label, kernels.compiled)
    part, inside = sampling.within(nest, np.array([4, 11]))
    whole = Nest.of(part, np.append(np.full(inside.max() + 1, inside.max() + 1), -1), inside, kernels.compiled)
    assert whole.costs[:2] == pytest.approx(nest.costs[[4, 11]], abs=1e-12)
    left = whole.leaves.out.sum() - whole.met[1].sum()  # by who walks out of the sample
    assert whole.modules.out[-1] == pytest.approx(left, abs=1e-12) and left > 0.001
    saved = sampling.saved_inside(nest, Search(np.random.default_rng(1), kernels.compiled))
    grown = fused(nest, regrown(nest, nest.label, Search(np.random.default_rng(1), kernels.compiled)))
    assert saved == pytest.approx(nest.cost() - grown.cost(), abs=0.1 * abs(saved) + 1e-9)


@pytest.mark.parametrize("effort", ["fast", "balanced", "best"])
def test_modules_inside_leaf_modules_are_found_where_nothing_stands_above_them(effort: str):
    links = sparse_groups(2, nodes=10_000, groups=100)
    flat = find(links, two_level=True, effort=effort)
    assert find(links, effort=effort).codelength < flat.codelength - 0.1


def test_a_module_stays_only_if_it_saves_what_it_is_worth():
    source, target, paths = planted(1)
    tree, nodes = evaluate((source, target), paths), units_of(walk_of((source, target), None, Objective(), None))
    nest = Nest.of(nodes, tree.parent, tree.module, kernels.compiled)
    sizes = []
    for worth in (0.0, 0.05, 0.2, 10.0):
        after = dissolved(nest, worth)
        sizes.append(after.number)
        assert after.cost() <= dissolved(nest).cost() + worth * float(nest.modules.visit[nest.leaves.number : -1].sum())
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > sizes[-1] == nest.leaves.number + 1
