"""Bars of an alluvial diagram are put where few ribbons cross."""

from itertools import pairwise

import numpy as np

from minent.plot.sides import side_of
from minent.plot.untangling import _crossing, untangled


def crossings(sides) -> float:
    """Σ over pairs of nodes of the products of their shares where their ways cross, one by one."""
    total = 0.0
    for a, b in pairwise(sides):
        y, z, w = a.top[a.bar], b.top[b.bar], a.share + b.share
        total += sum(
            w[i] * w[j] for i in range(len(w)) for j in range(len(w)) if y[i] < y[j] and z[i] > z[j]
        )  # fmt: skip
    return total


def test_shuffled_modules_of_three_trees_are_put_side_by_side(planted):
    _, tree = planted([30, 29, 28, 27, 26, 25])
    _, other = planted([25, 26, 27, 28, 29, 30], seed=1)
    names = list(map(str, range(165)))
    sides = [side_of(one, names, slice(None), 1) for one in (tree, other, tree)]
    before, after = crossings(sides), crossings(untangled(sides))
    assert before > 0.3
    assert after < 0.1 * before


def test_the_crossing_that_is_lessened_is_that_of_pairs_of_nodes(planted):
    _, tree = planted([9, 8, 7])
    _, other = planted([7, 8, 9], seed=1)
    sides = [side_of(one, list(map(str, range(24))), slice(None), 1) for one in (tree, other)]
    flow = np.zeros((3, 3))
    np.add.at(flow, (sides[0].bar, sides[1].bar), sides[0].share + sides[1].share)
    places = [np.argsort(np.argsort(side.top)) for side in sides]
    assert np.isclose(_crossing([flow], places), crossings(sides))
    assert crossings(sides) > 0
