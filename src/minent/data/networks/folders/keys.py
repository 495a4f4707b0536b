"""Names as numbers of 64 bits that look drawn at random: so a name's shard, and its place there, follow from it alone.

Integers are mixed, which can be undone (splitmix64, Steele, Lea & Flood 2014); text is mixed eight bytes at a time, and
two texts of one key are found out, see `named`. Integers in text have the keys of integers.
"""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

from minent.kernels import kernel

if TYPE_CHECKING:
    import pyarrow as pa

PLAIN = "^(0|-?[1-9][0-9]{0,17})$"
GOLDEN, FIRST, SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
BACK_SECOND, BACK_FIRST = np.uint64(0x319642B2D24D8EC3), np.uint64(0x96DE1B173F119089)
SIGN = np.uint64(1 << 63)


def _mixed(x: np.ndarray) -> np.ndarray:
    x = (x ^ (x >> np.uint64(30))) * FIRST
    x = (x ^ (x >> np.uint64(27))) * SECOND
    return x ^ (x >> np.uint64(31))


def keys_of_integers(names: Int[np.ndarray, " names"]) -> Int[np.ndarray, " names"]:
    """The key of each.

    >>> integers_of_keys(keys_of_integers(np.array([7, -1, 2**62]))).tolist()
    [7, -1, 4611686018427387904]
    """
    return (_mixed(names.astype(np.int64).view(np.uint64) + GOLDEN) ^ SIGN).view(np.int64)


def integers_of_keys(keys: Int[np.ndarray, " names"]) -> Int[np.ndarray, " names"]:
    """The integers that have these keys."""
    x = keys.view(np.uint64) ^ SIGN
    x = x ^ (x >> np.uint64(31)) ^ (x >> np.uint64(62))
    x = x * BACK_SECOND
    x = x ^ (x >> np.uint64(27)) ^ (x >> np.uint64(54))
    x = x * BACK_FIRST
    x = x ^ (x >> np.uint64(30)) ^ (x >> np.uint64(60))
    return (x - GOLDEN).view(np.int64)


def keys_of_words(words: "pa.Array", seed: int) -> Int[np.ndarray, " words"]:
    """The key of each text of an array of large strings; `seed` draws other ones."""
    import pyarrow as pa
    import pyarrow.compute as pc

    keys = (_text_keys(words, seed) ^ SIGN).view(np.int64)
    plain = pc.call_function("match_substring_regex", [words], pc.MatchSubstringOptions(PLAIN))
    at = np.flatnonzero(plain.to_numpy(zero_copy_only=False))
    keys[at] = keys_of_integers(words.take(pa.array(at)).cast("int64").to_numpy())
    return keys


def _text_keys(words: "pa.Array", seed: int) -> np.ndarray:
    if not len(words):
        return np.empty(0, np.uint64)
    _, offsets, data = words.buffers()
    offsets = np.frombuffer(offsets, np.int64)[words.offset : words.offset + len(words) + 1]
    first, last = int(offsets[0]), int(offsets[-1])
    padded = np.zeros(last - first + 8, np.uint8)
    if last > first:
        padded[:-8] = np.frombuffer(data, np.uint8)[first:last]
    eights = np.ndarray(len(padded) - 7, "<u8", padded.data, strides=(1,))
    begin, length = offsets[:-1] - first, np.diff(offsets)
    key = _mixed(length.view(np.uint64) + np.full(len(words), seed, np.uint64) * GOLDEN)
    at, done = np.arange(len(words)), 0
    while len(at := at[length[at] > done]):
        rest = np.minimum(length[at] - done, 8)
        eight = eights[begin[at] + done] & (~np.uint64(0) >> (8 * (8 - rest)).astype(np.uint64))
        key[at] = _mixed((key[at] ^ eight) + GOLDEN)
        done += 8
    return key


def shard_starts(keys: Int[np.ndarray, " names"], shards: int) -> Int[np.ndarray, " bounds"]:
    """Where each of so many shards (a power of 2) begins among sorted keys, and the last ends."""
    width = 1 << (64 - (shards.bit_length() - 1))
    inner = [-(1 << 63) + k * width for k in range(1, shards)]
    return np.concatenate([[0], np.searchsorted(keys, np.array(inner, np.int64)), [len(keys)]]).astype(np.int64)


def buckets(keys: Int[np.ndarray, " names"]) -> Int[np.ndarray, " bounds"]:
    """Where names of each beginning of a key begin, about two names for each, for `places`."""
    return shard_starts(keys, 1 << max(0, (len(keys) // 2).bit_length()))


@kernel
def places(wanted, keys, ids, starts):
    """The ids of these keys among sorted ones, all of which are there."""
    bits = 0
    while (1 << bits) < len(starts) - 1:
        bits += 1
    found = np.empty(len(wanted), np.int32)
    for k in range(len(wanted)):
        key = wanted[k]
        at = starts[(key >> (64 - bits)) + (1 << (bits - 1))] if bits > 0 else 0
        while keys[at] < key:
            at += 1
        found[k] = ids[at]
    return found
