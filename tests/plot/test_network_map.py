"""The page of a map: complete in itself, the same every time, and working in a browser."""

import base64
import json
import re
import zlib

import numpy as np
import pytest

from minent.community.tree.grow import grow
from minent.community.walk.models import flow_of
from minent.data import Graph
from minent.errors import BadInput
from minent.plot import network_map

NASTY = [
    "</script><script>alert(1)</script>",
    "\"double\" & 'single'",
    "北京大学",
    "上海交通大学",
    "<!-- --><b>bold",
    "\\u003c",
    "{{facts}}",
]


def named(count: int) -> list[str]:
    return NASTY + [f"node {k}" for k in range(len(NASTY), count)]


def arrays_of(page: str) -> dict[str, np.ndarray]:
    facts = json.loads(re.search(r'id="page-facts">(.*?)</script>', page, re.DOTALL)[1])
    packed = zlib.decompress(base64.b64decode(re.search(r'id="page-data">(.*?)</script>', page, re.DOTALL)[1]))
    return {name: np.frombuffer(packed, kind, length, start) for name, kind, length, start in facts["arrays"]}


def shown(page):
    """The page once its map stands, and has shown what it shows at rest."""
    page.wait_for_selector("html[data-ready]")
    page.wait_for_timeout(300)
    return page


def on_screen(page, expression: str) -> list[float]:
    """Where a point of the map, as [x, y] in the page's own units, is on the screen."""
    script = f"""() => {{ const {{ data, view }} = networkMap, [x, y] = {expression};
        const box = document.getElementById("map").getBoundingClientRect();
        return [box.x + view.x + x * view.scale, box.y + view.y - y * view.scale]; }}"""
    return page.evaluate(script)


def test_the_same_network_gives_the_same_page(planted):
    pages = {network_map(*planted([80, 40, 20, 5], below=2)) for _ in range(2)}
    assert len(pages) == 1


@pytest.mark.parametrize("directed", [False, True])
def test_page_holds_every_link_once(directed, planted):
    network, tree = planted([30, 20, 10], directed=directed)
    arrays = arrays_of(network_map(network, tree))
    names = np.array(json.loads(arrays["names"].tobytes()), int)
    source = np.repeat(np.arange(60), arrays["linkCount"])
    found = np.column_stack([names[source], names[np.cumsum(arrays["linkStep"])]])
    wanted = np.column_stack(network.links()[:2])
    wanted = wanted[wanted[:, 0] != wanted[:, 1]]
    if not directed:
        found, wanted = np.sort(found, 1), np.sort(wanted, 1)
    assert len(wanted) > 100
    assert sorted(map(tuple, found.tolist())) == sorted(map(tuple, wanted.tolist()))


def test_page_tells_the_flow_and_the_path_of_every_node(planted):
    network, tree = planted([30, 20, 10, 6], below=2)
    assert tree.depth == 2
    arrays = arrays_of(network_map(network, tree))
    names = np.array(json.loads(arrays["names"].tobytes()), int)
    np.testing.assert_allclose(arrays["nodeFlow"], tree.visit[names], rtol=1e-6)
    paths = [""]
    for m, above in enumerate(arrays["parent"][1:].tolist(), 1):
        paths.append(f"{paths[above]}:{(arrays['parent'][:m] == above).sum() + 1}".lstrip(":"))
    rank = np.arange(66) - np.searchsorted(arrays["nodeModule"], arrays["nodeModule"]) + 1
    found = [f"{paths[m]}:{r}" for m, r in zip(arrays["nodeModule"].tolist(), rank.tolist(), strict=True)]
    assert found == [tree.node_paths[i] for i in names]


def test_no_name_leaves_the_data(planted):
    page = network_map(*planted([20, 20], names=named(40)), title="</title><script>alert(2)</script>")
    assert "alert(" not in page.replace("&lt;script&gt;alert(2)", "")
    assert "&lt;/title&gt;" in page


def test_different_nodes_are_an_error(planted):
    network, _ = planted([5, 5])
    _, tree = planted([5, 6])
    with pytest.raises(BadInput, match="the graph has 10, the tree 11"):
        network_map(network, tree)


@pytest.mark.parametrize("nodes", [0, 1, 3])
def test_networks_without_links_have_a_map(nodes):
    network = Graph.from_links([], [], names=[f"n{k}" for k in range(nodes)])
    module = np.arange(1, nodes + 1)
    tree = grow(flow_of(network), np.array([-1] + [0] * nodes), module)
    assert "</html>" in network_map(network, tree)


