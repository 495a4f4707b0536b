"""The names of all nodes, in sorted order, as of a single file: each part's names go by their keys to one of some
shards, whose number follows from the size of the input; each shard's are told apart; all are then sorted.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Int

from minent.data.networks.folders.ends import ends_of, is_integers, part_words, read_names, words_of, write_words
from minent.data.networks.folders.keys import (
    buckets,
    integers_of_keys,
    keys_of_integers,
    keys_of_words,
    places,
    shard_starts,
)  # fmt: skip
from minent.data.networks.folders.parts import Each, Part, in_turn, undone
from minent.data.networks.folders.progress import Progress
from minent.data.networks.folders.scratch import Scratch
from minent.errors import BadInput
from minent.kernels import compiled, log

if TYPE_CHECKING:
    import pyarrow as pa


class Same(Exception):
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
                words = words_of(end)
                number = compiled(places)(keys_of_words(words.dictionary, self.seed), *self[:3])
                found.append(number[words.indices.to_numpy()])
        return found


def names_of(scratch: Scratch, parts: Any, size: int, shards: int, each: Each = in_turn) -> tuple[Names, Any]:
    """How nodes are found, and their names in order: int64, or text as numpy has it."""
    seed = len(list(scratch.folder.glob("seed-*")))
    while True:
        try:
            if not scratch.has("names-done"):
                _named_parts(scratch, parts(), size, shards, seed, each)
                _sorted_names(scratch, shards)
            keys = scratch.array("names-keys", np.int64)
            return Names(keys, scratch.array("names-ids", np.int32), buckets(keys), seed), read_names(scratch)
        except Same:
            seed += 1
            scratch.write(f"seed-{seed}")
            log.warning("two names had the same key; reading them again with other keys")
            scratch.drop("names-*")


def _named_parts(scratch: Scratch, parts: Iterator[Part], size: int, shards: int, seed: int, each: Each) -> None:
    """The names in each part, sorted by their keys."""
    progress = Progress("reading names", size)
    for part, tables in undone(scratch, "names", parts, progress, each, named_tables, (shards, seed)):
        count = 0
        for count, (starts, keys, words) in enumerate(tables, 1):
            called = f"names-{part.name}-{count}"
            if words is not None:
                write_words(scratch, f"{called}-words", words)
            scratch.write(f"{called}-starts", starts)
            scratch.write(f"{called}-keys", keys)
        scratch.write(f"names-{part.name}-done", str(count).encode())
        progress.add(part.size)


def named_tables(shards: int, seed: int, part: Part) -> Iterator[tuple[np.ndarray, np.ndarray, "pa.Array | None"]]:
    """Of each table of a part: where shards begin, the keys in it, and the names that have these, if text."""
    import pyarrow as pa

    for table in part.tables():
        ends, words = ends_of(table), None
        if is_integers(ends[0]):
            keys = np.unique(np.concatenate([keys_of_integers(end.to_numpy()) for end in ends]))
        else:
            both = pa.chunked_array([chunk for end in ends for chunk in end.cast("large_string").chunks])
            words = both.unique()
            keys = keys_of_words(words, seed)
            order = np.argsort(keys)
            keys, words = keys[order], words.take(pa.array(order))
        yield shard_starts(keys, shards), keys, words


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
                words.append(part_words(scratch, one, first, last, keys[-1]))
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
        write_words(scratch, "names-words", words.take(pa.array(order)))
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
