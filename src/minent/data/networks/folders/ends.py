"""The ends of links in a table, as integers or as different words; and words in a scratch."""

from typing import TYPE_CHECKING

import numpy as np

from minent.data.networks.folders.keys import integers_of_keys
from minent.data.networks.folders.scratch import Scratch
from minent.data.networks.lines.columns.numbered import encoded_words, is_text, whole_numbers
from minent.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa


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


def words_of(end: "pa.ChunkedArray") -> "pa.DictionaryArray":
    """Different words, as large strings, and the place of each end among them."""
    import pyarrow as pa

    kind = pa.dictionary(pa.int32(), pa.large_string())
    one = pa.chunked_array([*encoded_words(end).cast(kind).chunks], kind).unify_dictionaries().combine_chunks()
    return one.chunk(0) if isinstance(one, pa.ChunkedArray) else one


def part_words(scratch: Scratch, one: str, first: int, last: int, keys: np.ndarray) -> "pa.Array":
    """The names of a table whose keys are these, as text."""
    import pyarrow as pa

    if not scratch.has(f"{one}-words"):
        return pa.array(integers_of_keys(keys)).cast("large_string")
    with pa.memory_map(str(scratch.folder / f"{one}-words")) as file:
        return pa.concat_arrays(pa.ipc.open_file(file).read_all().column(0).slice(first, last - first).chunks or
                                [pa.array([], pa.large_string())])  # fmt: skip


def write_words(scratch: Scratch, called: str, words: "pa.Array") -> None:
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
