"""minent: minimum entropy. Rooms load on first use: `import minent` is fast and loads none of them."""

import importlib
from typing import TYPE_CHECKING, Any

from minent.errors import BadInput, BadLine, MinentError, MissingExtra
from minent.when_imported import when_imported

if TYPE_CHECKING:
    from minent import attribution, community, data, gan, nn, plot, text, training
    from minent.data import Graph, as_graph, read_graph

__all__ = [
    "BadInput", "BadLine", "Graph", "MinentError", "MissingExtra",
    "__version__", "as_graph", "attribution", "community", "data", "gan", "nn", "plot", "read_graph", "text",
    "training",
]  # fmt: skip
__version__ = "0.2.0"

when_imported("transformers.modeling_utils", "minent.nn.attention.hub")  # lengthened models name minent's attention
for _kind, _told in {"t5": "t5", "mt5": "t5", "umt5": "t5", "mpnet": "mpnet"}.items():
    when_imported(f"transformers.models.{_kind}.modeling_{_kind}", f"minent.nn.attention.relative:{_told}")


def __getattr__(name: str) -> Any:
    if name in ("attribution", "community", "data", "gan", "nn", "plot", "text", "training"):
        return importlib.import_module(f"minent.{name}")
    if name in ("Graph", "as_graph", "read_graph"):
        return getattr(importlib.import_module("minent.data"), name)
    raise AttributeError(f"module 'minent' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
