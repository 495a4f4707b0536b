"""Links that have a time are layers: those of one time are one layer, and layers follow one another."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from minent.data.networks.layers.layers import multilayer
from minent.data.networks.names import name_array
from minent.data.networks.states import States
from minent.errors import BadInput

FEW = 20  # links that may all have times of their own


def layered(
    source: Iterable[Any],
    target: Iterable[Any],
    layer: Iterable[Any],
    weight: Iterable[Any] | None = None,
    *,
    directed: bool = False,
    **relaxed: Any,
) -> States:
    """The states of a walk on layers, (layer, node), where link k is of layer[k]: a number, a name or a date.

    Layers that are no integers are numbered in sorted order, so that `relax_limit` counts how many lie between;
    `relaxed` is relax_rate and the like, as for `multilayer`. Raises BadInput where a link has no layer, and where
    every link has a layer of its own, as by exact times: those had better be cut to days, or other spans.

    >>> network = layered(["a", "b"], ["b", "c"], ["2024-05", "2024-06"], relax_limit=1)
    >>> network.names.tolist()
    [('2024-05', 'a'), ('2024-05', 'b'), ('2024-06', 'b'), ('2024-06', 'c')]
    """
    called = [_layer(value, k) for k, value in enumerate(_values(layer))]
    distinct = set(called)
    if len(distinct) == len(called) > FEW:
        raise BadInput(f"every one of {len(called)} links has a layer of its own; cut times to spans, such as days")
    try:
        order = sorted(distinct)
    except TypeError:
        kinds = " and ".join(sorted({type(value).__name__ for value in distinct}))
        raise BadInput(f"layers must be all numbers or all text; got {kinds}") from None
    if all(type(value) is int for value in order):
        return multilayer(called, source, target, weight, directed=directed, **relaxed)
    rank = {value: k for k, value in enumerate(order)}
    network = multilayer([rank[value] for value in called], source, target, weight, directed=directed, **relaxed)
    names = np.empty(network.number_of_nodes, object)
    names[:] = [(order[at], node) for at, node in ([] if network.names is None else network.names.tolist())]
    return replace(network, names=names, layers=name_array([layer for layer, _ in names.tolist()]))


def _values(layer: Iterable[Any]) -> list[Any]:
    """Python's values; dates as text, which is in their order."""
    array = np.asarray(layer) if hasattr(layer, "__array__") else None
    if array is not None and array.dtype.kind == "M":
        return [None if np.isnat(date) else str(date) for date in _shortest(array)]
    return list(layer) if array is None else array.tolist()


def _shortest(dates: np.ndarray) -> np.ndarray:
    """Dates by the day where they have no time of day, else by the second where that tells all."""
    for unit in ("D", "s"):
        if (dates.astype(f"M8[{unit}]") == dates)[~np.isnat(dates)].all():
            return dates.astype(f"M8[{unit}]")
    return dates


def _layer(value: Any, link: int) -> Any:
    """A number, text, or a date as text."""
    if value is None or value != value:
        raise BadInput(f"every link needs a layer; link {link} has none")
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return getattr(value, "isoformat", lambda: value)()
