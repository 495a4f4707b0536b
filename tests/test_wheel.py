"""What a stranger installs: the wheel alone, in an empty environment."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
# pip must find nothing of this environment, and Python nothing of this checkout
ELSEWHERE = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def run(*command: object, check: bool = True, **options) -> subprocess.CompletedProcess:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def dist(tmp_path_factory) -> Path:
    """A folder with the sdist, and the wheel that was built from it."""
    pytest.importorskip("build", reason="wheels are made by build, not installed here")
    folder = tmp_path_factory.mktemp("dist")
    fetch = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder / "found", "hatchling"]
    if run(*fetch, check=False).returncode:
        pytest.skip("no package index can be reached")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def installed(dist, tmp_path_factory) -> Path:
    """The commands of an environment that holds the wheel and what it asks for, nothing more."""
    folder = tmp_path_factory.mktemp("empty")
    run(sys.executable, "-m", "venv", folder)
    pip = folder / "bin" / "python", "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt"
    run(*pip, *dist.glob("*.whl"), env=ELSEWHERE)
    return folder / "bin"


def test_the_wheel_holds_every_file_of_the_package(dist):
    (wheel,) = dist.glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("minent/")}
    files = (path for path in (ROOT / "src").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    assert held == {path.relative_to(ROOT / "src").as_posix() for path in files}
    assert {"minent/py.typed", "minent/plot/assets/network_map.html"} <= held


def test_the_sdist_holds_its_tests_and_documentation_and_nothing_of_a_checkout(dist):
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as held:
        tops = {name.split("/")[1] for name in held.getnames() if "/" in name}
    assert {"src", "tests", "docs", "examples", "pyproject.toml", "constraints.txt", "LICENSE", "README.md"} <= tops
    assert not tops & {".ci", ".git", ".venv", "site", "tour", ".cache"}


def test_communities_are_found_with_the_base_alone(installed, tmp_path):
    links = ["source,target", "ann,bob", "bob,cem", "cem,ann", "cem,dan", "dan,eve", "eve,fay", "fay,dan"]
    (tmp_path / "links.csv").write_text("\n".join(links) + "\n")
    outputs = ["-o", "modules.csv", "--map", "map.html"]
    done = run(installed / "minent", "community", "find", "links.csv", *outputs, cwd=tmp_path, env=ELSEWHERE)
    assert "2 modules" in done.stdout
    assert len((tmp_path / "modules.csv").read_text().splitlines()) == 7
    assert "ann" in (tmp_path / "map.html").read_text(encoding="utf-8")
    assert run(installed / "minent", "doctor", cwd=tmp_path, env=ELSEWHERE).stdout


def test_the_base_holds_no_torch(installed, tmp_path):
    done = run(installed / "python", "-c", "import torch", check=False, cwd=tmp_path, env=ELSEWHERE)
    assert "No module named 'torch'" in done.stderr


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        ("text write --model m", "torch"),
        ("text train --task classify --train a.tsv --out b", "torch"),
        ("text sample --model m --length 5", "torch"),
        ("gan train photos --out run", "gan"),
        ("attribution explain run --data a.npz", "torch"),
        ("community cluster texts.txt", "knn"),
    ],
)
def test_what_the_base_cannot_do_names_its_extra(words, extra, installed, tmp_path):
    (tmp_path / "texts.txt").write_text("a red rose\nred tulips\nblue seas\nthe deep blue sea\n")
    done = run(installed / "minent", *words.split(), check=False, cwd=tmp_path, env=ELSEWHERE)
    assert done.returncode == 2
    assert done.stderr.startswith(f'minent: pip install "minent[{extra}]" to ')
    assert len(done.stderr.splitlines()) == 1
