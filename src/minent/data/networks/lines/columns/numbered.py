"""Columns of ends as numbers of nodes, whose names are in sorted order."""

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from minent.data.networks.naming.names import Numbered, name_array, sorted_names
from minent.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa


def whole_numbers(*ends: "pa.ChunkedArray") -> tuple[list["pa.ChunkedArray"], bool]:
    """The two ends, floats as integers where all of a column are whole and told apart; and whether some were."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kinds = [end.type for end in ends]
    numbers = all(pa.types.is_floating(kind) or pa.types.is_integer(kind) for kind in kinds)
    if not numbers or all(map(pa.types.is_integer, kinds)):
        return list(ends), False
    largest = max(pc.call_function("max", [pc.call_function("abs", [end])]).as_py() or 0 for end in ends)
    with suppress(pa.ArrowInvalid):
        if largest < 2**53:
            return [end.cast("int64") for end in ends], True
    return list(ends), False


def numbered_columns(source: "pa.ChunkedArray", target: "pa.ChunkedArray") -> Numbered:
    """Names in sorted order, and the ends of links as their numbers."""
    import pyarrow as pa

    types = pa.types
    inner = [end.type.value_type if types.is_dictionary(end.type) else end.type for end in (source, target)]
    if all(map(types.is_integer, inner)):
        try:
            return sorted_names(source.cast("int64").to_numpy(), target.cast("int64").to_numpy())
        except pa.ArrowInvalid:
            raise BadInput("integer names must be below 2**63; got larger ones: cast them to text") from None
    if all(types.is_integer(one) or is_text(one) for one in inner):  # one of both: all are text, as in a file of lines
        source, target = (end.cast("int64").cast("string") if types.is_integer(one) else end
                          for end, one in zip((source, target), inner, strict=True))  # fmt: skip
        return _numbered_words(source, target)
    if any(types.is_floating(one) or types.is_nested(one) or types.is_null(one) for one in inner):
        raise BadInput(f"nodes must be called by integers or text; got columns of {inner[0]} and {inner[1]}")
    return sorted_names(name_array(source.to_pylist()), name_array(target.to_pylist()))


def _numbered_words(source: "pa.ChunkedArray", target: "pa.ChunkedArray") -> Numbered:
    """As `numbered_columns`; each word is sorted once."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ends = [encoded_words(end) for end in (source, target)]
    if ends[0].type != ends[1].type:
        ends = [end.cast(pa.dictionary(pa.int32(), pa.large_string())) for end in ends]
    both = pa.chunked_array([chunk for end in ends for chunk in end.chunks], ends[0].type).unify_dictionaries()
    if not len(both):
        return name_array([]), np.zeros(0, np.int32), np.zeros(0, np.int32)
    encoded = both.chunk(0).dictionary.dictionary_encode()  # a dictionary may hold a word twice
    numbers = encoded.indices.to_numpy()[np.concatenate([chunk.indices.to_numpy() for chunk in both.chunks])]
    used = np.flatnonzero(np.bincount(numbers, minlength=len(encoded.dictionary)))
    words = encoded.dictionary.take(pa.array(used))
    order = pc.call_function("sort_indices", [words]).to_numpy()
    rank = np.empty(len(encoded.dictionary), np.int32)
    rank[used[order]] = np.arange(len(order), dtype=np.int32)
    names = words.take(pa.array(order)).to_numpy(zero_copy_only=False).astype(object)
    numbers = rank[numbers]
    return names, numbers[: len(source)], numbers[len(source) :]


def encoded_words(end: "pa.ChunkedArray") -> "pa.ChunkedArray":
    import pyarrow as pa

    if not pa.types.is_dictionary(end.type):
        return end.cast("large_string").dictionary_encode()
    if not pa.types.is_string_view(end.type.value_type):  # as polars has, of which Arrow can take none
        return end
    return pa.chunked_array(
        [
            pa.DictionaryArray.from_arrays(one.indices.cast("int32"), one.dictionary.cast("large_string"))
            for one in end.chunks
        ],
        pa.dictionary(pa.int32(), pa.large_string()),
    )


def is_text(type: "pa.DataType") -> bool:
    import pyarrow as pa

    return pa.types.is_string(type) or pa.types.is_large_string(type) or pa.types.is_string_view(type)
