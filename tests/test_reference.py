"""What the pages name is there, under that name."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*.py")])
PAGES = [page for page in PAGES if page.name != "diary.md" and not page.name.startswith("benchmarks")]
REFERENCE = re.findall(r"^::: (minent\S+)$", (ROOT / "docs" / "reference.md").read_text("utf-8"), re.MULTILINE)


def found(name: str) -> object:
    """The object of a dotted name."""
    parts = name.split(".")
    for i in range(len(parts), 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:i]))
        except ModuleNotFoundError:
            continue
        for part in parts[i:]:
            value = getattr(value, part)
        return value
    raise ModuleNotFoundError(name)


@pytest.mark.parametrize("name", REFERENCE)
def test_the_reference_names_what_is_there(name):
    pytest.importorskip("torch")
    assert found(name).__doc__


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_import_public_names_from_the_tops_of_rooms(page):
    """`from minent.room import name`, or from a part of a room that is public by itself."""
    pytest.importorskip("torch")
    text = page.read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL) if page.suffix == ".md" else [text]
    for line in re.findall(r"^(?:from|import) minent.*$", "\n".join(blocks), re.MULTILINE):
        (statement,) = ast.parse(line).body
        if isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                found(f"{statement.module}.{alias.name}")
            assert statement.module.count(".") <= 1 or statement.module in PUBLIC, line


PUBLIC = [f"minent.{part}" for part in ("nn.attention", "text.exposure", "text.gibbs", "text.score")]


def test_examples_and_reference_are_not_empty():
    assert len(REFERENCE) > 30 and len(PAGES) > 20


ROOMS = (
    "community", "data", "text", "text.exposure", "text.gibbs", "text.score", "nn", "nn.attention", "gan",
    "attribution", "training", "plot",
)  # fmt: skip


@pytest.mark.parametrize("room", ROOMS)
def test_the_reference_holds_every_public_class_and_function(room):
    pytest.importorskip("torch")
    module, held = importlib.import_module(f"minent.{room}"), {name.rpartition(".")[2] for name in REFERENCE}
    public = [name for name in module.__all__ if getattr(getattr(module, name), "__module__", "").startswith("minent.")]
    assert set(public) - held == set() and len(public) > 2
