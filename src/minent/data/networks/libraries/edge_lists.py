"""Links one by one: a list of tuples, or an array with a row of sources and one of targets."""

from typing import Any

import numpy as np

from minent.data.networks.arrays import array_of
from minent.data.networks.graph import Graph
from minent.data.networks.libraries.attributes_of_links import NONE, weights
from minent.data.networks.libraries.direction import Noted, graph_of_numbers
from minent.data.networks.libraries.libraries import graph_of_edge_index
from minent.data.networks.libraries.matrices import graph_of_matrix
from minent.data.networks.naming.names import name_array, sorted_names
from minent.errors import BadInput


def graph_of_list(links: list[Any], directed: bool | None, weight: str | int | None) -> Noted:
    """Links as networkx lists them, (u, v), (u, v, weight) or (u, v, attributes); u and v are names."""
    for k, link in enumerate(links):
        if not isinstance(link, tuple) or len(link) not in (2, 3):
            told = f"a list of links has tuples (u, v) or (u, v, weight); got {str(link)[:60]} for link {k}"
            raise BadInput(told + (": for a matrix pass numpy.array(…)" if isinstance(link, list) else ""))
    notes: list[str] = []
    names, source, target = sorted_names(*(_names([link[end] for link in links]) for end in (0, 1)))
    names = range(1 + max(source.max(initial=-1), target.max(initial=-1))) if names is None else names
    key, thirds = "weight" if weight is None else weight, [link[2] if len(link) == 3 else None for link in links]
    values = [third.get(key) if isinstance(third, dict) else third for third in thirds]
    if weight not in (None, NONE) and links and all(value is None for value in values):
        raise BadInput(f"no link has the attribute {weight!r}")
    weighed = None if weight == NONE or all(value is None for value in values) else weights(values, notes)
    network, told = graph_of_numbers(source, target, weighed, names, bool(directed), directed)
    return network, notes + told


def _names(ends: list[Any]) -> np.ndarray:
    for k, end in enumerate(ends):
        if end is None or isinstance(end, float | list | dict):
            raise BadInput(f"nodes must be called by numbers or text; got {end!r} for link {k}")
    return name_array(ends)


def graph_of_array(array: Any, directed: bool | None) -> Noted:
    """A square matrix, or two rows of integers; two by two of integers may be both."""
    shape, sparse = tuple(array.shape), hasattr(array, "tocoo") or getattr(array, "is_sparse", False)
    tensor = hasattr(array, "to_sparse_coo")
    if sparse or (tensor and str(array.layout) != "torch.strided"):
        return graph_of_matrix(array, directed)
    if isinstance(array, np.ma.MaskedArray) and len(shape) == 2 and shape[0] == shape[1] > 2:
        return graph_of_matrix(array, directed)
    numbers = array_of(array)
    rows = numbers.ndim == 2 and shape[0] == 2 and numbers.dtype.kind in "iu"
    if shape == (2, 2) and rows:
        wanted = "pass (source, target) for links, or array.astype(float) for a matrix"
        raise BadInput(f"an array of 2 × 2 integers may be two links or a matrix of two nodes; {wanted}")
    if rows:
        if tensor:
            return graph_of_edge_index(numbers, directed)
        return Graph.from_links(numbers[0], numbers[1], directed=bool(directed)), []
    if numbers.ndim == 2 and shape[0] == shape[1]:
        return graph_of_matrix(numbers, directed)
    hint = ": transpose it" if numbers.ndim == 2 and shape[1] == 2 and numbers.dtype.kind in "iu" else ""
    wanted = "(2, links) and be of integers" if numbers.dtype.kind not in "iu" else "(2, links)"
    raise BadInput(
        f"an array of links must have shape {wanted}, a matrix be square; got {numbers.dtype} of shape {shape}{hint}"
    )
