"""Parquet, a table column by column, read whole or not at all."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from minent.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa


def read_parquet(data: bytes, file: object, chosen: Callable[[list[str]], Sequence[str]] | None = None) -> "pa.Table":
    """The table in `data`, of the columns that `chosen` takes from the names of all. Raises BadInput, naming `file`.

    >>> read_parquet(b"PAR1", "a.parquet")
    Traceback (most recent call last):
    minent.errors.BadInput: 'a.parquet' is not a whole Parquet file: ...
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        found = parquet.ParquetFile(pa.BufferReader(data))
        return found.read(None if chosen is None else list(chosen(found.schema_arrow.names)))
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"{str(file)!r} is not a whole Parquet file: {error}") from None
