import importlib.util
import re

import pytest

import minent.tour
from minent.tour import tour


@pytest.fixture
def few_steps(monkeypatch):
    pytest.importorskip("sklearn")
    titles = pytest.importorskip("minent.tour.titles")
    monkeypatch.setattr(titles, "PACKAGES", ("networkx",))
    whole = titles.titles
    monkeypatch.setattr(titles, "titles", lambda folder: whole(folder, steps=10))
    from minent.tour import drawn, gaps, histories, lengths, reasons

    of_drawn = drawn.drawn
    monkeypatch.setattr(drawn, "drawn", lambda folder: of_drawn(folder, steps=2, points_steps=2))
    monkeypatch.setattr(reasons, "LEARNED", 120)
    of_gaps, of_histories, of_lengths = gaps.gaps, histories.histories, lengths.lengths
    monkeypatch.setattr(gaps, "gaps", lambda folder: of_gaps(folder, steps=10))
    monkeypatch.setattr(histories, "PACKAGES", ("networkx",))
    monkeypatch.setattr(histories, "histories", lambda folder: of_histories(folder, steps=10))
    monkeypatch.setattr(lengths, "lengths", lambda folder: of_lengths(folder, most=512))


def test_the_tour_visits_every_stop_and_writes_pages_to_look_at(tmp_path, few_steps):
    said = list(tour(tmp_path))
    assert len(said) == 10 and max(len(line) for lines in said for line in lines.splitlines()) <= 80
    assert float(re.search(r"true digits (0\.\d+)", said[2])[1]) > 0.85
    assert re.search(r"512 tokens: Nyström attention \d", said[3])
    assert re.search(r"ROUGE-L \d", said[4]) and (tmp_path / "titles" / "model.safetensors").exists()
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'<a href="([^"]+)"', page)
    assert len(links) == 4 and all((tmp_path / link).stat().st_size > 1000 for link in links)
    assert page.count("<h2>") == 9 and "minent text train --task seq2seq" in page
    assert re.search(r"teacher forcing: \d.*half spoilt", said[5]) and page.count("<svg") == 2
    assert "different words in 64 chains" in said[6]
    assert re.search(r"digits: FID of pixels \d", said[7]) and page.count('<img src="data:image/png') == 4
    assert re.search(r"the sum lacks \de-0[678] of", said[8])
    assert "http" not in re.sub('<td>[^<]*|xmlns(:xlink)?="[^"]*"', "", page)
    assert said[9] == f"open {(tmp_path / 'index.html').resolve()}"


def test_without_torch_the_tour_visits_networks_and_says_how_to_get_more(tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(
        minent.tour, "find_spec", lambda name: None if name == "torch" else importlib.util.find_spec(name)
    )
    said = list(tour(tmp_path))
    assert len(said) == 5 and said[3] == 'pip install "minent[torch]" to see what it does with text'
    assert (tmp_path / "index.html").read_text(encoding="utf-8").count("<h2>") == 3
