"""A browser for the pages, and networks with known modules to draw."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minent.community.flow import flow_of
from minent.community.tree import Tree, grow
from minent.data import Graph

QUIET = "--no-sandbox --disable-quic --no-first-run --disable-background-networking --disable-component-update"
SOFTWARE_GL = "--disable-gpu --use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="pages are tested with playwright, not installed here"
    )
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("pages are tested in chromium, not installed here")
    with playwright.sync_playwright() as driver:
        arguments = [*QUIET.split(), "--disable-sync", *SOFTWARE_GL.split()]
        browser = driver.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any, tmp_path: Path) -> Iterator[Any]:
    """Opens a page from its text; `requests` and `complaints` are what it asked for and complained of."""
    contexts = []

    def opened(text: str, *, width: int = 1200, height: int = 800, scheme: str = "light") -> Any:
        file = tmp_path / "map.html"
        file.write_text(text, encoding="utf-8")
        size = {"width": width, "height": height}
        contexts.append(chromium.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce"))
        page = contexts[-1].new_page()
        page.requests, page.complaints = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (page.complaints.append(dialog.message), dialog.dismiss()))
        page.goto(file.as_uri())
        page.uri = file.as_uri()
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def planted() -> Callable[..., tuple[Graph, Tree]]:
    """Makes networks of dense groups with sparse links between, and the tree of the groups, `below` to a parent."""
    return dense_groups


def dense_groups(
    sizes: list[int], *, below: int = 1, names: Any = None, seed: int = 0, **graph: Any
) -> tuple[Graph, Tree]:
    draw = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    first = np.cumsum(sizes) - sizes
    ring = first[group] + (np.arange(len(group)) - first[group] + 1) % np.array(sizes)[group]
    inside = first[group] + draw.integers(0, np.array(sizes)[group])
    some = draw.integers(0, len(group), (2, max(1, len(group) // 5)))
    source = np.concatenate([np.arange(len(group))] * 2 + [some[0]])
    network = Graph.from_links(source, np.concatenate([ring, inside, some[1]]), names=names, **graph)
    parents = -(-len(sizes) // below)
    above = np.zeros(len(sizes), int) if below == 1 else 1 + np.arange(len(sizes)) // below
    parent = np.concatenate([[-1], np.zeros(parents if below > 1 else 0, int), above])
    return network, grow(flow_of(network), parent, group + len(parent) - len(sizes))
