"""Types and shapes are checked at every call in tests: of what is defined once. A function within a function is defined
whenever that is called, and to make its check takes a millisecond, which was most of the time of many tests."""

import ast
from typing import Any

from beartype import beartype
from jaxtyping import _import_hook as hook
from jaxtyping import install_import_hook

checked = beartype  # under a name of its own, by which jaxtyping tells compiled files apart


class Outermost(hook.JaxtypingTransformer):
    """Decorates classes and functions, but for those within functions."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        within = any(isinstance(one, ast.FunctionDef) for one in self._parents)
        return node if within else super().visit_FunctionDef(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        within = any(isinstance(one, ast.FunctionDef) for one in self._parents)
        return node if within else super().visit_ClassDef(node)


def check(package: str) -> None:
    """From here on, what is imported of a package is checked."""
    hook.JaxtypingTransformer = Outermost
    install_import_hook(package, "checked.checked")
