"""Walks settle where hubs make sums round, and where there is no link at all."""

import networkx
import numpy as np
import pytest

from minent import BadInput
from minent.community import Objective, codelength, find
from minent.community.walk.models import flow_of
from minent.data import Graph, States


@pytest.mark.parametrize("teleportation", [0.5, 0.15, 0.05])
@pytest.mark.parametrize("options", [{}, {"recorded": True}, {"to_nodes": True}])
def test_an_in_star_of_many_leaves_settles(teleportation: float, options: dict):
    leaves = 7000
    star = Graph.from_links(range(1, leaves + 1), [0] * leaves, directed=True)
    visit = flow_of(star, teleportation=teleportation, **options).visit
    assert visit.sum() == pytest.approx(1, abs=1e-9) and np.ptp(visit[1:]) < 1e-12
    assert visit[0] > visit[1]


def test_a_power_law_settles():
    rng = np.random.default_rng(1)
    nodes = 100_000
    for shape in (1.2, 2.0):
        target = np.minimum((rng.pareto(shape, 5 * nodes)).astype(int), nodes - 1)
        network = Graph.from_links(rng.integers(0, nodes, 5 * nodes), target, directed=True)
        assert flow_of(network).visit.sum() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("teleportation", [0.3, 0.15, 0.02, 0.002])
@pytest.mark.parametrize("kind", ["modules", "line", "ways"])
def test_a_walk_settles_where_its_equations_say(kind: str, teleportation: float):
    rng, n = np.random.default_rng(3), 300
    if kind == "modules":  # in which it stays for long
        source = rng.integers(0, n, 3000)
        within = source // 20 * 20 + rng.integers(0, 20, 3000)
        target = np.where(rng.random(3000) < 0.98, within, rng.integers(0, n, 3000))
    elif kind == "line":
        source, target = np.r_[: n - 1, 1:n], np.r_[1:n, : n - 1]
    else:  # many end nowhere
        source, target = rng.integers(0, n // 2, 900), rng.integers(0, n, 900)
    weight = rng.random(len(source)) + 0.1
    chances = np.zeros((n, n))
    np.add.at(chances, (source, target), weight)
    strong = chances.sum(1, keepdims=True)
    chances = np.where(strong > 0, (1 - teleportation) * chances / np.where(strong > 0, strong, 1), 0)
    chances += (1 - chances.sum(1, keepdims=True)) / n
    right = np.linalg.solve(np.vstack([(chances.T - np.eye(n))[1:], np.ones(n)]), np.eye(n)[-1])
    network = Graph.from_links(source, target, weight, directed=True, names=range(n), node_weights=np.ones(n))
    visit = flow_of(network, teleportation=teleportation, recorded=True, to_nodes=True).visit
    assert np.abs(visit - right).sum() < 1e-11


def test_a_regularised_walk_without_links_visits_all_nodes_alike():
    tree = find(networkx.empty_graph(4), objective=Objective(regularised=1.0))
    assert tree.codelength == pytest.approx(2.0, abs=1e-12) and tree.visit.tolist() == [0.25] * 4
    assert codelength(networkx.empty_graph(4), [0, 0, 1, 1], objective=Objective(regularised=1.0)) > 2.0


def test_prior_links_between_states_are_refused():
    states = States.of(Graph.from_links([0, 1], [1, 2]), ["a", "b", "a"])
    with pytest.raises(BadInput, match="prior links are between nodes"):
        find(states, objective=Objective(regularised=1.0))
