"""What a file tells of a tree: a row for each leaf, as columns; codelengths; rates of modules."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from minent.community.tree.files.paths import Path
from minent.errors import BadInput

Told = dict[str, float]  # the codelengths a file tells
Rates = dict[Path, tuple[float, float]]  # enter and exit of modules

COLUMNS = ("path", "flow", "name", "node_id")
HIGHER = ("state_id", "layer_id")


class Rows(NamedTuple):
    """A list for each column, as long as each other; None where the file has none."""

    path: list[Path]
    flow: list[float]
    name: list[Any] | None  # of the node
    node: list[int]
    state: list[int] | None = None
    layer: list[int] | None = None
    physical: bool = False  # a node may stand in several modules
    states: Mapping[int, str] = MappingProxyType({})  # what states are called, where not by number
    layers: Mapping[int, str] = MappingProxyType({})


Read = tuple[Rows, Told, Rates]


def path_of(text: str) -> Path:
    """A path as numbers, each from 1.

    >>> path_of("1:20:3")
    (1, 20, 3)
    """
    return checked(map(int, text.split(":")))


def checked(path: Iterable[int]) -> Path:
    """The path; raises BadInput where a number in it is below 1."""
    path = tuple(path)
    if not path or min(path) < 1:
        raise BadInput(f"a path is numbers from 1, as 1:2:1; got {':'.join(map(str, path[:9]))}")
    return path
