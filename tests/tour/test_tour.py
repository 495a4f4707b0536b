import importlib.util
import re
from functools import partial

import pytest

import minent.tour
from minent.tour import tour
from minent.tour.chinese import CHINESE


@pytest.fixture(scope="module")
def toured(tmp_path_factory):
    """A tour of few steps: its folder, what was told, and all sentences that it had said in its language."""
    pytest.importorskip("sklearn")
    pytest.importorskip("torch")
    from minent.tour import both_ends, drawn, gaps, histories, lengths, reasons

    folder, sentences = tmp_path_factory.mktemp("tour"), set()

    def say(text):
        sentences.add(" ".join(text.split()))
        return text

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(minent.tour, "speaker", lambda *_: say)
        patch.setattr(histories, "PACKAGES", ("networkx",))
        patch.setattr(reasons, "LEARNED", 120)
        for module, few in (
            (drawn, {"steps": 2, "points_steps": 2}), (gaps, {"steps": 10}), (histories, {"steps": 10}),
            (lengths, {"most": 512}), (both_ends, {"steps": 10}),
        ):  # fmt: skip
            name = module.__name__.split(".")[-1]
            patch.setattr(module, name, partial(getattr(module, name), **few))
        told = list(tour(folder))
    return folder, told, sentences


def test_the_tour_visits_every_stop_and_writes_a_page_to_look_at(toured):
    folder, told, _ = toured
    assert len(told) == 9 and max(len(line) for lines in told for line in lines.splitlines()) <= 80
    assert float(re.search(r"(0\.\d+)  adjusted mutual information with the true digits", told[1])[1]) > 0.85
    assert re.search(r"\d ×  as fast as softmax: Nyström attention over 512 tokens", told[2])
    assert re.search(r"\d %  numbers right", told[3]) and (folder / "numbers" / "model.safetensors").exists()
    assert re.search(r"\d %  right after a half spoilt beginning: teacher forcing", told[4])
    assert "chains that end at a number" in told[5]
    assert re.search(r"\d / 25  modes covered by gradient normalisation", told[6])
    assert re.search(r"\de-0[678]  is what the sum lacks", told[7])
    assert told[8] == f"open {(folder / 'index.html').resolve()}"
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert page.count("<section id=") == 8 and page.count("<iframe") == 2
    assert page.count('<div class="curve"><svg') == 2 and page.count('<img src="data:image/png') > 4
    assert "minent text train --task seq2seq" in page and "about" in told[0]


def test_each_sentence_of_it_has_its_chinese_and_no_other_has(toured):
    assert toured[2] | {'pip install "minent[all]" to see what it does with texts, images and models'} == set(CHINESE)
    for english, chinese in CHINESE.items():
        assert english.count("{") == chinese.count("{"), english


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1200, "dark")])
@pytest.mark.parametrize("name", ["index.html", "reasons.html"])
def test_its_pages_open_without_complaints_or_requests(toured, visit, name, width, scheme):
    page = visit((toured[0] / name).read_text(encoding="utf-8"), width=width, scheme=scheme)
    assert page.complaints == []
    asked = [url for url in page.requests if not url.startswith(("data:", "about:srcdoc"))]
    assert asked == [page.uri]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_torch_the_tour_visits_networks_and_says_how_to_get_more(tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(
        minent.tour, "find_spec", lambda name: None if name == "torch" else importlib.util.find_spec(name)
    )
    told = list(tour(tmp_path, "zh"))
    assert len(told) == 4 and told[2].startswith("运行 pip install") and "个顶层模块" in told[0]
    assert (tmp_path / "index.html").read_text(encoding="utf-8").count("<section id=") == 2
