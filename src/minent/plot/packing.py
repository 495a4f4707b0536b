"""Discs of given areas laid side by side in a round heap, linked ones near each other.

Discs start from the spectral layout x ← D⁻¹ W x, spread evenly over a round area. Then, with falling heat, each moves a
little towards the mean of those it is linked with and, the larger the more, towards the middle, and discs that overlap
push each other apart, the lighter one further (position-based dynamics, Müller et al. 2007).
"""

import numpy as np
from jaxtyping import Complex, Float, Int

from minent.plot.enclosing import around_zero
from minent.plot.gathering import gathered

GOLDEN_ANGLE = np.pi * (3 - 5**0.5)
COOLING = np.append(np.linspace(1, 0, 64), np.zeros(32)).reshape(-1, 8)  # neighbours looked up anew in each row
GAP = 0.05  # kept between discs, in proportion to their radii; half of it may be lost


def pack(
    radius: Float[np.ndarray, " discs"],
    group: Int[np.ndarray, " discs"],
    source: Int[np.ndarray, " links"],
    target: Int[np.ndarray, " links"],
    weight: Float[np.ndarray, " links"],
) -> tuple[Complex[np.ndarray, " discs"], Float[np.ndarray, " groups"]]:
    """The centre of each disc in the complex plane, and the radius of each group's enclosing disc, which is around 0.

    radius                  (discs,) above zero, any unit; centres come in the same unit
    group                   (discs,) sorted, 0 … groups - 1, none empty: each group is a heap of its own
    source, target, weight  (links,) between discs of one group, each link in both directions

    Discs of a group never overlap. The same input gives the same answer.

    >>> centre, around = pack(np.ones(7), np.zeros(7, int), *np.zeros((2, 0), int), np.zeros(0))
    >>> bool(3 <= around[0] < 3.6)
    True
    """
    if len(radius) == 0:
        return np.zeros(0, complex), np.zeros(0)
    groups = int(group.max()) + 1
    scale = np.sqrt(np.bincount(group, radius**2, groups))
    size = radius / scale[group] * (1 + GAP)
    mean = _mean_of_linked(len(radius), source, target, weight)
    linked = np.bincount(source, minlength=len(radius)) > 0
    at = _spread(_spectral(size, group, groups, mean, linked), size, group, groups)
    largest = np.zeros(groups)
    np.maximum.at(largest, group, size)
    heavy = np.sqrt(size / largest[group] * np.minimum(1, 10 / np.bincount(group))[group])  # pressure grows with number
    for heats in COOLING:
        pairs = _near(at, size, group)
        for heat in heats:
            at = at + heat * (0.12 * np.where(linked, mean @ at - at, 0) - 0.04 * heavy * at)
            at = _apart(_apart(at, size, *pairs), size, *pairs)
    at = gathered(_settled(at, size, group), size * (1 - GAP / 2), group, linked)
    at, around = around_zero(at, size, group, groups)
    return at * scale[group], around * scale


def _mean_of_linked(discs, source, target, weight):
    """The matrix that takes positions to the weighted mean position of what each disc is linked with."""
    from scipy.sparse import csr_array

    total = np.bincount(source, weight, discs)
    return csr_array((weight / np.maximum(total[source], 1e-300), (source, target)), shape=(discs, discs))


def _spectral(size, group, groups, mean, linked):
    """Two smooth coordinates over each group's links, by subspace iteration from a sunflower."""
    place = np.arange(len(size)) - np.searchsorted(group, group)
    start = np.sqrt(place + 0.5) * np.exp(1j * GOLDEN_ANGLE * place)
    mass = size**2 / np.bincount(group, size**2, groups)[group]

    def mean_over_group(value):
        return np.bincount(group, mass * value, groups)[group]

    x, y = start.real, start.imag
    for _ in range(30):
        x, y = (np.where(linked, (v + mean @ v) / 2, v) for v in (x, y))
        x = x - mean_over_group(x)
        x = x / np.sqrt(mean_over_group(x**2) + 1e-30)
        y = y - mean_over_group(y)
        y = y - mean_over_group(x * y) * x
        y = y / np.sqrt(mean_over_group(y**2) + 1e-30)
    return x + 1j * y + 1e-3 * start


def _spread(at, size, group, groups):
    """The same directions, at distances that fill a round area evenly."""
    order = np.lexsort((np.abs(at), group))
    area = np.cumsum(size[order] ** 2)
    before = np.concatenate([[0], area])[np.searchsorted(group, np.arange(groups))]
    reach = np.empty(len(at))
    reach[order] = np.sqrt(np.maximum(area - before[group[order]] - size[order] ** 2 / 2, 0))
    return 1.1 * reach * np.exp(1j * np.angle(at))


def _near(at, size, group):
    """Pairs of discs of one group that may touch soon: each disc with the smaller ones around it."""
    from scipy.spatial import KDTree

    point = np.column_stack([at.real, at.imag, 1e3 * group])
    found = KDTree(point).query_ball_point(point, 2.2 * size + 0.01, return_sorted=True)
    first = np.repeat(np.arange(len(at)), [len(near) for near in found])
    second = np.concatenate([np.zeros(0, int), *(np.asarray(near, int) for near in found)])
    smaller = (size[second] < size[first]) | ((size[second] == size[first]) & (second > first))
    return first[smaller], second[smaller]


def _apart(at, size, first, second):
    """Overlapping pairs move apart, each disc by the other's share of their area."""
    between = at[second] - at[first]
    distance = np.abs(between)
    overlap = size[first] + size[second] - distance
    hit = overlap > 0
    first, second, between, distance, overlap = (v[hit] for v in (first, second, between, distance, overlap))
    along = np.where(distance > 1e-9, between / np.maximum(distance, 1e-9), np.exp(1j * GOLDEN_ANGLE * first))
    share = size[second] ** 2 / (size[first] ** 2 + size[second] ** 2)
    back, forth = -0.55 * share * overlap * along, 0.55 * (1 - share) * overlap * along
    push = [
        np.bincount(first, part(back), len(at)) + np.bincount(second, part(forth), len(at))
        for part in (np.real, np.imag)
    ]
    return at + push[0] + 1j * push[1]


def _settled(at, size, group):
    """Where discs of a group still overlap: larger ones first, each goes to a free place on a spiral around its own."""
    first, second = _near(at, size, group)
    overlap = np.abs(at[first] - at[second]) < (size[first] + size[second]) / (1 + GAP / 2)
    spiral = np.sqrt(np.arange(256)) * np.exp(1j * GOLDEN_ANGLE * np.arange(256))
    at = at.copy()
    for crowded in np.unique(group[first[overlap]]):
        discs = np.arange(*np.searchsorted(group, [crowded, crowded + 1]))
        discs = discs[np.argsort(-size[discs], kind="stable")]
        for k, disc in enumerate(discs):
            larger, step = discs[:k], 0.3 * size[disc]
            distance, room = np.abs(at[larger] - at[disc]), (size[larger] + size[disc]) / (1 + GAP / 2)
            places = at[disc : disc + 1]
            while not len(free := _free(places, at[larger], room, distance < room + 16 * step)):
                places, step = at[disc] + step * spiral, 1.5 * step
            at[disc] = places[free[0]]
    return at


def _free(places, others, room, near):
    return np.flatnonzero((np.abs(places[:, None] - others[near]) >= room[near]).all(1))
