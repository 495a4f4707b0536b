"""Parquet and Arrow, tables column by column, read whole, or row by row."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from mmap import mmap
from typing import TYPE_CHECKING, Any

from minent.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

Rows = Iterator[tuple[dict[str, Any], "pa.Schema"]]
TOGETHER = 4096  # rows
ARROW = (b"ARROW1", b"\xff\xff\xff\xff")  # how a file begins, and a stream


def read_parquet(
    data: bytes | mmap, file: object, chosen: Callable[[list[str]], Sequence[str]] | None = None
) -> "pa.Table":
    """The table in `data`, of the columns that `chosen` takes from the names of all. Raises BadInput, naming `file`.

    >>> read_parquet(b"PAR1", "a.parquet")
    Traceback (most recent call last):
    minent.errors.BadInput: 'a.parquet' is not a whole Parquet file: ...
    """
    with _opened(data, file) as found:
        return checked(found.read(None if chosen is None else list(chosen(found.schema_arrow.names))))


def parquet_rows(data: bytes | mmap, file: object, chosen: Callable[[list[str]], Sequence[str]]) -> Rows:
    """The rows of the table in `data`, each with the table's schema, read some at a time; see `read_parquet`."""
    with _opened(data, file) as found:
        columns = list(chosen(found.schema_arrow.names))
        for batch in found.iter_batches(TOGETHER, columns=columns):
            yield from _rows(batch, found.schema_arrow)


def arrow_rows(data: bytes | mmap, file: object, chosen: Callable[[list[str]], Sequence[str]]) -> Rows:
    """The rows of an Arrow or Feather file, or of a stream as Hugging Face's datasets save it; see `parquet_rows`."""
    import pyarrow as pa

    try:
        whole = data[:6] == b"ARROW1"
        opened = (pa.ipc.open_file if whole else pa.ipc.open_stream)(pa.BufferReader(data))
        columns = list(chosen(opened.schema.names))
        batches = map(opened.get_batch, range(opened.num_record_batches)) if whole else iter(opened)
        for batch in batches:
            for first in range(0, len(batch), TOGETHER):
                yield from _rows(batch.select(columns).slice(first, TOGETHER), opened.schema)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{str(file)!r} is not a whole Arrow file: {error}") from None


def _rows(batch: "pa.RecordBatch", schema: "pa.Schema") -> Rows:
    batch.validate(full=True)
    for fields in batch.to_pylist():
        yield fields, schema


def first_rows(data: bytes | mmap, file: object, rows: int) -> "pa.Table":
    """The first rows of the table in `data`. Raises BadInput, naming `file`."""
    import pyarrow as pa

    with _opened(data, file) as found:
        return checked(pa.Table.from_batches([*islice(found.iter_batches(rows), 1)], found.schema_arrow))


def checked(table: "pa.Table") -> "pa.Table":
    """The same table, whose texts are found to be UTF-8: a damaged file may hold others."""
    table.validate(full=True)
    return table


def class_names(schema: "pa.Schema") -> dict[str, list[str]]:
    """What the numbers of columns of classes stand for, where Hugging Face's datasets wrote it.

    >>> import pyarrow as pa
    >>> said = {"label": {"_type": "ClassLabel", "names": ["no", "yes"]}}
    >>> class_names(pa.schema([], {"huggingface": json.dumps({"info": {"features": said}})}))
    {'label': ['no', 'yes']}
    """
    return {name: one["names"] for name, one in features(schema).items() if one.get("names")}


def features(schema: "pa.Schema") -> dict[str, dict[str, Any]]:
    """What Hugging Face's datasets wrote of each column; nothing where others wrote."""
    try:
        found = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {name: one for name, one in found.items() if isinstance(one, dict)}
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}


@contextmanager
def _opened(data: bytes | mmap, file: object) -> Iterator[Any]:
    """The file; what goes wrong while it is read is BadInput."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        yield parquet.ParquetFile(pa.BufferReader(data))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # of names that are no UTF-8
        raise BadInput(f"{str(file)!r} is not a whole Parquet file: {error}") from None
