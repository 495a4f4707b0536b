"""A network of layers, as one of states: a node in a layer is a state, and the walk keeps to its layer or relaxes."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from minent.data.networks.graph import Graph
from minent.data.networks.layers.relaxation import LayerStates, Relaxation, crossed, relaxed, relaxed_alike
from minent.data.networks.naming.names import name_array, sorted_names
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
    relax_limit_up: int | None = None,
    relax_limit_down: int | None = None,
    directed: bool = False,
) -> States:
    """The states of a walk on layers: link k joins source[k] and target[k] in layer[k]; states are (layer, node).

    between      (layer, node, other layer, weight) of links between layers, in place of relaxing (no relax_… then)
    relax_rate   the probability to follow a link of the node's in any layer
    relax_limit  …whose number differs by no more than this; None: in any. relax_limit_up and relax_limit_down are
                 those of layers with larger and smaller numbers, where they differ
    relax_by     "strength": layers in proportion to the node's strength there; "jensen-shannon": to layers where its
                 links lead to the same nodes. Of these the weights count as they stand, as in the reference: twice
                 the weights relax twice as often, so the links of a node in a layer had better sum to about 1.

    In links that relax the weights say where the walk goes, not how often anything was seen: their sum is the number of
    states with links whatever `weight` is.

    Raises BadInput.

    >>> network = multilayer([1, 1, 2, 2], ["a", "b", "a", "b"], ["b", "c", "b", "d"])
    >>> network, network.physical.tolist(), network.names.tolist()[0]
    (States(6 states of 4 nodes, 14 links, directed, weighted), [0, 1, 2, 0, 1, 3], (1, 'a'))
    """
    from scipy.sparse import csr_array

    limits = {"relax_limit": relax_limit, "relax_limit_up": relax_limit_up, "relax_limit_down": relax_limit_down}
    weights = np.ones(len(layer := name_array(layer))) if weight is None else np.array(list(weight), float)
    first, node_of, second, crossing = between or ((), (), (), ())
    (at, one, two), layers = _coded(layer, first, second)
    (a, b, of), nodes = _coded(source, target, node_of)
    _check(layers, relax_rate, limits, relax_by)
    said = Relaxation(relax_rate, relax_limit, relax_by, relax_limit_up, relax_limit_down)
    if between is not None and said != Relaxation():
        raise BadInput("a walk changes layers along links between layers where there are any; relax_… is of others")
    if not len(at) == len(a) == len(b) == len(weights):
        raise BadInput("layers, sources, targets and weights are one for each link; their numbers differ")
    codes = [(layer * len(nodes) + node) for layer, node in ((at, a), (at, b), (one, of), (two, of))]
    states, places = np.unique(np.concatenate(codes), return_inverse=True)
    source, target, here, there = np.split(places, np.cumsum([len(code) for code in codes])[:-1])
    inside = Graph.from_links(source, target, weights, directed=directed, names=np.arange(len(states)))
    layer, node = np.divmod(states, max(len(nodes), 1))
    entries = np.ones(len(inside.indices)) if inside.weights is None else inside.weights
    links = csr_array((entries, inside.indices, inside.indptr), shape=(len(states), len(states)))
    of_states = LayerStates(links, layers[layer] if layers.dtype == np.int64 else layer, node)
    if between is not None:
        steps = crossed(of_states, here, there, np.array(list(crossing), float), both=not directed)
    else:
        up, down = (relax_limit if limit is None else limit for limit in (relax_limit_up, relax_limit_down))
        steps = (relaxed if relax_by == "strength" else relaxed_alike)(of_states, relax_rate, up, down)
    names = np.empty(len(states), object)
    names[:] = list(zip(layers[layer].tolist(), called := nodes[node].tolist(), strict=True))
    steps = Graph.from_links((steps := steps.tocoo()).row, steps.col, steps.data, directed=True, names=names)
    return States.of(steps, called, layers[layer])


def _coded(*values: Iterable[Any]) -> tuple[list[np.ndarray], np.ndarray]:
    """Values as numbers, and what the numbers stand for, in sorted order."""
    arrays = [name_array(value) for value in values]
    every = np.concatenate([array for array in arrays if len(array)] or arrays[:1])
    names, numbers, _ = sorted_names(every, every)
    names = np.arange(int(numbers.max(initial=-1)) + 1) if names is None else names
    return np.split(numbers.astype(np.int64), np.cumsum([len(array) for array in arrays])[:-1]), names


def _check(layers: np.ndarray, relax_rate: float, limits: dict[str, int | None], relax_by: str) -> None:
    if not 0 <= relax_rate <= 1:
        raise BadInput(f"relax_rate is a probability, from 0 to 1; got {relax_rate}")
    if relax_by not in ("strength", "jensen-shannon"):
        raise BadInput(f"relax_by is 'strength' or 'jensen-shannon'; got {relax_by!r}")
    if relax_by == "jensen-shannon" and relax_rate == 1:
        raise BadInput("relax_rate must be below 1 to relax by Jensen-Shannon similarity")
    for name, limit in limits.items():
        if limit is None:
            continue
        if limit < 0:
            raise BadInput(f"{name} must be at least 0, or None for any layer; got {limit}")
        if layers.dtype != np.int64 and (called := [layer for layer in layers if not isinstance(layer, int)]):
            raise BadInput(f"layers are integers where {name} is given; got {called[0]!r}")
