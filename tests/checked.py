"""Types and shapes are checked at every call in tests: of what is defined once. A function within a function is defined
whenever that is called, and to make its check takes a millisecond, which was most of the time of many tests."""

import ast
from typing import Any, get_args

from beartype import beartype
from jaxtyping import AbstractArray, install_import_hook, jaxtyped
from jaxtyping import _import_hook as hook

checked = beartype  # under a name of its own, by which jaxtyping tells compiled files apart


def shaped(kind: Any) -> bool:
    """Whether a type says shapes, or may: it is a string."""
    own = isinstance(kind, str) or (isinstance(kind, type) and issubclass(kind, AbstractArray))
    return own or any(map(shaped, get_args(kind)))


def by_need(function: Any) -> Any:
    """Checked, and shapes bound where it has some: that takes ten times as long."""
    told = any(map(shaped, function.__annotations__.values()))
    return jaxtyped(typechecker=beartype)(function) if told else beartype(function)


class Outermost(hook.JaxtypingTransformer):
    """Decorates classes and functions, but for those within functions."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        node.decorator_list.append(ast.parse("__import__('checked').by_need", mode="eval").body)
        return node  # and what is within is not visited


def check(package: str) -> None:
    """From here on, what is imported of a package is checked."""
    hook.JaxtypingTransformer = Outermost
    install_import_hook(package, "checked.checked")
