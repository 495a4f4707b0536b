"""The network of a folder of links, its rows on disk."""

import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from minent.data.networks.choices import Choices, heeded
from minent.data.networks.folders.files import files_of
from minent.data.networks.folders.named import names_of
from minent.data.networks.folders.parts import Each, in_turn, parts
from minent.data.networks.folders.rows import Rows, Thin, rows_of
from minent.data.networks.folders.scratch import Scratch, kept_scratch
from minent.data.networks.folders.turned import turned
from minent.data.networks.folders.understood import agreed, understood
from minent.data.networks.graph import Graph
from minent.errors import BadInput

SHARD = 1 << 26  # bytes of input for each shard of names
NODE, LINK = 150, 80  # bytes of memory that a search takes for a node, and for a link that is in memory
DIRECTED = 50  # more for a node, where links have a direction
UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
MEMORY = "8GB"


@dataclass(frozen=True, eq=False, repr=False)
class Stored(Graph):
    """A network whose rows lie on disk, in `scratch`, and what of `memory` is left for links, in bytes; `back` are the
    rows of links to each node, where they have a direction."""

    scratch: Scratch | None = field(default=None, kw_only=True)
    room: int = field(default=0, kw_only=True)
    back: Rows | None = field(default=None, kw_only=True)


def memory_of(said: str | int | None) -> int:
    """Bytes, as people write them.

    >>> memory_of("1.5GB"), memory_of(2000)
    (1500000000, 2000)
    """
    found = re.fullmatch(r"([\d.]+) ?([KMGT]?)i?B?", str(MEMORY if said is None else said).strip(), re.IGNORECASE)
    try:
        bytes_ = int(float(found[1]) * UNITS[found[2].upper()]) if found else 0
    except ValueError:
        bytes_ = 0
    if bytes_ <= 0:
        raise BadInput(f"memory must be a number of bytes, as 8GB or 500MB; got {said!r}")
    return bytes_


@contextmanager
def stored(
    network: Any,
    choices: Choices = Choices(),  # noqa: B008
    directed: bool | None = None,
    *,
    memory: str | int | None = None,
    no_self_links: bool = False,
    weight_threshold: float = 0.0,
    on_disk: bool = True,
    each: Each = in_turn,
) -> Iterator[tuple[Graph, str]]:
    """Within the block, the network of the links in a folder, a file, a URI or a dataset of pyarrow; and what of it was
    left out, in words. Parts are read, and rows sorted, by `each`, here or elsewhere. Not `on_disk`, it is in memory,
    and refused where that would be more than `memory`.

    Nodes have the names, numbers and order that they have in a single file of the same links. Work goes on where a
    process that was killed left it; at the end nothing is left. Raises BadInput.
    """
    room = memory_of(memory)
    if not 0 <= weight_threshold < math.inf:
        raise BadInput(f"weight_threshold must be at least 0 and finite; got {weight_threshold}")
    listed = files_of(network)
    asked = directed, no_self_links, float(weight_threshold), sorted((k, str(v)) for k, v in asdict(choices).items())
    name = getattr(network, "files", None) or os.path.realpath(network) if "://" not in str(network) else str(network)
    told = {"version": 1, "files": [(one.path, one.told) for one in listed], "asked": repr(asked)}
    with kept_scratch((name, asked), told, remote=listed[0].system.type_name != "local") as scratch:
        looked = [one for file in listed if (one := understood(file, choices)) is not None]
        if not looked:
            raise BadInput(f"there are no links in {_called(network)!r}")
        first = agreed(looked)
        heeded(choices, first.plan.format, first.plan.file)
        directed = bool(_direction(first.roles, directed if directed is not None else first.directed, first.plan.file))
        if directed:
            scratch.write("directed")
        read, size = partial(parts, looked), sum(one.file.size for one in looked)
        shards = 1 << max(0, (size // SHARD).bit_length())
        names, called = names_of(scratch, read, size, shards, each)
        nodes = (NODE + DIRECTED * directed) * len(called)
        room -= nodes
        if room <= 0:
            raise BadInput(
                f"{len(called):,} nodes want about {nodes / 1e9:,.2g} GB of memory, whatever links lie on disk; got "
                f"--memory {memory or MEMORY}"
            )
        thin = Thin(no_self_links, weight_threshold)
        rows, left = rows_of(scratch, read, size, names, directed, thin, each)
        del names
        count, empty = len(looked), len(listed) - len(looked)
        notes = (f"{count:,} files" if count > 1 else "", f"{empty:,} empty files passed over" if empty else "")
        ids = "integers" if called.dtype.kind == "i" else "text"
        plan = replace(first.plan, file=_called(network), ids=ids, notes=(*filter(None, notes), *first.plan.notes))
        if called.dtype.kind == "i" and np.array_equal(called, np.arange(len(called))):
            called = None
        if on_disk:
            back = turned(scratch, rows, each) if directed else None
            yield Stored(*rows, directed, called, plan=plan, scratch=scratch, room=room, back=back), str(left)
        else:
            yield _in_memory(rows, directed, called, plan, room), str(left)


def _in_memory(rows: Rows, directed: bool, names: np.ndarray | None, plan: Any, room: int) -> Graph:
    indptr, indices, weights = rows
    links = len(indices) if directed else len(indices) // 2
    if links * LINK > room:
        raise BadInput(
            f"{links:,} links in such a walk are searched in memory and want about {links * LINK / 1e9:,.2g} GB beside "
            "the nodes; wanted a --memory of that (steps along links as they are may lie on disk)"
        )
    weights = None if weights is None else np.array(weights)
    return Graph(indptr, np.array(indices), weights, directed, names, None, plan=plan)


def _direction(roles: Any, directed: bool | None, file: str) -> bool | None:
    if roles.layer is not None:
        raise BadInput(f"layers are read of a single file, into memory; got a column of layers in {file!r}")
    if roles.kind is not None and directed is None:
        raise BadInput(
            f"a column of {file!r} says which links are directed: --directed, or --flow-model undirected, must say it "
            "for a folder (directed=)"
        )
    return directed


def _called(network: Any) -> str:
    return str(network) if isinstance(network, str | Path) else "a dataset"
