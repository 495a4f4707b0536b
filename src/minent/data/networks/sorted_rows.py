"""Links become sorted rows by counting: first into buckets of neighbouring sources; then each bucket, which fits the
cache, is sorted digit by digit on (source, target). O(nodes + links) time whatever the order of the links; beside the
result it takes two bytes for each entry, and 16 for each entry of the largest bucket.
"""

import numpy as np
from jaxtyping import Float, Int

from minent.kernels import kernel, read_only, runner

Rows = tuple[Int[np.ndarray, " rows"], Int[np.ndarray, " entries"], Float[np.ndarray, " entries"] | None]
BUCKET = 12  # bits of the source left to sort within a bucket, at most
DIGIT = 11  # bits sorted in one pass, at most


def sorted_rows(
    source: Int[np.ndarray, " links"],
    target: Int[np.ndarray, " links"],
    weight: Float[np.ndarray, " links"] | None,
    directed: bool,
    nodes: int,
) -> Rows:
    """indptr, indices and weights of these links between `nodes` nodes, repeated links summed.

    >>> indptr, indices, weights = sorted_rows(np.int32([0, 0]), np.int32([2, 1]), None, False, 3)
    >>> indptr.tolist(), indices.tolist(), weights
    ([0, 2, 3, 4], [1, 2, 0, 0], None)
    """
    entries = len(source) if directed else 2 * len(source) - int(np.count_nonzero(source == target))
    bits = max(nodes - 1, 1).bit_length()
    low = min(BUCKET, max(bits - 5, 0))
    passes = -(-(bits + low) // DIGIT)
    weighted = 0 if weight is None else entries
    indptr = np.zeros(nodes + 1, np.int32 if entries < 2**31 else np.int64)
    indices, weights, keys = np.empty(entries, np.int32), np.empty(weighted), np.empty(entries, np.uint16)
    ends = np.zeros((nodes >> low) + 1, np.int64)
    links = read_only(source), read_only(target), read_only(np.empty(0) if weight is None else weight)
    run = runner(len(source) // 8 + nodes // 16)
    run(fill_buckets)(*links, directed, low, ends, keys, indices, weights)
    largest = int(np.diff(ends, prepend=0).max())
    run(sort_buckets)(
        ends, low, bits, passes, np.empty((2, largest), np.int64), np.empty((2, largest if weighted else 0)),
        keys, indices, weights, indptr,
    )  # fmt: skip
    del keys
    np.cumsum(indptr, out=indptr)
    return summed(indptr, indices, None if weight is None else weights)


@kernel
def fill_buckets(source, target, weight, directed, low, ends, keys, columns, weights):
    """Entries, an undirected link giving two, by the high bits of their source; its low bits are the keys."""
    for k in range(len(source)):
        ends[source[k] >> low] += 1
        if not directed and source[k] != target[k]:
            ends[target[k] >> low] += 1
    total = 0
    for bucket in range(len(ends)):
        total, ends[bucket] = total + ends[bucket], total
    mask = (1 << low) - 1
    for k in range(len(source)):
        a, b = source[k], target[k]
        for _ in range(1 if directed or a == b else 2):
            at = ends[a >> low]
            ends[a >> low] = at + 1
            keys[at] = a & mask
            columns[at] = b
            if len(weight):
                weights[at] = weight[k]
            a, b = b, a


@kernel
def sort_buckets(ends, low, bits, passes, words, carried, keys, indices, weights, indptr):
    """Sort the entries of each bucket on the word (key, target), and count them by source."""
    digit = -(-(low + bits) // passes)
    count = np.empty(1 << digit, np.int64)
    start = 0
    for bucket in range(len(ends)):
        size = ends[bucket] - start
        for k in range(size):
            words[0, k] = (np.int64(keys[start + k]) << bits) | indices[start + k]
            if len(weights):
                carried[0, k] = weights[start + k]
        for p in range(passes):
            sort_by_digit(p * digit, size, words[p % 2], words[1 - p % 2], carried[p % 2], carried[1 - p % 2], count)
        for k in range(size):
            word = words[passes % 2, k]
            indices[start + k] = word & ((1 << bits) - 1)
            indptr[(bucket << low) + (word >> bits) + 1] += 1
            if len(weights):
                weights[start + k] = carried[passes % 2, k]
        start = ends[bucket]


@kernel
def sort_by_digit(low, size, words, sorted_words, weights, sorted_weights, count):
    """One pass of a stable radix sort, on the digit that starts at bit `low`."""
    mask = len(count) - 1
    count[:] = 0
    for k in range(size):
        count[(words[k] >> low) & mask] += 1
    total = 0
    for digit in range(len(count)):
        total, count[digit] = total + count[digit], total
    for k in range(size):
        digit = (words[k] >> low) & mask
        at = count[digit]
        count[digit] = at + 1
        sorted_words[at] = words[k]
        if len(weights):
            sorted_weights[at] = weights[k]


def summed(indptr: Int[np.ndarray, " rows"], indices: np.ndarray, weights: np.ndarray | None) -> Rows:
    """Repeated entries, which lie side by side in sorted rows, become one."""
    new = np.empty(len(indices), bool)
    np.not_equal(indices[1:], indices[:-1], out=new[1:])
    new[indptr[:-1][indptr[:-1] < len(indices)]] = True
    if new.all():
        return indptr, indices, weights
    del new
    weights = np.ones(len(indices)) if weights is None else weights
    end = runner(len(indices) // 16)(sum_repeats)(indptr, indices, weights)
    for array in (indices, weights):
        array.resize(end, refcheck=False)  # in place: a copy beside it would be the largest thing there is
    return indptr, indices, weights


@kernel
def self_links(indptr, indices, entry):
    """The entry of each node's link to itself; `entry` stays as it is where there is none."""
    for i in range(len(indptr) - 1):
        first, last = indptr[i], indptr[i + 1]
        while first < last:
            middle = (first + last) // 2
            if indices[middle] < i:
                first = middle + 1
            else:
                last = middle
        if first < indptr[i + 1] and indices[first] == i:
            entry[i] = first


@kernel
def sum_repeats(indptr, indices, weights):
    """Rows without repeated entries, in place of the longer ones; how many entries are left."""
    end, first = 0, indptr[0]
    for i in range(len(indptr) - 1):
        begin = end
        for k in range(first, indptr[i + 1]):
            if end > begin and indices[k] == indices[end - 1]:
                weights[end - 1] += weights[k]
            else:
                indices[end], weights[end] = indices[k], weights[k]
                end += 1
        first = indptr[i + 1]
        indptr[i + 1] = end
    return end
