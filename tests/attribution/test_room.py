"""The room is open at once, and what it holds comes on first use."""

import subprocess
import sys

import pytest

WITHOUT = "import sys\nsys.modules['torch'] = None\n"


def python(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_the_room_loads_without_torch():
    loaded = python("import sys, minent.attribution; print(*sys.modules)").stdout.split()
    assert "minent.attribution" in loaded and not {"torch", "numpy", "scipy"} & set(loaded)


def test_every_name_is_a_function_or_a_class_whatever_was_imported_first():
    code = "import minent.attribution as room\nimport minent.attribution.influence, minent.attribution.page\n"
    done = python(f"{code}assert room.__all__ and all(callable(getattr(room, name)) for name in room.__all__)")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["explain", "record", "tracin"])
def test_what_needs_torch_names_its_extra(name):
    done = python(f"{WITHOUT}from minent.attribution import {name}")
    wanted = f'pip install "minent[torch]" to use minent.attribution.{name} (torch is not installed)'
    assert done.stderr.splitlines()[-1] == f"minent.errors.MissingExtra: {wanted}"


def test_pages_need_no_torch():
    assert python(f"{WITHOUT}from minent.attribution import Explanation, because").returncode == 0
