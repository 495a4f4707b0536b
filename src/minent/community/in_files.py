"""Networks in files that are not read into memory, as `find` and `stability` take them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from minent.community.options import Objective
from minent.community.walk.objective import on_disk
from minent.data import Graph
from minent.data.networks.choices import Choices
from minent.data.networks.folders.files import files_of, is_stored
from minent.data.networks.folders.folder import Stored, memory_of, stored
from minent.data.networks.folders.parts import Each, in_turn
from minent.errors import BadInput


def lies_in_files(network: Any, memory: Any, ray: Any = None) -> bool:
    """Whether links are left on disk: those of a folder, a URI or a dataset, and where memory or machines are told."""
    return memory is not None or is_stored(network) or (ray is not None and not isinstance(network, Stored))


def checked(ray: str | None, network: Any, plain: bool) -> None:
    """Raises BadInput for what machines cannot do, before any is asked."""
    if ray is not None and not plain:
        wanted = "walks along links as they are, whose jumps are not recorded, in modules that do not overlap"
        raise BadInput(f"ray is for {wanted}: others are searched on one machine, without it")
    if ray is not None:
        files_of(network)


@contextmanager
def machines(ray: str | None, memory: Any, threads: int | None) -> Iterator[Each]:
    """Within the block, what does tasks: this process, or the Ray cluster at an address."""
    if ray is None:
        yield in_turn
        return
    if not isinstance(ray, str):
        raise BadInput(f"ray must be the address of a Ray cluster, 'auto' or 'local'; got {ray!r}")
    from minent.community.search.cluster import cluster
    from minent.community.search.on_ray import Machines

    with cluster(ray, memory_of(memory), threads or os.cpu_count() or 1):
        yield Machines().each


@contextmanager
def in_files(
    network: Any,
    directed: bool | None,
    objective: Objective,
    *,
    memory: Any = None,
    ray: str | None = None,
    threads: int | None = None,
    flow_model: str | None = None,
    recorded: bool = False,
    overlapping: bool = False,
    no_self_links: bool = False,
    weight_threshold: float = 0.0,
) -> Iterator[Graph]:
    """Within the block, the network without the links that are left out, on disk where the walk allows it."""
    if directed is None and flow_model is not None:
        directed = flow_model != "undirected"
    plain = on_disk(flow_model, objective, overlapping, recorded, directed)
    left = {"no_self_links": no_self_links, "weight_threshold": weight_threshold}
    checked(ray, network, plain)
    with (
        machines(ray, memory, threads) as each,
        stored(network, Choices(), directed, memory=memory, on_disk=plain, each=each, **left) as (graph, _),
    ):
        yield graph
