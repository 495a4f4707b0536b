"""Public names stand at the tops of rooms and are loaded on first use: importing a room is fast, and loads no torch."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from minent.errors import require


def on_first_use(room: str, homes: dict[str, str]) -> Callable[[str], Any]:
    """`__getattr__` of the module `room`: `homes` are the modules that hold its public names, divided by blanks.

    Raises MissingExtra where a name needs torch, which is not installed.

    >>> on_first_use("json", {"json.decoder": "JSONDecoder JSONDecodeError"})("JSONDecoder").__module__
    'json.decoder'
    """
    home_of = {name: home for home, names in homes.items() for name in names.split()}

    def loaded(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        try:
            return getattr(import_module(home_of[name]), name)
        except ModuleNotFoundError as error:
            if error.name == "torch":
                require("torch", "torch", f"use {room}.{name}")
            raise

    return loaded
