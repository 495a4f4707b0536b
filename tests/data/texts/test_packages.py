"""Modules and docstrings of installed packages: true labels, and nothing that gives them away."""

import inspect
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from minent.data import Labelled, docstrings, modules, split
from minent.errors import BadInput

NAMES = re.compile(r"numpy|pandas|networkx|(?<![a-z0-9])(np|pd|nx)(?![a-z0-9])", re.I)


@pytest.fixture(scope="module")
def sources():
    return modules(["numpy", "pandas", "networkx"], per_package=40, longest=6000)


def test_modules_are_distinct_long_and_labelled_by_package(sources):
    assert Counter(sources.labels) == {"numpy": 40, "pandas": 40, "networkx": 40}
    assert len(set(sources.texts)) == 120
    assert 3000 < sum(map(len, sources.texts)) / 120 < max(map(len, sources.texts)) == 6000
    assert all(group.startswith(label) for group, label in zip(sources.groups, sources.labels, strict=True))


def test_nothing_names_a_package(sources):
    assert NAMES.search(inspect.getsource(np.linalg))
    assert not [match for text in sources.texts if (match := NAMES.search(text))]


def made(folder, monkeypatch, **files):
    """An installed package of these files."""
    for name, text in files.items():
        file = folder / "wunder" / (name.replace("__", "/") + ".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (folder / "wunder" / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(folder)


BODY = "".join(f"def step_{i}(value):\n    return value + {i}\n" for i in range(20))


def test_imports_and_licences_go_and_the_rest_stays(tmp_path, monkeypatch):
    source = (
        "# Copyright Wunder Inc.\n# All rights reserved.\n\nimport os, wunder\n"
        "from wunder.deep import (\n    a,\n    b,\n)\n"
        "from wunder import c, \\\n    d\nkept = 1  # Wunder\n\ndef f():\n    import sys\n    return wunder_f(WUNDER)\n"
        "# Author: W\n# >>> comment\ndef g():\n    '''\n    >>> import wunder as w\n    >>> g()\n    '''\n"
    )
    made(tmp_path, monkeypatch, one=source + BODY)
    rest = (
        "kept = 1  # _\n\ndef f():\n    return __f(_)\n# >>> comment\ndef g():\n    '''\n    >>> g()\n    '''\n" + BODY
    )
    assert modules(["wunder"]).texts == [rest.strip()]


def test_repeated_short_and_tested_modules_are_left_out(tmp_path, monkeypatch):
    made(
        tmp_path,
        monkeypatch,
        one=BODY,
        two=BODY,
        deep__tests__test_three=BODY + "3",
        short="a = 1",
        deep__four=BODY + "4",
    )
    read = modules(["wunder"])
    assert sorted(read.groups) == ["wunder", "wunder/deep"]


def test_docstrings_give_body_and_summary_silently(tmp_path, monkeypatch):
    source = (
        '"""One line."""\nclass A:\n    """Sum.\n\n    Body \\d\n    more.\n    """\n    def f(self):\n'
        '        """Two\n        lines.\n\n        Body."""\n'
        '    async def g(self, one, two=2):\n        """Sum of g.\n\n        Body of g."""\n'
    )
    made(tmp_path, monkeypatch, one=source, two=source, broken="def :")
    assert docstrings(["wunder"]) == [
        ("A", "Body \\d\nmore.", "Sum.", "wunder"), ("g(one, two)", "Body of g.", "Sum of g.", "wunder")
    ]  # fmt: skip


def test_docstrings_are_distinct_and_of_every_package():
    pairs = docstrings(["networkx", "pandas"], per_package=300)
    assert Counter(one.package for one in pairs) == {"networkx": 300, "pandas": 300}
    assert len({one.body for one in pairs}) == 600
    assert all(one.summary and "\n" not in one.summary for one in pairs)


def test_seeds_decide():
    def draw(seed):
        return modules(["networkx"], per_package=5, seed=seed)

    assert draw(1) == draw(1) != draw(2)
    assert docstrings(["networkx"], per_package=5) == docstrings(["networkx"], per_package=5)


def test_no_package_is_imported():
    code = "import sys; from minent.data import modules; modules(['sympy'], per_package=3); print(*sys.modules)"
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "minent.data.texts.packages" in imported
    assert "sympy" not in imported


def test_absent_packages_are_named_when_asked_for():
    with pytest.raises(BadInput, match="'no_such_package' is not installed"):
        modules(["numpy", "no_such_package"])
    with pytest.raises(BadInput, match=r"top-level name; got 'numpy\.linalg'"):
        modules(["numpy.linalg"])


def test_no_folder_is_on_both_sides_of_a_split(sources):
    rest, held = split(sources, 0.3)
    assert not set(rest.groups) & set(held.groups)
    assert sorted(rest.texts + held.texts) == sorted(sources.texts)
    assert all(8 <= count <= 12 for count in Counter(held.labels).values()) and len(set(held.labels)) == 3


def test_without_groups_a_split_takes_the_share_of_each_label():
    whole = Labelled([str(i) for i in range(100)], ["a"] * 70 + ["b"] * 30)
    rest, held = split(whole, 0.1, seed=4)
    assert Counter(held.labels) == {"a": 7, "b": 3}
    assert rest.texts == [text for text in whole.texts if text not in held.texts]
    assert split(whole, 0.1, seed=4) == (rest, held) != split(whole, 0.1, seed=5)
    assert split(Labelled(["a", "b"]), 0.5)[1].labels is None
