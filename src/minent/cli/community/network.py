"""What `minent community find` reads: links or paths, and what is said of them where the file does not tell."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from minent.community.options import Options
from minent.data.networks.choices import Choices
from minent.errors import BadInput
from minent.kernels import log

if TYPE_CHECKING:
    from minent.data import Graph


@dataclass(frozen=True)
class Relaxed:
    """How a walker changes layers; see `minent.data.multilayer`."""

    relax_rate: float = 0.15
    """Probability to follow a link of any layer, in a network of layers (*Intra)."""

    relax_limit: int | None = None
    """Layers whose numbers differ by more are not relaxed to."""

    relax_limit_up: int | None = None
    """Layers whose numbers are larger by more are not relaxed to; in place of --relax-limit."""

    relax_limit_down: int | None = None
    """Layers whose numbers are smaller by more are not relaxed to; in place of --relax-limit."""

    relax_by: Literal["strength", "jensen-shannon"] = "strength"
    """To layers by the node's strength in them, or by how alike its links there are."""

    layers: Annotated[bool, Parameter(negative="", show_default=False)] = False
    """The relations of a Pajek file, *Arcs :1 and *Arcs :2, are layers."""


@dataclass(frozen=True)
class Chosen(Choices):
    """What is said about the file of links, where it should not be told by what it holds."""

    header: Annotated[bool | None, Parameter(negative="--no-header")] = None
    """Whether the first line names the columns."""


@dataclass(frozen=True)
class Paths:
    """Where the file holds paths, names on a line, in place of links; see `minent.data.read_paths`."""

    order: Annotated[int | None, Parameter(show_default=False)] = None
    """Nodes that the next step depends on, in a file of paths, one a line: 2, the one the walker is in and the last."""

    counts: Annotated[bool | None, Parameter(negative="--no-counts", show_default=False)] = None
    """The last field of a path's line says how often it was walked."""


@contextmanager
def opened(
    links: str, directed: bool | None, choices: Choices, relaxed: Relaxed, paths: Paths, options: Options, plain: bool
) -> "Iterator[tuple[Graph, float, Options, str]]":
    """The network, on disk where it is a folder or memory is told for it; the seconds that reading it took, and what is
    left to be left out, and was."""
    from minent.community.in_files import checked, lies_in_files, machines
    from minent.data.networks.folders.folder import stored
    from minent.data.networks.thinned import thinned

    log.info("reading %s", links)
    if not lies_in_files(links, options.memory, options.ray):
        network, seconds = read(links, directed, choices, relaxed, paths)
        network, left = thinned(network, options.no_self_links, options.weight_threshold)
        yield network, seconds, options, str(left)
        return
    for one, default in ((paths, Paths()), (relaxed, Relaxed())):
        if one != default:
            name = next(field.name for field in fields(one) if getattr(one, field.name) != getattr(default, field.name))
            raise BadInput(f"--{name.replace('_', '-')} is of a file that is read into memory; got {links!r}")
    start, thin = time.perf_counter(), {name: getattr(options, name) for name in ("no_self_links", "weight_threshold")}
    checked(options.ray, links, plain)
    with (
        machines(options.ray, options.memory, options.threads) as each,
        stored(links, choices, directed, memory=options.memory, on_disk=plain, each=each, **thin) as (network, left),
    ):
        log.debug("%r", network.plan)
        options = replace(options, no_self_links=False, weight_threshold=0.0, memory=None)
        yield network, time.perf_counter() - start, options, left


def read(links: str, directed: bool | None, choices: Choices, relaxed: Relaxed, paths: Paths) -> "tuple[Graph, float]":
    """The network, and the seconds that reading it took."""
    from minent.data import read_graph, read_paths

    start = time.perf_counter()
    said = {name: value for name, value in asdict(choices).items() if value is not None}
    if paths.order is not None:
        if others := said.keys() - {"delimiter", "header"}:
            raise BadInput(f"paths have no {min(others)}; of them --delimiter, --header and --counts may be said")
        if relaxed != Relaxed():
            name = next(field.name for field in fields(Relaxed) if getattr(relaxed, field.name) != field.default)
            raise BadInput(f"--{name.replace('_', '-')} is of networks of layers; paths have none")
        network = read_paths(links, paths.order, counts=paths.counts, **said)
    elif paths.counts is not None:
        raise BadInput("--counts is said of a file of paths; say --order too")
    else:
        network = read_graph(links, directed, **said, **asdict(relaxed))
    log.debug("%r", network.plan)
    return network, time.perf_counter() - start
