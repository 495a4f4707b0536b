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


def test_a_regularised_walk_without_links_visits_all_nodes_alike():
    tree = find(networkx.empty_graph(4), objective=Objective(regularised=1.0))
    assert tree.codelength == pytest.approx(2.0, abs=1e-12) and tree.visit.tolist() == [0.25] * 4
    assert codelength(networkx.empty_graph(4), [0, 0, 1, 1], objective=Objective(regularised=1.0)) > 2.0


def test_prior_links_between_states_are_refused():
    states = States.of(Graph.from_links([0, 1], [1, 2]), ["a", "b", "a"])
    with pytest.raises(BadInput, match="prior links are between nodes"):
        find(states, objective=Objective(regularised=1.0))
