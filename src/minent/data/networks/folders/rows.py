"""Links of many parts become sorted rows on disk, bit for bit those of `sorted_rows`: of each part the entries lie in
buckets of neighbouring rows; then the buckets of all parts are sorted, about a million entries at a time."""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from minent.data.networks.folders.ends import ends_of
from minent.data.networks.folders.named import Names
from minent.data.networks.folders.parts import Each, Part, in_turn, undone
from minent.data.networks.folders.progress import Progress
from minent.data.networks.folders.scratch import Scratch
from minent.data.networks.folders.sorting import Thin, sorted_group
from minent.data.networks.graph import checked
from minent.data.networks.lines.link_tables import weights_of
from minent.data.networks.sorted_rows import fill_buckets
from minent.data.networks.thinned import LeftOut
from minent.errors import BadInput
from minent.kernels import compiled, read_only

GROUP = 1 << 20  # entries that are sorted together, where one bucket does not hold more
FINEST = 12  # bits of a row that tell its bucket, so that 15 at most are left
Rows = tuple[Int[np.ndarray, " rows"], Int[np.ndarray, " entries"], Float[np.ndarray, " entries"] | None]


def rows_of(
    scratch: Scratch,
    parts: Callable[[], Iterator[Part]],
    size: int,
    names: Names,
    directed: bool,
    thin: Thin,
    each: Each = in_turn,
) -> tuple[Rows, LeftOut]:
    """indptr, indices and weights (None: all 1) of all links; and what was left out."""
    nodes = len(names.keys)
    if not scratch.has("rows-done"):
        progress = Progress("reading links", size)
        told = names.keys, names.ids, names.starts, names.seed, directed
        for part, tables in undone(scratch, "spread", parts(), progress, each, spread_tables, told):
            for count, arrays in enumerate(tables, 1):
                for kind, array in arrays.items():
                    scratch.write(f"spread-{part.name}-{count:05d}-{kind}", array)
            scratch.write(f"spread-{part.name}-done")
            progress.add(part.size)
        sorted_buckets(scratch, nodes, directed, thin, each)
    return read_rows(scratch), LeftOut(*scratch.array("rows-done", np.int64).tolist())


def read_rows(scratch: Scratch, way: str = "") -> Rows:
    """Rows that are there; `way` is before the names of their files."""
    indptr, indices = scratch.array(f"{way}indptr", np.int64), scratch.array(f"{way}indices", np.int32)
    weights = scratch.array(f"{way}weights", np.float64) if scratch.has(f"{way}weights") else None
    return indptr.astype(np.int32) if len(indices) < 2**31 else indptr, indices, weights


def digits(nodes: int) -> tuple[int, int]:
    """Bits of the number of a node; and of a row, in its bucket."""
    bits = max(nodes - 1, 1).bit_length()
    return bits, min(15, max(bits - FINEST, 0))


def spread_tables(
    keys: np.ndarray, ids: np.ndarray, starts: np.ndarray, seed: int, directed: bool, part: Part
) -> Iterator[dict[str, np.ndarray]]:
    """Of each table of a part, the entries by buckets of rows."""
    names = Names(keys, ids, starts, seed)
    for table in part.tables():
        source, target = names.numbers(ends_of(table))
        weight = weights_of(table)
        if weight is not None:
            weight = checked(weight, "link", len(source))
            keep = weight > 0
            source, target, weight = (
                (source, target, weight) if keep.all() else (source[keep], target[keep], weight[keep])
            )
        yield spread(source, target, weight, directed, len(keys))


def spread(
    source: np.ndarray, target: np.ndarray, weight: np.ndarray | None, directed: bool, nodes: int
) -> dict[str, np.ndarray]:
    """The entries of links by buckets of rows."""
    entries = len(source) if directed else 2 * len(source) - int(np.count_nonzero(source == target))
    _, low = digits(nodes)
    ends = np.zeros((nodes >> low) + 1, np.int64)
    rests, columns = np.empty(entries, np.uint16), np.empty(entries, np.int32)
    weights = np.empty(0 if weight is None else entries)
    links = read_only(source), read_only(target), read_only(np.empty(0) if weight is None else weight)
    compiled(fill_buckets)(*links, directed, low, ends, rests, columns, weights)
    return {"keys": rests, "columns": columns} | ({} if weight is None else {"weights": weights}) | {"ends": ends}


