import importlib.util
import re
from functools import partial

import pytest

import minent.tour
from minent.tour import tour


@pytest.fixture(scope="module")
def toured(tmp_path_factory):
    """A tour of few steps: its folder, and what was said."""
    pytest.importorskip("sklearn")
    pytest.importorskip("minent.tour.titles")
    from minent.tour import drawn, gaps, histories, lengths, reasons, titles

    folder = tmp_path_factory.mktemp("tour")
    with pytest.MonkeyPatch.context() as patch:
        for module in (titles, histories):
            patch.setattr(module, "PACKAGES", ("networkx",))
        patch.setattr(reasons, "LEARNED", 120)
        for module, few in (
            (drawn, {"steps": 2, "points_steps": 2}), (gaps, {"steps": 10}), (histories, {"steps": 10}),
            (lengths, {"most": 512}), (titles, {"steps": 10}),
        ):  # fmt: skip
            name = module.__name__.split(".")[-1]
            patch.setattr(module, name, partial(getattr(module, name), **few))
        said = list(tour(folder))
    return folder, said


def test_the_tour_visits_every_stop_and_writes_pages_to_look_at(toured):
    folder, said = toured
    assert len(said) == 10 and max(len(line) for lines in said for line in lines.splitlines()) <= 80
    assert float(re.search(r"true digits (0\.\d+)", said[2])[1]) > 0.85
    assert re.search(r"512 tokens: Nyström attention \d", said[3])
    assert re.search(r"ROUGE-L \d", said[4]) and (folder / "titles" / "model.safetensors").exists()
    assert re.search(r"teacher forcing: \d.*half spoilt", said[5])
    assert "different words in 64 chains" in said[6]
    assert re.search(r"digits: FID of pixels \d", said[7])
    assert re.search(r"the sum lacks \de-0[678] of", said[8])
    assert said[9] == f"open {(folder / 'index.html').resolve()}"
    page = (folder / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'<a href="([^"]+)"', page)
    assert len(links) == 4 and all((folder / link).stat().st_size > 1000 for link in links)
    assert page.count("<h2>") == 9 and "minent text train --task seq2seq" in page
    assert page.count("<svg") == 2 and page.count('<img src="data:image/png') == 4


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1200, "dark")])
@pytest.mark.parametrize("name", ["index.html", "reasons.html"])
def test_its_pages_open_without_complaints_or_requests(toured, visit, name, width, scheme):
    page = visit((toured[0] / name).read_text(encoding="utf-8"), width=width, scheme=scheme)
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith("data:")] == [page.uri]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_torch_the_tour_visits_networks_and_says_how_to_get_more(tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(
        minent.tour, "find_spec", lambda name: None if name == "torch" else importlib.util.find_spec(name)
    )
    said = list(tour(tmp_path))
    told = 'pip install "minent[all]" to see what it does with texts, images and models'
    assert len(said) == 5 and said[3] == told
    assert (tmp_path / "index.html").read_text(encoding="utf-8").count("<h2>") == 3