def test_page_asks_for_nothing_and_complains_of_nothing(visit, planted):
    page = shown(visit(network_map(*planted([40, 30, 20, 10], below=2), title="A map")))
    assert page.requests == [page.uri]
    assert page.complaints == []
    assert page.title() == "A map"
    assert page.get_attribute("html", "lang") == "en"
    assert "codelength" in page.inner_text("#facts")
    assert page.evaluate("networkMap.shown.nodes.size") == 100


def test_search_finds_a_node_and_flies_there(visit, planted):
    page = shown(visit(network_map(*planted([40, 30, 20], names=named(90)))))
    before = page.evaluate("networkMap.sigma.getCamera().getState()")
    page.keyboard.press("/")
    page.keyboard.type("交通")
    assert page.locator("#found li").all_inner_texts()[0].startswith("上海交通大学")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    after = page.evaluate("networkMap.sigma.getCamera().getState()")
    assert after["ratio"] < 0.7 * before["ratio"]
    x, y = on_screen(page, "[data.nodeX, data.nodeY].map((all) => all[networkMap.state.found])")
    box = page.locator("#map").bounding_box()
    assert abs(x - box["x"] - box["width"] / 2) < 2
    assert abs(y - box["y"] - box["height"] / 2) < 2
    assert page.evaluate("networkMap.data.names[networkMap.state.found]") == "上海交通大学"
    assert page.evaluate("networkMap.shown.inView.has(networkMap.state.found)")


def test_search_is_kept_by_keys_and_says_when_nothing_is_found(visit, planted):
    page = shown(visit(network_map(*planted([40, 30], names=named(70)))))
    page.focus("#query")
    page.keyboard.type("node 1")
    page.keyboard.press("ArrowDown")
    chosen = page.get_attribute("#query", "aria-activedescendant")
    assert page.get_attribute(f"#{chosen}", "aria-selected") == "true"
    page.keyboard.press("Escape")
    assert page.locator("#found").is_hidden()
    page.fill("#query", "nobody")
    assert "no node" in page.inner_text("#found")


def test_names_are_shown_verbatim(visit, planted):
    page = shown(visit(network_map(*planted([len(NASTY), 9], names=named(len(NASTY) + 9)))))
    page.evaluate("networkMap.flyTo(networkMap.data.nodeModule[networkMap.data.names.indexOf('北京大学')])")
    page.wait_for_timeout(300)
    assert sorted(page.locator("#list .name").all_inner_texts()) == sorted(NASTY)
    assert page.complaints == []


def test_without_motion_it_is_there_at_once_whatever_the_clock_does(visit, planted):
    page = shown(visit(network_map(*planted([30, 20]))))
    script = """() => { let now = 0; Date.prototype.getTime = () => now++; const { flyTo, sigma } = networkMap;
        const lost = new Promise((give) => setTimeout(give, 5000));
        return Promise.race([flyTo(1).then(() => sigma.getCamera().ratio), lost]); }"""
    before = page.evaluate(script)
    assert 0 < before < 1
    page.click("#closer")
    assert page.evaluate("networkMap.sigma.getCamera().ratio") == pytest.approx(before / 1.6)
    page.click("#farther")
    page.focus("#map")
    page.keyboard.press("ArrowRight")
    x, ratio = page.evaluate("[networkMap.sigma.getCamera().x, networkMap.sigma.getCamera().ratio]")
    assert ratio == pytest.approx(before)
    page.keyboard.press("ArrowRight")
    assert page.evaluate("networkMap.sigma.getCamera().x") == pytest.approx(x + 0.2 * ratio)


def test_click_on_a_module_enters_it_and_escape_leaves_it(visit, planted):
    page = shown(visit(network_map(*planted([300, 200, 100, 50]))))
    inner_rim = "[data.moduleX[1], data.moduleY[1] - 0.985 * data.moduleRadius[1]]"
    page.mouse.move(*on_screen(page, inner_rim))
    tip = page.inner_text("#tip")
    assert all(word in tip for word in ("flow", "nodes\t300", "enter", "exit", "path\t1"))
    assert page.evaluate("networkMap.state.focus") == 0
    page.mouse.click(*on_screen(page, inner_rim))
    page.wait_for_timeout(300)
    assert page.evaluate("networkMap.state.focus") == 1
    assert page.inner_text("#crumbs b") == "Module 1"
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)
    assert page.evaluate("networkMap.state.focus") == 0


def test_hovering_a_node_tells_its_flow_and_path(visit, planted):
    network, tree = planted([12, 8, 5], names=[f"n{k}" for k in range(25)])
    page = shown(visit(network_map(network, tree)))
    page.mouse.move(*on_screen(page, "[data.nodeX[0], data.nodeY[0]]"))
    page.wait_for_timeout(200)
    first = np.flatnonzero((tree.module == 1) & (tree.node_rank == 1))[0]
    assert page.inner_text("#tip strong") == f"n{first}"
    assert "path\t1:1" in page.inner_text("#tip")
    assert f"flow\t{100 * tree.visit[first]:.2g}"[:7] in page.inner_text("#tip")


