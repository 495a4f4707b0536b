"""Types and shapes are checked at every call in tests: of what is defined once. A function within a function is defined
whenever that is called, and to make its check takes a millisecond, which was most of the time of many tests."""

import ast
from typing import Any

from beartype import beartype
from jaxtyping import _import_hook as hook
from jaxtyping import install_import_hook

checked = beartype  # under a name of its own, by which jaxtyping tells compiled files apart


class Outermost(hook.JaxtypingTransformer):
    """Decorates classes and functions, but for those within functions; where no shape is written by beartype alone, for
    to bind shapes takes ten times as long."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        if self.within():
            return node
        every = *node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg
        said = [node.returns, *(one.annotation for one in every if one is not None)]
        parts = (part for one in said if one is not None for part in ast.walk(one))
        if any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in parts):
            return super().visit_FunctionDef(node)
        node.decorator_list.append(ast.parse("__import__('beartype').beartype", mode="eval").body)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        return node if self.within() else super().visit_ClassDef(node)

    def within(self) -> bool:
        """Whether what is looked at stands in a function."""
        return any(isinstance(one, ast.FunctionDef) for one in self._parents)


def check(package: str) -> None:
    """From here on, what is imported of a package is checked."""
    hook.JaxtypingTransformer = Outermost
    install_import_hook(package, "checked.checked")
