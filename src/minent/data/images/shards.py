"""Pictures in Parquet, of one file or of many shards: bytes as Hugging Face's datasets keep them, or nested lists."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from minent.data.bytes import opened
from minent.data.images.account import Account
from minent.data.images.arrays import pixels_of
from minent.data.images.classes import classified
from minent.data.images.given import LABEL
from minent.data.images.images import Images
from minent.data.images.stacked import stacked
from minent.data.tables.parquet import features, first_rows, read_parquet
from minent.data.tables.row import column
from minent.errors import BadInput, some

if TYPE_CHECKING:
    import pyarrow as pa

IMAGE = ("image", "img")


class _Columns(NamedTuple):
    """The column of images, whether of pictures' bytes, that of classes, and what these are called."""

    image: str
    encoded: bool
    label: str | None
    names: tuple[str, ...]


def read_shards(files: Sequence[Path], size: int | None, skip_bad: int, account: Account) -> Images:
    """The images of Parquet files, one after the other; all are like the first. Raises BadInput."""
    labels: list[Any] = []
    columns = _columns(first_rows(opened(files[0]).data, files[0], 1).schema, files[0], account)
    called = str(files[0]) if len(files) == 1 else f"{files[0]} … {files[-1]}"
    rows = _rows(files, columns, labels)
    if columns.encoded:
        pixels, kept = stacked(((name, lambda row=row: _bytes(row)) for name, row in rows), size, skip_bad, account)
        images = Images(pixels)
    else:
        held, kept = _lists(rows, skip_bad, account)
        try:
            values = np.array(held)
        except ValueError:
            raise BadInput(f"rows of {called!r} must be images of one shape") from None
        images = pixels_of(values, called)
    if columns.label is None:
        return images
    return classified(images, [labels[i] for i in kept], called, columns.names)


def _columns(schema: "pa.Schema", file: Path, account: Account) -> _Columns:
    import pyarrow as pa

    told = features(schema)
    kinds = {name: one.get("_type") for name, one in told.items()}
    named = [name for name in schema.names if kinds.get(name) == "ClassLabel"]
    labels = [found for name in LABEL if (found := column(name, schema.names)) is not None]
    label = next(iter(labels or (named if len(named) == 1 else ())), None)
    if label is None and named:
        account.facts.append(f"no classes, for there are several kinds ({some(named)})")
    rest = [name for name in schema.names if name != label]
    images = [name for name in rest if kinds.get(name) == "Image" or pa.types.is_nested(schema.field(name).type)]
    binary = [name for name in rest if _encoded(schema.field(name).type)]
    called = [found for name in IMAGE if (found := column(name, rest)) is not None]
    found = next(iter(called or images or binary or rest), None)
    if found is None:
        raise BadInput(f"wanted a column of images in {str(file)!r}; got {schema.names}")
    names = told[label]["names"] if label is not None and label in named else ()
    return _Columns(found, _encoded(schema.field(found).type), label, tuple(map(str, names)))


def _encoded(kind: "pa.DataType") -> bool:
    """Whether a column of this type holds the bytes of pictures."""
    import pyarrow as pa

    if pa.types.is_struct(kind):
        return kind.get_field_index("bytes") >= 0
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind)


def _rows(files: Sequence[Path], columns: _Columns, labels: list[Any]) -> Iterator[tuple[str, Any]]:
    """Rows, each with its place, shard by shard; their labels are added to `labels`."""
    wanted = [name for name in (columns.image, columns.label) if name is not None]
    for file in files:

        def chosen(names: list[str], file: Path = file) -> Sequence[str]:
            if missing := [name for name in wanted if name not in names]:
                raise BadInput(f"all shards have the columns {some(wanted)}; {str(file)!r} has no {missing[0]!r}")
            return wanted

        table = read_parquet(opened(file).data, file, chosen)
        if columns.label is not None:
            labels += table.column(columns.label).to_pylist()
        for i, row in enumerate(table.column(columns.image)):
            yield f"row {i} of {file}", row.as_py()


def _bytes(row: Any) -> BytesIO:
    content = row.get("bytes") if isinstance(row, dict) else row
    if not content:
        raise ValueError("it is empty")
    return BytesIO(content)


def _lists(rows: Iterator[tuple[str, Any]], skip_bad: int, account: Account) -> tuple[list[Any], list[int]]:
    """Rows that are not empty, and their places."""
    held, kept, empty = [], [], []
    for i, (name, row) in enumerate(rows):
        if row is not None:
            held.append(row)
            kept.append(i)
            continue
        empty.append(name)
        if len(empty) > skip_bad:
            raise BadInput(f"{name!r} is no image: it is empty")
    account.passed += [f"{len(empty):,} broken ({some(empty)})"] * bool(empty)
    return held, kept