def test_a_large_map_shows_modules_first_and_nodes_when_near(visit, planted):
    page = shown(visit(network_map(*planted([60] * 150, below=10))))
    assert page.evaluate("networkMap.shown.nodes.size") == 0
    assert page.evaluate("networkMap.drawn.modules.length") >= 15
    page.evaluate("networkMap.flyTo(networkMap.data.nodeModule[0])")
    page.wait_for_timeout(300)
    assert 60 <= page.evaluate("networkMap.shown.nodes.size") < 3000
    assert page.evaluate("networkMap.shown.links.size") > 60
    assert page.complaints == []


def test_light_and_dark_follow_the_reader(visit, planted):
    text = network_map(*planted([12, 8]))
    papers = [
        shown(visit(text, scheme=scheme)).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    light, dark = ([int(c) for c in re.findall(r"\d+", paper)] for paper in papers)
    assert min(light) > 200
    assert max(dark) < 60


def test_a_phone_sees_all_of_it(visit, planted):
    page = shown(visit(network_map(*planted([40, 30, 20])), width=390, height=844))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator("#map").bounding_box()["height"] > 300
    x, _ = on_screen(page, "[0, 0]")
    assert abs(x - 195) < 2
    assert page.locator("#list li").count() == 3


def test_an_empty_network_says_so(visit):
    network = Graph.from_links([], [])
    page = visit(network_map(network, grow(flow_of(network), np.array([-1]), np.zeros(0, np.int32))))
    page.wait_for_function("document.getElementById('status').textContent")
    assert page.inner_text("#status") == "This network has no nodes."
    assert page.complaints == []


def test_a_map_is_kept_as_a_picture_by_its_suffix(planted, tmp_path):
    pytest.importorskip("matplotlib")
    network, tree = planted([40, 30, 20], names=named(90))
    drawn = network_map(network, tree, title="$ & <b>", called={"1": "Fields & flows"})
    for kind, begins in (("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("html", b"<!doctype")):
        drawn.write(tmp_path / f"map.{kind}")
        assert (tmp_path / f"map.{kind}").read_bytes().startswith(begins)
    svg = (tmp_path / "map.svg").read_text("utf-8")
    assert "Fields &amp; flows" in svg and svg.count("</text>") > 3
    drawn.write(tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_text("utf-8") == svg


def test_modules_go_by_the_names_that_their_paths_have(planted):
    network, tree = planted([40, 30, 20, 10], below=2)
    assert (
        "Optics"
        in np.frombuffer(network_map(network, tree, called={"2:1": "Optics"}).drawn[1]["called"], np.uint8)
        .tobytes()
        .decode()
    )
    with pytest.raises(BadInput, match="no module has the path '7'; those of the top are 1 to 2"):
        network_map(network, tree, called={"7": "nothing"})


def test_the_page_keeps_what_is_seen_as_a_picture_and_renames_modules(visit, planted):
    page = shown(visit(network_map(*planted([40, 30, 20], names=named(90)))))
    svg = page.evaluate("svgOf(networkMap.data)")
    assert svg.startswith("<svg") and svg.count("<path") > 100
    assert (
        page.evaluate(
            "new DOMParser().parseFromString(svgOf(networkMap.data), 'image/svg+xml').querySelector('parsererror')"
        )
        is None
    )
    pixels = "c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
    assert page.evaluate(f"(() => {{ const c = canvasOf(networkMap.data); return new Set({pixels}).size; }})()") > 50
    with page.expect_download() as kept:
        page.click("#as-svg")
    assert kept.value.suggested_filename.endswith(".svg")
    page.evaluate("networkMap.flyTo(1)")
    page.wait_for_timeout(400)
    page.click("text=rename")
    page.fill("#crumbs input", "Optics")
    page.keyboard.press("Enter")
    assert page.evaluate("namesOf(networkMap.data)") == {"1": "Optics"}
    page.evaluate("networkMap.flyTo(0)")
    page.wait_for_timeout(400)
    assert page.locator("#list .name").first.inner_text() == "Optics"
    assert page.complaints == []


def test_nothing_covers_the_figures_on_a_phone(visit, planted):
    page = shown(
        visit(
            network_map(*planted([40, 30, 20]), title="中华人民共和国全国人民代表大会常务委员会的网络"),
            width=400,
            height=800,
        )
    )
    search, facts = (page.locator(one).bounding_box() for one in ("#search", "#facts"))
    assert search["y"] + search["height"] <= facts["y"] or search["x"] >= facts["x"] + facts["width"]
