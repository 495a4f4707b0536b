"""A network of layers, as one of states: a node in a layer is a state, and the walk keeps to its layer or relaxes."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from minent.data.networks.graph import Graph
from minent.data.networks.relaxation import LinksInLayers
from minent.data.networks.states import States
from minent.errors import BadInput


def multilayer(
    layer: Iterable[Any],
    source: Iterable[Any],
    target: Iterable[Any],
    weight: Iterable[Any] | None = None,
    *,
    between: tuple[Iterable[Any], Iterable[Any], Iterable[Any], Iterable[Any]] | None = None,
    relax_rate: float = 0.15,
    relax_limit: int | None = None,
    relax_by: str = "strength",
    directed: bool = False,
) -> States:
    """The states of a walk on layers: link k joins source[k] and target[k] in layer[k]; states are (layer, node).

    between      (layer, node, other layer, weight) of links between layers, in place of relaxing
    relax_rate   the probability to follow a link of the node's in any layer
    relax_limit  …whose number differs by no more than this; None: in any
    relax_by     "strength": layers in proportion to the node's strength there; "jensen-shannon": to layers where its
                 links lead to the same nodes. Of these the weights count as they stand, as in the reference: twice
                 the weights relax twice as often, so the links of a node in a layer had better sum to about 1.

    Raises BadInput.

    >>> network = multilayer([1, 1, 2, 2], ["a", "b", "a", "b"], ["b", "c", "b", "d"])
    >>> network, network.physical.tolist(), network.names.tolist()[0]
    (States(6 states of 4 nodes, 14 links, directed, weighted), [0, 1, 2, 0, 1, 3], (1, 'a'))
    """
    layers, ends = list(layer), (list(source), list(target))
    _check(layers, relax_rate, relax_limit, relax_by)
    weights = np.ones(len(layers)) if weight is None else np.array(list(weight), float)
    if not len(layers) == len(ends[0]) == len(ends[1]) == len(weights):
        raise BadInput("layers, sources, targets and weights are one for each link; their numbers differ")
    crossing = None if between is None else tuple(map(list, between))
    states = {*zip(layers, ends[0], strict=True), *zip(layers, ends[1], strict=True)}
    if crossing is not None:
        states.update(zip(crossing[0], crossing[1], strict=True), zip(crossing[2], crossing[1], strict=True))
    place = {state: i for i, state in enumerate(sorted(states))}
    a, b = (np.array([place[at, node] for at, node in zip(layers, end, strict=True)], np.int64) for end in ends)
    inside = Graph.from_links(a, b, weights, directed=directed, names=range(len(place)))
    rows = LinksInLayers(inside, list(place))
    if crossing is not None:
        links = rows.crossed(*crossing, both=not directed)
    else:
        links = (rows.relaxed if relax_by == "strength" else rows.relaxed_alike)(relax_rate, relax_limit)
    names = np.empty(len(place), object)
    names[:] = list(place)
    return States.of(Graph.from_links(*links, directed=True, names=names), [node for _, node in place])


def _check(layers: list[Any], relax_rate: float, relax_limit: int | None, relax_by: str) -> None:
    if not 0 <= relax_rate <= 1:
        raise BadInput(f"relax_rate is a probability, from 0 to 1; got {relax_rate}")
    if relax_by not in ("strength", "jensen-shannon"):
        raise BadInput(f"relax_by is 'strength' or 'jensen-shannon'; got {relax_by!r}")
    if relax_by == "jensen-shannon" and relax_rate == 1:
        raise BadInput("relax_rate must be below 1 to relax by Jensen-Shannon similarity")
    if relax_limit is not None and (called := [name for name in layers if not isinstance(name, int | np.integer)]):
        raise BadInput(f"layers are integers where relax_limit is given; got {called[0]!r}")
