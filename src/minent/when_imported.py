"""What another library must be told of minent is told when that library is imported, and not before.

`import minent` loads neither torch nor transformers; yet a model that was lengthened is loaded by transformers alone.
"""

import importlib
import importlib.util
import sys
from contextlib import suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any


def when_imported(name: str, then: str) -> None:
    """As soon as the module `name` is imported, or now where it is: import the module `then`, or, of "module:function",
    call the function with what was imported; where something that it needs is not installed, nothing happens.

    >>> when_imported("json", "minent.errors")
    """
    if name in sys.modules:
        _do(then, sys.modules[name])
    else:
        sys.meta_path.insert(0, _Watch(name, then))


def _do(then: str, imported: Any) -> None:
    name, _, function = then.partition(":")
    with suppress(ImportError):
        module = importlib.import_module(name)
        if function:
            getattr(module, function)(imported)


class _Watch(MetaPathFinder):
    """Finds nothing itself: it sees one module go by, once."""

    def __init__(self, name: str, then: str):
        self.name, self.then = name, then

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def run_and_load(module: Any) -> None:
            run(module)
            _do(self.then, module)

        spec.loader.exec_module = run_and_load  # type: ignore[method-assign]
        return spec
