"""Names, labels and texts that would be programs stand on every page as the text that they are."""

import json
import os
from pathlib import Path

import pytest

HOSTILE = [
    "</script><script>pwned=1</script>", "<img src=x onerror=pwned=1>", "\"'><svg onload=pwned=1>",
    "javascript:pwned=1", "{{script}}", "&lt;b&gt;", "--><script>pwned=1</script><!--",
    "</style><script>pwned=1</script>", "`${pwned=1}`", "</title><script>pwned=1</script>",
    "]]><iframe srcdoc='<script>parent.pwned=1</script>'>", "a\u2028b\u202ec", "\\u003cscript>", "x" * 3000,
    "\x1b]52;c;YQ==\x07", "中<i>文",
]  # fmt: skip


@pytest.fixture
def harmless(visit):
    """Opens a page and sees that nothing in it ran, asked for anything or complained; then what can be read there."""

    def seen(text):
        page = visit(text)
        page.wait_for_timeout(300)
        assert page.evaluate("typeof pwned") == "undefined"
        assert page.complaints == []
        assert [url for url in page.requests if not url.startswith("data:")] == [page.uri]
        return page.evaluate("document.body.innerText")

    return seen


@pytest.fixture(scope="module")
def trees():
    import minent

    ends = [(i, j) for k in (0, 8) for i in range(k, k + 8) for j in range(k, i)] + [(0, 8)]
    links = [HOSTILE[i] for i, _ in ends], [HOSTILE[j] for _, j in ends]
    graph = minent.data.as_graph(links)
    return graph, minent.community.find(graph, seed=1), minent.community.find(graph, two_level=True, seed=2)


@pytest.mark.parametrize("hostile", HOSTILE[:2] + HOSTILE[9:11])
def test_a_map(hostile, trees, harmless):
    from minent.plot import network_map

    graph, tree, _ = trees
    read = harmless(network_map(graph, tree, title=hostile, called={"1": hostile}))
    assert hostile in read


def test_an_alluvial_diagram(trees, harmless):
    from minent.plot import alluvial

    _, one, other = trees
    read = harmless(alluvial(one, other, title=HOSTILE[0], called=HOSTILE[1:3]))
    assert HOSTILE[0] in read and HOSTILE[1] in read and HOSTILE[2] in read


def test_the_reasons_of_texts(tmp_path, harmless):
    pytest.importorskip("torch")
    from minent.cli import main

    lines = [{"label": HOSTILE[i % 2], "text": one.replace("\x1b", "")} for i, one in enumerate(HOSTILE * 2)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    small = "--dim 8 --heads 2 --layers 1 --hidden 8 --steps 2 --record 1"
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        main(f"text train --task classify --train a.jsonl --out run {small}".split())
        main(["attribution", "explain", "run", "--data", "a.jsonl", "--first", "2", "-o", "because.html", "--anyway"])
    finally:
        os.chdir(here)
    read = harmless((tmp_path / "because.html").read_text(encoding="utf-8"))
    assert HOSTILE[0] in read and HOSTILE[1] in read


def test_the_curves_of_a_run(tmp_path, harmless):
    pytest.importorskip("matplotlib")
    from minent.cli import main

    run = tmp_path / "<img src=x onerror=pwned=1>"
    run.mkdir()
    steps = [{"step": i, "loss": 1.0, "dev": {HOSTILE[0]: 1.0, "<b>": 2.0}} for i in (1, 2)]
    (run / "log.jsonl").write_text("".join(json.dumps(one) + "\n" for one in steps))
    main(["plot", str(run)])
    assert run.name in harmless((run / "curves.html").read_text(encoding="utf-8"))


def test_a_tour(harmless):
    from minent.tour.page import Section, index, table

    rows = table(HOSTILE, [HOSTILE])
    read = harmless(index([Section(one, one, one, [(one, one)], rows, "gan.md") for one in HOSTILE], str))
    assert all(one in read for one in HOSTILE[:11])
