"""What a map claims with its shapes: area is flow, discs do not overlap, children lie in their parents."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from minent.plot.drawing import drawing
from minent.plot.packing import pack
from minent.plot.territories import Links, territories


def no_links() -> Links:
    return Links(np.zeros(0, int), np.zeros(0, int), np.zeros(0))


@st.composite
def trees(draw):
    """Parents of modules, and a leaf module and an area for each node; every leaf has a node."""
    parent = [-1, *(draw(st.integers(0, m)) for m in range(draw(st.integers(1, 25))))]
    leaves = sorted(set(range(1, len(parent))) - set(parent)) or [1]
    module = leaves + draw(st.lists(st.sampled_from(leaves), max_size=30))
    area = draw(st.lists(st.floats(1e-4, 1), min_size=len(module), max_size=len(module)))
    ends = st.lists(st.integers(0, len(module) - 1), max_size=20)
    return np.array(parent), np.array(module), np.array(area), draw(ends)


@settings(max_examples=30, deadline=None)
@given(trees())
def test_siblings_never_overlap_and_lie_in_their_parents(tree):
    parent, module, area, ends = tree
    source, target = np.array(ends, int), np.array(ends[::-1], int)
    lands = territories(parent, module, area, Links(source, target, np.ones(len(ends))))
    gap = np.abs(lands.centre[:, None] - lands.centre) - lands.radius[:, None] - lands.radius
    siblings = (parent[:, None] == parent) & ~np.eye(len(parent), dtype=bool)
    assert (gap[siblings] > -1e-9).all()
    inside = np.abs(lands.centre - lands.centre[parent]) + lands.radius <= lands.radius[parent] * (1 + 1e-9)
    assert inside[1:].all()


@settings(max_examples=30, deadline=None)
@given(trees())
def test_area_is_flow_among_all_modules_of_a_depth(tree):
    parent, module, area, _ = tree
    flow, depth = np.bincount(module, area, len(parent)), np.zeros(len(parent), int)
    for m in range(len(parent) - 1, 0, -1):
        flow[parent[m]] += flow[m]
    for m in range(1, len(parent)):
        depth[m] = depth[parent[m]] + 1
    lands = territories(parent, module, area, no_links())
    np.testing.assert_allclose(lands.radius**2, flow * lands.area[depth], rtol=1e-9)


def test_what_is_linked_to_nothing_lies_in_gaps_and_leaves_the_rest_as_large():
    rings = np.repeat(np.arange(12), 2)
    source, target = np.nonzero((rings[:, None] == rings) & ~np.eye(24, dtype=bool))
    links = source, target, np.ones(len(source))
    radius = np.append(np.ones(24), np.full(60, 0.08))
    _, around = pack(radius[:24], np.zeros(24, int), *links)
    _, strays = pack(radius, np.zeros(84, int), *links)
    assert strays[0] < 1.08 * around[0]


def test_a_heap_of_equal_discs_is_round_and_dense():
    _, around = pack(np.ones(200), np.zeros(200, int), *np.zeros((2, 0), int), np.zeros(0))
    assert 0.5 < 200 / around[0] ** 2 < np.pi / np.sqrt(12)


def test_linked_discs_lie_nearer_than_others():
    half = np.arange(40) // 20
    source, target = np.nonzero((half[:, None] == half) & ~np.eye(40, dtype=bool))
    centre, _ = pack(np.ones(40), np.zeros(40, int), source, target, np.ones(len(source)))
    far = np.abs(centre[:, None] - centre)
    assert far[half[:, None] == half].mean() < 0.75 * far[half[:, None] != half].mean()


def test_a_module_faces_what_it_is_linked_with():
    parent, module = np.array([-1, 0, 0, 1, 1, 2, 2]), np.array([3, 4, 5, 6])
    source, target = np.array([1, 2]), np.array([2, 1])  # only 4 and 5 are linked
    lands = territories(parent, module, np.ones(4), Links(source, target, np.ones(2)))
    far = np.abs(lands.centre[[3, 4], None] - lands.centre[[5, 6]])
    assert far.argmin() == 2
    assert far[1, 0] < 0.6 * far[0, 1]


def test_nodes_lie_in_their_modules_with_the_highest_flow_first(planted):
    for sizes in ([30, 20, 5, 1], [400, 90, 30]):
        _, arrays = drawing(*planted(sizes))
        at, land = arrays["nodeX"] + 1j * arrays["nodeY"], arrays["moduleX"] + 1j * arrays["moduleY"]
        module, radius = arrays["nodeModule"], arrays["nodeRadius"]
        assert (np.abs(at - land[module]) + radius <= arrays["moduleRadius"][module] * (1 + 1e-5)).all()
        assert (np.diff(arrays["nodeFlow"])[np.diff(module) == 0] <= 1e-7).all()


def test_nodes_of_a_small_module_never_overlap(planted):
    _, arrays = drawing(*planted([50, 30, 2]))
    at, radius = arrays["nodeX"] + 1j * arrays["nodeY"], arrays["nodeRadius"]
    gap = np.abs(at[:, None] - at) - radius[:, None] - radius
    assert (gap[~np.eye(len(at), dtype=bool)] > 0).all()


def test_neighbouring_modules_differ_in_hue(planted):
    _, arrays = drawing(*planted([30] * 12))
    tops = np.flatnonzero(arrays["parent"] == 0)
    at = (arrays["moduleX"] + 1j * arrays["moduleY"])[tops]
    nearest = (np.abs(at[:, None] - at) + 9 * np.eye(len(tops))).argmin(1)
    hue = arrays["hue"][tops]
    assert len(tops) == 12
    assert (hue != hue[nearest]).all()
