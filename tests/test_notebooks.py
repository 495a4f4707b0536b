"""Notebooks run, and say what stands in them."""

import base64
import json
from pathlib import Path

import pytest
from snippets import run

FOLDER = Path(__file__).parents[1] / "examples" / "notebooks"
BOOKS = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
QUICK = {"communities", "clusters"}


def cells(name: str) -> list[dict]:
    return [
        one for one in json.loads((FOLDER / f"{name}.ipynb").read_text("utf-8"))["cells"] if one["cell_type"] == "code"
    ]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in BOOKS]
)
def test_a_notebook_runs_and_says_what_stands_in_it(name, tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("sklearn")
    program = "import matplotlib; matplotlib.use('Agg')\n" + "\n".join("".join(one["source"]) for one in cells(name))
    said = run(program, tmp_path)
    stored = [one for cell in cells(name) for one in cell["outputs"] if one["output_type"] == "stream"]
    assert said == "".join("".join(one["text"]) for one in stored)


@pytest.mark.parametrize("name", BOOKS)
def test_a_notebook_is_small_has_run_and_shows_a_picture(name):
    outputs = [one for cell in cells(name) for one in cell["outputs"]]
    pictures = [one["data"]["image/png"] for one in outputs if "image/png" in one.get("data", {})]
    assert pictures and all(base64.b64decode(one).startswith(b"\x89PNG") for one in pictures)
    assert (FOLDER / f"{name}.ipynb").stat().st_size < 100_000
    assert not [one for one in outputs if one["output_type"] == "error" or one.get("name") == "stderr"]


def test_each_notebook_is_listed_in_readme_and_documentation():
    for page in ("README.md", "README.zh-CN.md", "docs/notebooks.md", "docs/zh/notebooks.md"):
        text = (FOLDER.parents[1] / page).read_text("utf-8")
        assert len(BOOKS) == 8 and all(f"{name}.ipynb" in text for name in BOOKS), page
