"""Every example runs as a user would run it, and is shown by the page that answers its question."""

import re
from pathlib import Path

import pytest
from snippets import run

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
BRINGS = {"torch": "torch", "hub": "transformers", "knn": "faiss", "gan": "PIL", "score": "sacrebleu"}


def extras(example: Path) -> list[str]:
    """What the example says that it needs."""
    named = re.search(r'Needs pip install "minent\[([\w,]+)\]"', example.read_text(encoding="utf-8"))
    return named[1].split(",") if named else []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_run_and_tell_something(example, tmp_path):
    for extra in extras(example):
        pytest.importorskip(BRINGS[extra], reason=f"{example.name} needs the extra {extra}, not installed here")
    said = run(example, tmp_path, strict=True)
    assert len(said.splitlines()) >= 4 and re.search(r"\d", said)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_short(example):
    assert len(example.read_text(encoding="utf-8").splitlines()) <= 46


@pytest.mark.parametrize("pages", ["docs/how-to", "docs/zh/how-to"])
def test_every_example_is_shown_by_one_page_in_each_language(pages):
    texts = [page.read_text(encoding="utf-8") for page in sorted((ROOT / pages).glob("*.md"))]
    shown = [name for text in texts for name in re.findall(r'^--8<-- "(\w+\.py)"$', text, re.MULTILINE)]
    assert sorted(shown) == [example.name for example in EXAMPLES] != []
