"""jaxtyping's shapes are checked by beartype in every test; shared data is found by MINENT_DATA; pages are opened in a
browser."""

import logging
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from checked import check
from hypothesis import settings

with suppress(ImportError):
    import faiss  # noqa: F401  before infomap: both are made by SWIG, and the later one's iterators serve both

check("minent")
settings.register_profile("minent", deadline=None)  # the first example may compile a kernel
settings.load_profile("minent")


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """A test that leaves the log, or torch's threads, otherwise than they were decides what a later one sees."""
    log = logging.getLogger("minent")
    before = log.level, log.propagate, list(log.handlers)
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else 0
    yield
    if torch:
        torch.set_num_threads(threads)  # commands set them, and sums are others by them
    assert (log.level, log.propagate, list(log.handlers)) == before, "the log of minent was left changed"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of shared data: MINENT_DATA, or `shared/data` beside the checkout."""
    folder = Path(os.environ.get("MINENT_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}; set MINENT_DATA")
    return folder


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


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Packed bytes may hold the time, and a name must be the same in every process."""
    return argname if isinstance(val, bytes) and not val.isascii() else None
