"""Links that have a time are layers: those of one time are one layer, and layers follow one another."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from minent.data.networks.layers.layers import multilayer
from minent.data.networks.layers.order import order_of
from minent.data.networks.naming.names import name_array
from minent.data.networks.plan import Plan
from minent.data.networks.states import States
from minent.errors import BadInput

FEW = 20  # links that may all have times of their own
LIMITS = "relax_limit", "relax_limit_up", "relax_limit_down"


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

    Layers that are no integers are numbered in their order (see `order`), so that `relax_limit` counts how many lie
    between; `relaxed` is relax_rate and the like, as for `multilayer`. Raises BadInput where a link has no layer, where
    a limit is given and words tell no order, and where every link has a layer of its own, as by exact times: those had
    better be cut to days, or other spans.

    >>> network = layered(["a", "b"], ["b", "c"], ["2024-05", "2024-06"], relax_limit=1)
    >>> network.names.tolist()
    [('2024-05', 'a'), ('2024-05', 'b'), ('2024-06', 'b'), ('2024-06', 'c')]
    >>> network.plan.notes
    ('layers in the order 2024-05, 2024-06',)
    """
    order = order_of(layer)
    if len(order.layers) == len(order.called) > FEW:
        wanted = "cut times to spans, such as days"
        raise BadInput(f"every one of {len(order.called)} links has a layer of its own; {wanted}")
    limit = next((name for name in LIMITS if relaxed.get(name) is not None), None)
    if order.words and limit:
        wanted = "numbers, dates like 2024-01-05, or an ordered categorical"
        raise BadInput(
            f"{limit} counts layers in their order, which words do not tell; wanted {wanted}; {order.told()}"
        )
    if all(type(value) is int for value in order.layers):
        network = multilayer(order.called, source, target, weight, directed=directed, **relaxed)
        return replace(network, plan=Plan("layers", "object"))
    rank = {value: k for k, value in enumerate(order.layers)}
    ranks = [rank[value] for value in order.called]
    network = multilayer(ranks, source, target, weight, directed=directed, **relaxed)
    names = np.empty(network.number_of_nodes, object)
    names[:] = [(order.layers[at], node) for at, node in ([] if network.names is None else network.names.tolist())]
    layers = name_array([layer for layer, _ in names.tolist()])
    return replace(network, names=names, layers=layers, plan=Plan("layers", "object", notes=(order.told(),)))