def sorted_buckets(scratch: Scratch, nodes: int, directed: bool, thin: Thin, each: Each, way: str = "") -> None:
    """Rows of groups of buckets, then of all; `way` is before the names of all files."""
    bits, low = digits(nodes)
    tables = sorted(path.name.removesuffix("-ends") for path in scratch.folder.glob(f"{way}spread-*-ends"))
    starts = [np.append(0, scratch.array(f"{one}-ends", np.int64)) for one in tables]
    total = np.sum([np.diff(one) for one in starts], axis=0) if tables else np.zeros((nodes >> low) + 1, np.int64)
    found = groups(total)
    progress = Progress("sorting links", len(found))
    waiting: deque[int] = deque()

    def asked() -> Iterator[tuple[Any, ...]]:
        for number, (first, last) in enumerate(found):
            if scratch.has(f"{way}group-{number:06d}-left"):
                progress.add(1, True)
                continue
            waiting.append(number)
            slices = [(one, start[first : last + 1]) for one, start in zip(tables, starts, strict=True)]
            ends = np.sum([start[first + 1 : last + 1] - start[first] for start in starts], axis=0)
            yield first << low, min(nodes, last << low) - (first << low), ends, *_bucketed(scratch, slices, ends)

    for arrays in each(sorted_group, (bits, low, directed, *thin), asked()):
        called = f"{way}group-{waiting.popleft():06d}"
        for kind, array in arrays.items():
            scratch.write(f"{called}-{kind}", array)
        progress.add(1)
    scratch.drop(*(f"{way}spread-*-{kind}" for kind in ("keys", "columns", "weights")))
    _joined(scratch, [f"{way}group-{number:06d}" for number in range(len(found))], way)
    scratch.drop(f"{way}group-*", f"{way}spread-*")


def groups(entries: Int[np.ndarray, " buckets"]) -> list[tuple[int, int]]:
    """Ranges of buckets with at most so many entries together, or of one bucket."""
    found, first, held = [], 0, 0
    for bucket, size in enumerate(entries.tolist()):
        if held and held + size > GROUP:
            found.append((first, bucket))
            first, held = bucket, 0
        held += size
    return [*found, (first, len(entries))]


def pieces(indptr: Int[np.ndarray, " rows"]) -> list[tuple[int, int]]:
    """Ranges of rows of about as many entries, or with one long row more.

    >>> pieces(np.array([0, 2, 2, 5]))
    [(0, 3)]
    """
    bounds = np.searchsorted(indptr, np.arange(0, int(indptr[-1]), GROUP)).tolist()
    return list(pairwise(sorted({0, *bounds, len(indptr) - 1})))


def _bucketed(
    scratch: Scratch, slices: list[tuple[str, np.ndarray]], ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """The entries of some buckets, those of one part after those of the last."""
    weighted = any(scratch.has(f"{one}-weights") for one, _ in slices)
    held = np.zeros(len(ends), np.int64)
    size = int(ends[-1]) if len(ends) else 0
    keys, indices, weights = np.empty(size, np.uint16), np.empty(size, np.int32), np.empty(size if weighted else 0)
    begin = np.append(0, ends[:-1]).astype(np.int64)
    for one, start in slices:
        first, last = start[[0, -1]].tolist()
        parts = (
            scratch.array(f"{one}-keys", np.uint16)[first:last],
            scratch.array(f"{one}-columns", np.int32)[first:last],
        )
        place = np.repeat(begin + held - (start[:-1] - first), np.diff(start)) + np.arange(last - first)
        keys[place], indices[place] = parts
        if weighted:
            has = scratch.has(f"{one}-weights")
            weights[place] = scratch.array(f"{one}-weights", np.float64)[first:last] if has else 1.0
        held += np.diff(start)
    return keys, indices, weights if weighted else None


def _joined(scratch: Scratch, groups: list[str], way: str) -> None:
    """The rows of all groups in one file; weights where any group has some."""
    degrees = [scratch.array(f"{one}-degrees", np.int64) for one in groups]
    scratch.write(f"{way}indptr", np.append(0, np.cumsum(np.concatenate(degrees))))
    scratch.write(f"{way}indices", *(scratch.array(f"{one}-indices", np.int32) for one in groups))
    if any(scratch.has(f"{one}-weights") for one in groups):
        each = ((one, len(scratch.array(f"{one}-indices", np.int32))) for one in groups)
        scratch.write(f"{way}weights", *(_weights(scratch, one, count) for one, count in each))
    with np.errstate(over="ignore"):
        total = scratch.array(f"{way}weights", np.float64).sum() if scratch.has(f"{way}weights") else 0.0
    if not total < np.inf:
        raise BadInput("link weights must have a sum that a number can hold; these are beyond 1e308: divide them")
    loops, light, light_loops = np.sum([scratch.array(f"{one}-left", np.int64) for one in groups], axis=0).tolist()
    directed = scratch.has("directed")
    scratch.write(f"{way}rows-done", np.array([loops, light_loops + (light if directed else light // 2)], np.int64))


def _weights(scratch: Scratch, group: str, count: int) -> np.ndarray:
    return scratch.array(f"{group}-weights", np.float64) if scratch.has(f"{group}-weights") else np.ones(count)
