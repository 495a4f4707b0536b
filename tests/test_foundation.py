import importlib
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from snippets import run

import minent
from minent.files import write_text

ROOT = Path(__file__).parents[1]


def python(*arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True, **options)


def test_importing_minent_loads_no_heavy_package():
    loaded = python("-c", "import sys, minent; print(*sys.modules)").stdout.split()
    assert "minent.errors" in loaded
    assert not {"torch", "numba", "matplotlib", "pandas", "numpy", "scipy"} & set(loaded)


def test_rooms_load_no_heavy_package():
    loaded = python("-c", "import sys, minent.data, minent.community, minent.plot; print(*sys.modules)").stdout.split()
    assert "numpy" in loaded and not {"torch", "numba", "matplotlib", "pandas", "networkx"} & set(loaded)


@pytest.mark.parametrize("words", [[], ["community"], ["text", "train"], ["gan", "train"], ["attribution"]])
def test_help_loads_no_heavy_package(words):
    code = "import sys; from minent.cli import main\nmain([*sys.argv[1:], '--help']); print(*sys.modules)"
    loaded = python("-c", code, *words).stdout.splitlines()[-1].split()
    assert "minent.cli" in loaded
    assert not {"torch", "numba", "matplotlib", "pandas", "scipy", "networkx", "transformers"} & set(loaded)


def test_versions_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["hatch"]["version"]["path"] == "src/minent/__init__.py"  # of distributions, and of conda
    assert f"## [{minent.__version__}] - " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"version: {minent.__version__}\n" in (ROOT / "CITATION.cff").read_text()


README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize(("example", "said"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples_of_the_readme_say_what_stands_below_them(example, said, tmp_path):
    if "sklearn" in example:
        pytest.importorskip("sklearn")
    assert len(EXAMPLES) == README.count("```python") == 4 and len(example.strip().splitlines()) <= 6
    assert run(example, tmp_path, strict=True) == said


def test_the_command_of_the_readme_says_what_stands_below_it(tmp_path):
    import networkx as nx

    nx.write_weighted_edgelist(nx.les_miserables_graph(), tmp_path / "novel.txt", delimiter="\t")
    (shown,) = re.findall(r"```console\n\$ minent (.*?)\n(.*?)…\n```", README, re.DOTALL)
    environment = {**os.environ, "COLUMNS": "80", "OMP_NUM_THREADS": "1"}
    said = python("-m", "minent", *shown[0].split(), cwd=tmp_path, env=environment).stdout
    assert [line.rstrip() for line in said.splitlines()][: len(shown[1].splitlines())] == shown[1].splitlines()
    assert (tmp_path / "novel.html").stat().st_size > 10_000 and (tmp_path / "novel.csv").exists()


def test_the_chinese_readme_has_the_same_examples():
    text = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
    assert re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", text, re.DOTALL) == EXAMPLES


PAGES = {page.relative_to(ROOT / "docs").as_posix(): page for page in sorted((ROOT / "docs").rglob("*.md"))}
DOCS = {  # each once: pages in Chinese show the same ones
    name: example
    for example, name in {
        example: f"{name.removesuffix('.md')} {i}"
        for name, page in sorted(PAGES.items(), reverse=True)
        for i, example in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL))
    }.items()
}


@pytest.mark.parametrize("example", DOCS)
def test_examples_of_the_documentation_run(example, tmp_path):
    run(DOCS[example], tmp_path)


def test_packages_of_other_kinds_ask_for_what_the_project_asks_for():
    """The conda recipe and the workflow, which cannot run here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    recipe = (ROOT / "packaging" / "conda" / "meta.yaml").read_text()
    read = re.search(r'load_file="(.+?)", regex_pattern=\'(.+?)\'', recipe)
    assert read and re.findall(read[2], (ROOT / "packaging" / "conda" / read[1]).read_text()) == [minent.__version__]
    asked = re.findall(r"    - (\S+) (>=\S+)", recipe.partition("  run:")[2].partition("  run_constrained:")[0])
    assert {"".join(one) for one in asked} - {f"python{project['requires-python']}"} == set(project["dependencies"])
    tried = re.search(r"python: (\[.*\])", (ROOT / ".github" / "workflows" / "test.yml").read_text())
    named = [one.rpartition(" ")[2] for one in project["classifiers"] if "Python :: 3." in one]
    assert tried and json.loads(tried[1]) == named


def test_every_page_is_in_the_contents_of_the_site():
    site = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
    assert set(re.findall(r"'([\w/-]+\.md)'", str(site["nav"]))) == set(PAGES)


def test_every_name_of_the_reference_is_there():
    names = re.findall(r"^::: (\S+)$", (ROOT / "docs" / "reference.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(names) > 30
    for name in names:
        module, _, value = name.rpartition(".")
        assert hasattr(importlib.import_module(module), value), name


def test_the_makefile_has_ten_verbs():
    verbs = re.search(r"\.PHONY: (.*)", (ROOT / "Makefile").read_text())
    told = "setup tour test test-all check fuzz bench docs notebooks dist"
    assert verbs and verbs[1] == told


def test_a_missing_extra_names_the_way_to_get_it():
    with pytest.raises(minent.MissingExtra, match=re.escape('pip install "minent[knn]" to link points')) as error:
        minent.errors.require("no_such_package", "knn", "link points")
    assert isinstance(error.value, ImportError) and isinstance(error.value, minent.MinentError)
    assert issubclass(minent.BadLine, minent.BadInput) and issubclass(minent.BadInput, ValueError)


def test_the_first_option_that_is_not_good_is_named_with_what_is_wanted():
    options = SimpleNamespace(trials=1, loss="hing", steps=-1)
    minent.errors.check(options, ("trials", True, "at least 1"))
    with pytest.raises(minent.BadInput, match="loss must be hinge; got 'hing'"):
        minent.errors.check(options, ("trials", True, "1"), ("loss", False, "hinge"), ("steps", False, "at least 0"))


def test_a_link_stays_a_link_to_what_is_written(tmp_path):
    (tmp_path / "target.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("target.txt")
    write_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "target.txt").read_text() == "new"


@pytest.mark.parametrize("shell", ["{} | cat", "{} > out.txt; cat out.txt"])
def test_standard_output_is_written_to_and_not_replaced(shell, tmp_path):
    before = Path("/dev/stdout").lstat()
    code = "from minent.files import write_text; write_text('/dev/stdout', 'told')"
    command = shell.format(f'{sys.executable} -c "{code}"')
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout == "told", done.stderr
    after = Path("/dev/stdout").lstat()
    assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode)
