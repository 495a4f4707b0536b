"""Networks in files that are not read into memory, as `find` and `stability` take them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from minent.community.options import Objective
from minent.community.walk.objective import on_disk
from minent.data import Graph
from minent.data.networks.choices import Choices
from minent.data.networks.folders.files import is_stored
from minent.data.networks.folders.folder import stored


def lies_in_files(network: Any, memory: Any) -> bool:
    """Whether links are left on disk: those of a folder, a URI or a dataset, and where memory is told for them."""
    return memory is not None or is_stored(network)


@contextmanager
def in_files(
    network: Any,
    directed: bool | None,
    objective: Objective,
    *,
    memory: Any = None,
    flow_model: str | None = None,
    overlapping: bool = False,
    no_self_links: bool = False,
    weight_threshold: float = 0.0,
) -> Iterator[Graph]:
    """Within the block, the network without the links that are left out, on disk where the walk allows it."""
    if directed is None and flow_model is not None:
        directed = flow_model != "undirected"
    plain = on_disk(flow_model, objective, overlapping)
    left = {"no_self_links": no_self_links, "weight_threshold": weight_threshold}
    with stored(network, Choices(), directed, memory=memory, on_disk=plain, **left) as (graph, _):
        yield graph
