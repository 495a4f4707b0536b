"""The alluvial page: as wide as the walk, the same every time, and readable on a phone in either light."""

import re
from itertools import pairwise

import numpy as np
import pytest

from minent.community.tree.grow import grow
from minent.community.walk.models import flow_of
from minent.data import Graph
from minent.errors import BadInput
from minent.plot import alluvial
from minent.plot.alluvial import BAR
from minent.plot.sides import GAP, HEIGHT, MOST

NASTY = ["</script><script>alert(1)</script>", "\"double\" & 'single'", "北京大学", "<b>bold", "{{bars}}"]


def ribbons(page: str) -> np.ndarray:
    """left, right, and where each ribbon begins and ends at either side."""
    found = re.findall(
        r'data-left="0.(\d+)" data-right="1.(\d+)" d="M14,(\S+)C500,\S+ 500,\S+ 986,(\S+)V(\S+)C.*? 14,(\S+)Z', page
    )
    return np.array(found, float)[:, [0, 1, 2, 5, 3, 4]]


def bars(page: str) -> tuple[np.ndarray, np.ndarray]:
    found = np.array(re.findall(r'<rect class="\w*" x="(\S+)" y="(\S+)" width="14" height="(\S+)"', page), float)
    return found[found[:, 0] == 0][:, 1:], found[found[:, 0] == 1000 - BAR][:, 1:]


def two_trees(planted, sizes=(40, 30, 20, 10, 8), **options):
    network, tree = planted(list(sizes), **options)
    moved = np.random.default_rng(0).random(len(tree.module)) < 0.3
    module = np.where(moved, np.roll(tree.module, 37), tree.module)
    return tree, grow(flow_of(network), tree.parent, module)


def test_ribbons_fill_their_bars_from_end_to_end(planted):
    one, other = two_trees(planted)
    page = alluvial(one, other)
    drawn, sides = ribbons(page), bars(page)
    assert len(drawn) > 10 and len(sides[0]) == len(sides[1]) == 5
    for end, (tree, side) in enumerate(zip((one, other), sides, strict=True)):
        flow = np.bincount(tree.labels, tree.visit)
        assert side[:, 1] == pytest.approx(HEIGHT * flow, abs=0.02)
        down = side[np.argsort(side[:, 0])]
        assert (np.diff(flow) <= 1e-12).all() and down[1:, 0] == pytest.approx(down[:-1].sum(1) + GAP, abs=0.05)
        for k, (top, height) in enumerate(side):
            mine = drawn[drawn[:, end] == k]
            to = sides[1 - end][mine[:, 1 - end].astype(int), 0]
            mine = mine[np.argsort(to)][:, [2 + 2 * end, 3 + 2 * end]]
            assert mine[0, 0] == pytest.approx(top, abs=0.05) and mine[-1, 1] == pytest.approx(top + height, abs=0.05)
            assert mine[1:, 0] == pytest.approx(mine[:-1, 1], abs=0.05)


def test_ribbons_are_coloured_by_the_first_tree(planted):
    page = alluvial(*two_trees(planted))
    pairs = re.findall(r'<path class="(\w+)" data-left="0.(\d+)"', page)
    assert len({left for _, left in pairs}) == 5
    assert all(hue == f"h{left}" for hue, left in pairs)


def test_nodes_are_matched_by_their_names():
    links = np.array([0, 1, 2, 3, 4, 5, 2]), np.array([1, 2, 0, 4, 5, 3, 3])
    one = Graph.from_links(*links, names=list("abcdef"))
    two = Graph.from_links(*(5 - end for end in links), names=list("fedcba"))
    trees = [grow(flow_of(g), np.array([-1, 0, 0]), np.array([1, 1, 1, 2, 2, 2])) for g in (one, two)]
    assert trees[0].names is not None and trees[1].names is not None and trees[0].names[0] != trees[1].names[0]
    assert ribbons(alluvial(*trees)).shape == (2, 6)
    with pytest.raises(BadInput, match="6 only in the first"):
        alluvial(trees[0], grow(flow_of(Graph.from_links(*links)), trees[0].parent, trees[0].module))


def test_many_small_modules_are_one_bar(planted):
    _, tree = planted([40] + [3] * 60)
    page = alluvial(tree, tree)
    assert tree.number_of_modules == 61
    assert len(bars(page)[0]) == MOST + 1 and f"{61 - MOST} smaller modules" in page
    assert 'class="rest"' in page and len(ribbons(page)) == MOST + 1


def test_nodes_count_alike_where_a_tree_tells_no_visits(planted, tmp_path):
    from minent.community import Tree

    _, tree = planted([10, 5, 5])
    (tmp_path / "a.clu").write_text("".join(f"{i} {label + 1}\n" for i, label in enumerate(tree.labels.tolist())))
    read = Tree.read(tmp_path / "a.clu")
    assert np.isnan(read.visit).all()
    assert bars(alluvial(read, tree))[0][:, 1].tolist() == [HEIGHT / 2, HEIGHT / 4, HEIGHT / 4]


def test_the_same_trees_give_the_same_page(planted):
    assert len({alluvial(*two_trees(planted)) for _ in range(2)}) == 1


def apart(page, side: str) -> bool:
    """Whether the labels that are shown do not cover each other, and stand in the page."""
    box = [item.bounding_box() for item in page.locator(f"ol.{side} li").all() if item.is_visible()]
    box.sort(key=lambda one: one["y"])
    width = page.viewport_size["width"]
    inside = all(one["x"] >= 0 and one["x"] + one["width"] <= width for one in box)
    clear = all(a["y"] + a["height"] <= b["y"] + 1.5 for a, b in pairwise(box))
    return len(box) > 3 and inside and clear


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_the_page_is_readable_and_asks_for_nothing(planted, visit, width, scheme):
    names = NASTY + [f"a node with quite a long name {k}" for k in range(5, 188)]
    page = visit(alluvial(*two_trees(planted, [40, 30, 20, 10, 8] + [4] * 20, names=names)), width=width, scheme=scheme)
    assert page.requests == [page.uri] and page.complaints == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert apart(page, "left") and apart(page, "right")
    paper, ink = (page.evaluate(f"getComputedStyle(document.body).{name}") for name in ("backgroundColor", "color"))
    light = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (paper, ink)]
    assert (light[0] > 600 > 200 > light[1]) if scheme == "light" else (light[0] < 200 < 600 < light[1])


def test_a_label_shows_where_its_nodes_went(planted, visit):
    page = visit(alluvial(*two_trees(planted)))
    page.locator("ol.left li").first.hover()
    assert (
        page.evaluate("[...document.querySelectorAll('path.on')].map(p => p.dataset.left)")
        == ["0.0"] * page.locator("path[data-left='0.0']").count()
    )
    assert page.locator("path.on").count() > 1


def test_many_trees_stand_side_by_side(planted, visit):
    one, other = two_trees(planted)
    page = alluvial(one, other, one, called=["a", "b", "c"])
    pairs = re.findall(r'data-left="(\d)\.\d+" data-right="(\d)\.\d+"', page)
    assert set(pairs) == {("0", "1"), ("1", "2")}
    shown = visit(page)
    shown.locator("ol.right li").first.hover()
    assert set(shown.evaluate("[...document.querySelectorAll('path.on')].map(p => p.dataset.right)")) == {"2.0"}
    assert shown.locator("h2").all_inner_texts() == ["a", "b", "c"]
    with pytest.raises(BadInput, match="from one tree to another; got 1"):
        alluvial(one)
    with pytest.raises(BadInput, match="2 trees are called something; got 1 names"):
        alluvial(one, other, called=["a"])
