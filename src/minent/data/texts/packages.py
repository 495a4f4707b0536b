"""Which package does this source come from? Long texts with true labels, read from the packages that are installed.

Nothing is imported: files are found by their specification and read as text.
"""

import ast
import importlib.metadata
import importlib.util
import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from minent.data.texts.labelled import Labelled
from minent.errors import BadInput

PACKAGES = ("numpy", "scipy", "sklearn", "pandas", "networkx", "torch", "sympy", "transformers")
ALIASES = {
    "matplotlib": ["mpl", "plt"], "networkx": ["nx"], "numpy": ["np"], "pandas": ["pd"], "scipy": ["sp"],
    "sklearn": ["scikit"], "sympy": ["sp"], "tensorflow": ["tf"], "transformers": ["hugging-face", "hf"],
}  # fmt: skip
ELSEWHERE = ("test", "tests", "externals", "_external", "_vendor", "vendor")  # folders of tests and of others' packages
DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
SHORTEST = 500  # characters of a module worth telling
IMPORTS = re.compile(
    r"(?m)^[ \t]*(?:>>>|\.\.\.)?[ \t]*(?:from[ \t]+[\w.]+[ \t]+import\b|import[ \t])(?:[ \t]*\([^)]*\)|(?:\\\n|.)*)\n?"
)
LICENCES = re.compile(r"\A(?:[ \t]*(?:#.*)?\n)+|^[ \t]*#.*(?:copyright|licen[sc]e|authors?\b).*\n", re.M | re.I)


class Docstring(NamedTuple):
    """What is documented, as name(arguments), a name for a class and nothing for a module; what follows the first line
    after a blank one; the first line, which sums up; and where it is from."""

    head: str
    body: str
    summary: str
    package: str


def modules(
    packages: Sequence[str] | None = None, *, per_package: int = 200, longest: int = 20_000,
    seed: int | np.random.Generator = 1,
) -> Labelled:  # fmt: skip
    """Source texts of modules, labelled by their packages; the group of a module is its folder.

    Of each package up to `per_package` modules are drawn, and their first `longest` characters kept. What gives the
    answer away is taken out: imports, licences and other comments a file opens with; and the names of all these
    packages, as imported, as distributed (scikit-learn) and as abbreviated (np), are "_" wherever they occur. Tests,
    folders of others' packages, repeated texts and those below 500 characters are left out.

    packages   top-level names; None: those of numpy, scipy, sklearn, pandas, networkx, torch, sympy and transformers
               that are installed
    Raises BadInput for a package that is not installed.

    >>> modules(["networkx", "pandas"], per_package=2).labels
    ['networkx', 'networkx', 'pandas', 'pandas']
    """
    roots = _roots(packages)
    names = _names(roots)
    random = np.random.default_rng(seed)
    texts: dict[str, tuple[str, str]] = {}
    for package, root in roots.items():
        wanted = len(texts) + per_package
        for file, source in _sources(root, random):
            if len(texts) == wanted:
                break
            text = IMPORTS.sub("", LICENCES.sub("", source)).strip()
            if len(text) >= SHORTEST:
                texts.setdefault(names.sub("_", text[:longest]), (package, str(file.parent.relative_to(root.parent))))
    return Labelled(list(texts), [label for label, _ in texts.values()], [group for _, group in texts.values()])


def docstrings(
    packages: Sequence[str] | None = None, *, per_package: int = 1000, seed: int | np.random.Generator = 1
) -> list[Docstring]:
    """Docstrings whose first line, the summary, is followed by a blank line and a body.

    Packages are those of `modules`; of each up to `per_package` docstrings, from modules in an order that is drawn. No
    two have the same body. Raises BadInput for a package that is not installed.

    >>> one = docstrings(["networkx"], per_package=1)[0]
    >>> len(one.summary.splitlines()), one.package
    (1, 'networkx')
    """
    random = np.random.default_rng(seed)
    found: dict[str, Docstring] = {}
    for package, root in _roots(packages).items():
        wanted = len(found) + per_package
        for _, source in _sources(root, random):
            for head, docstring in _docstrings(source):
                summary, blank, body = (docstring + "\n\n").split("\n", 2)
                if len(found) < wanted and summary.strip() and not blank.strip() and body.strip():
                    found.setdefault(body.strip(), Docstring(head, body.strip(), summary.strip(), package))
            if len(found) == wanted:
                break
    return list(found.values())


def _roots(packages: Sequence[str] | None) -> dict[str, Path]:
    """The folder of each package, or its only file."""
    roots: dict[str, Path] = {}
    for name in PACKAGES if packages is None else packages:
        if not name.isidentifier():
            raise BadInput(f"a package is called by its top-level name; got {name!r}")
        spec = importlib.util.find_spec(name)
        places = [] if spec is None else map(str, [*(spec.submodule_search_locations or []), spec.origin or ""])
        if places := [Path(place) for place in places if place.endswith(".py") or Path(place).is_dir()]:
            roots[name] = places[0]
        elif packages is not None:
            raise BadInput(f"package {name!r} is not installed, or has no source in Python")
    return roots


def _sources(root: Path, random: np.random.Generator) -> Iterator[tuple[Path, str]]:
    """Modules in an order that is drawn, with their text; no tests, no others' packages, nothing that is not UTF-8."""
    files = sorted(root.rglob("*.py")) if root.is_dir() else [root]
    for i in random.permutation(len(files)):
        inner = files[i].relative_to(root.parent).parts[1:]
        if not any(part in ELSEWHERE or part.startswith("test_") for part in inner):
            try:
                yield files[i], files[i].read_text(encoding="utf-8-sig")
            except UnicodeDecodeError:
                continue


def _names(packages: dict[str, Path]) -> re.Pattern[str]:
    """Matches the names of packages inside other words too, those below five letters between non-letters only."""
    also = importlib.metadata.packages_distributions()
    called = (name for one in packages for name in (one, *also.get(one, []), *ALIASES.get(one, [])))
    names = {name.replace("_", "-") for name in called}
    short = {name for name in names if len(name) < 5}
    inside, between = (
        "|".join(re.escape(name).replace(r"\-", "[-_ ]?") for name in sorted(those, key=len, reverse=True))
        for those in (names - short, short)
    )
    return re.compile(rf"{inside or '(?!)'}|(?<![a-z0-9])(?:{between or '(?!)'})(?![a-z0-9])", re.I)


def _docstrings(source: str) -> Iterator[tuple[str, str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those that other people's escapes raise
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            return
    nodes: list[Any] = [tree]
    for node in nodes:
        yield _head(node), ast.get_docstring(node) or ""
        nodes += [inner for inner in node.body if isinstance(inner, DEFINITIONS)]


def _head(node: Any) -> str:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        taken = node.args
        several = [*taken.posonlyargs, *taken.args, taken.vararg, *taken.kwonlyargs, taken.kwarg]
        names = [one.arg for one in several if one is not None and one.arg not in ("self", "cls")]
        return f"{node.name}({', '.join(names)})"
    return getattr(node, "name", "")
