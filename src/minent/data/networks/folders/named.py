"""The names of all nodes, in sorted order, as of a single file: each part's names go by their keys to one of some shards,
whose number follows from the size of the input; each shard's are told apart; all are then sorted.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Int

from minent.data.networks.folders.keys import (
    buckets,
    integers_of_keys,
    keys_of_integers,
    keys_of_words,
    places,
    shard_starts,
)  # fmt: skip
from minent.data.networks.folders.parts import Part
from minent.data.networks.folders.progress import Progress
from minent.data.networks.folders.scratch import Scratch
from minent.data.networks.lines.columns.numbered import encoded_words, is_text, whole_numbers
from minent.errors import BadInput
from minent.kernels import compiled, log

if TYPE_CHECKING:
    import pyarrow as pa


class Same(Exception):  # noqa: N818
    """Two names have one key."""


class Names(NamedTuple):
    """Sorted keys, the number of the node that has each, and how to find a key; `seed` drew the keys of text."""

    keys: Int[np.ndarray, " nodes"]
    ids: Int[np.ndarray, " nodes"]
    starts: Int[np.ndarray, " bounds"]
    seed: int

    def numbers(self, ends: "list[pa.ChunkedArray]") -> list[Int[np.ndarray, " links"]]:
        """The nodes at these ends."""
        found = []
        for end in ends:
            if is_integers(end):
                found.append(compiled(places)(keys_of_integers(end.to_numpy()), *self[:3]))
            else:
                words = _words(end)
                number = compiled(places)(keys_of_words(words.dictionary, self.seed), *self[:3])
                found.append(number[words.indices.to_numpy()])
        return found


def ends_of(table: "pa.Table") -> "list[pa.ChunkedArray]":
    """The two ends of links as int64 or as text. Raises BadInput for others."""
    import pyarrow as pa

    ends, _ = whole_numbers(table.column(0), table.column(1))
    inner = [end.type.value_type if pa.types.is_dictionary(end.type) else end.type for end in ends]
    if all(map(pa.types.is_integer, inner)):
        try:
            return [end.cast("int64") for end in ends]
        except pa.ArrowInvalid:
            raise BadInput("integer names must be below 2**63; got larger ones: cast them to text") from None
    if all(pa.types.is_integer(one) or is_text(one) for one in inner):
        return [end.cast("int64").cast("string") if pa.types.is_integer(one) else end
                for end, one in zip(ends, inner, strict=True)]  # fmt: skip
    raise BadInput(f"nodes must be called by integers or text; got columns of {inner[0]} and {inner[1]}")


def is_integers(end: "pa.ChunkedArray") -> bool:
    import pyarrow as pa

    return pa.types.is_integer(end.type)


def _words(end: "pa.ChunkedArray") -> "pa.DictionaryArray":
    """Different words, as large strings, and the place of each end among them."""
    import pyarrow as pa

    kind = pa.dictionary(pa.int32(), pa.large_string())
    one = pa.chunked_array([*encoded_words(end).cast(kind).chunks], kind).unify_dictionaries().combine_chunks()
    return one.chunk(0) if isinstance(one, pa.ChunkedArray) else one


def names_of(scratch: Scratch, parts: Any, size: int, shards: int) -> tuple[Names, Any]:
    """How nodes are found, and their names in order: int64, or text as numpy has it."""
    seed = len(list(scratch.folder.glob("seed-*")))
    while True:
        try:
            if not scratch.has("names-done"):
                _named_parts(scratch, parts(), size, shards, seed)
                _sorted_names(scratch, shards)
            keys = scratch.array("names-keys", np.int64)
            return Names(keys, scratch.array("names-ids", np.int32), buckets(keys), seed), read_names(scratch)
        except Same:
            seed += 1
            scratch.write(f"seed-{seed}")
            log.warning("two names had the same key; reading them again with other keys")
            scratch.drop("names-*")


def _named_parts(scratch: Scratch, parts: Any, size: int, shards: int, seed: int) -> None:
    """The names in each part, sorted by their keys."""
    progress = Progress("reading names", size)
    part: Part
    for part in parts:
        called = f"names-{part.name}"
        done = scratch.has(f"{called}-done")
        if not done:
            count = 0
            for count, table in enumerate(part.tables(), 1):
                _named_table(scratch, f"{called}-{count}", table, shards, seed)
            scratch.write(f"{called}-done", str(count).encode())
        progress.add(part.size, done)


def _named_table(scratch: Scratch, called: str, table: "pa.Table", shards: int, seed: int) -> None:
    import pyarrow as pa

    ends = ends_of(table)
    if is_integers(ends[0]):
        keys = np.unique(np.concatenate([keys_of_integers(end.to_numpy()) for end in ends]))
    else:
        both = pa.chunked_array([chunk for end in ends for chunk in end.cast("large_string").chunks])
        words = both.unique()
        keys = keys_of_words(words, seed)
        order = np.argsort(keys)
        keys = keys[order]
        _write_words(scratch, f"{called}-words", words.take(pa.array(order)))
    scratch.write(f"{called}-starts", shard_starts(keys, shards))
    scratch.write(f"{called}-keys", keys)


def _sorted_names(scratch: Scratch, shards: int) -> None:
    """Names of all parts, each once, and the order they have."""
    import pyarrow as pa
    import pyarrow.compute as pc

    tables = sorted(path.name.removesuffix("-starts") for path in scratch.folder.glob("names-*-starts"))
    text = any(scratch.has(f"{one}-words") for one in tables)
    all_keys, all_words = [], []
    for shard in range(shards):
        keys, words = [np.empty(0, np.int64)], []
        for one in tables:
            first, last = scratch.array(f"{one}-starts", np.int64)[shard : shard + 2].tolist()
            keys.append(scratch.array(f"{one}-keys", np.int64)[first:last])
            if text:
                words.append(_part_words(scratch, one, first, last, keys[-1]))
        key = np.concatenate(keys)
        order = np.argsort(key, kind="stable")
        key = key[order]
        new = np.append(True, key[1:] != key[:-1])[: len(key)]
        if text and len(key):
            word = pa.concat_arrays(words).take(pa.array(order))
            same = np.flatnonzero(~new)
            if not word.take(pa.array(same)).equals(word.take(pa.array(same - 1))):
                raise Same
            all_words.append(word.filter(pa.array(new)))
        all_keys.append(key[new])
    keys = np.concatenate(all_keys)
    if len(keys) >= 2**31 - 1:
        raise BadInput(f"there are {len(keys):,} nodes; wanted fewer than {2**31 - 1:,}")
    if text:
        words = pa.chunked_array(all_words, pa.large_string()).combine_chunks()
        order = pc.call_function("sort_indices", [words]).to_numpy()
        _write_words(scratch, "names-words", words.take(pa.array(order)))
    else:
        names = integers_of_keys(keys)
        order = np.argsort(names)
        scratch.write("names-integers", names[order])
    ids = np.empty(len(keys), np.int32)
    ids[order] = np.arange(len(keys), dtype=np.int32)
    scratch.write("names-ids", ids)
    scratch.write("names-keys", keys)
    scratch.write("names-done", b"1")
    scratch.drop("names-0*")


def _part_words(scratch: Scratch, one: str, first: int, last: int, keys: np.ndarray) -> "pa.Array":
    """The names of a table whose keys are these, as text."""
    import pyarrow as pa

    if not scratch.has(f"{one}-words"):
        return pa.array(integers_of_keys(keys)).cast("large_string")
    with pa.memory_map(str(scratch.folder / f"{one}-words")) as file:
        return pa.concat_arrays(pa.ipc.open_file(file).read_all().column(0).slice(first, last - first).chunks or
                                [pa.array([], pa.large_string())])  # fmt: skip


def _write_words(scratch: Scratch, called: str, words: "pa.Array") -> None:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    table = pa.table({"name": words})
    with pa.ipc.new_file(sink, table.schema) as file:
        file.write_table(table)
    scratch.write(called, sink.getvalue())


def read_names(scratch: Scratch) -> np.ndarray:
    """Sorted names: int64, or text of numpy, of which none is a Python object."""
    import pyarrow as pa

    if scratch.has("names-integers"):
        return scratch.array("names-integers", np.int64)
    with pa.memory_map(str(scratch.folder / "names-words")) as file:
        words = pa.ipc.open_file(file).read_all().column(0)
        names = np.empty(len(words), np.dtypes.StringDType())
        for first in range(0, len(words), 1 << 16):
            names[first : first + (1 << 16)] = words.slice(first, 1 << 16).to_pylist()
    return names
