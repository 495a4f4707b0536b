"""A file of points: a NumPy array, a sparse matrix of scipy's, or a table whose numbers are the coordinates, and whose
words are the names."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.sparse import csr_array, issparse, load_npz

from minent.data.bytes import opened
from minent.data.points.columns import SEPARATORS, holds_columns, read_columns
from minent.data.tables.parquet import read_parquet
from minent.data.whole import named, whole
from minent.errors import BadInput

ARRAYS: dict[str, Any] = {".npy": np.load, ".npz": load_npz}  # neither reads pickles


def read_vectors(path: str | os.PathLike[str]) -> tuple[Any, np.ndarray | None]:
    """The points in a file, a row for each, and their names where the file has any.

    .npy      an array (points, dimensions)
    .npz      a matrix that scipy.sparse.save_npz wrote
    .parquet  one column of lists of numbers, or else all columns of numbers; the first column of text holds the names,
              or else the index of pandas, which is no coordinate
    .csv      columns of numbers, and one of names perhaps; its first line names them, or not (.tsv, too)

    Raises BadInput for what holds no points.
    """
    file = Path(path)
    if not file.is_file():
        raise BadInput(f"there is no file {str(path)!r}")
    read = ARRAYS.get(file.suffix.lower())
    table = None
    if not read:
        table = read_columns(path) if file.suffix.lower() in SEPARATORS else read_parquet(opened(file).data, path)
    with named(path):
        with whole(path, "numbers"):
            points, names = (read(file), None) if read else _of_table(table)
        return checked(points), names


def checked(points: Any) -> Float[np.ndarray, "_ _"] | csr_array:
    """Points as float64, sparse ones as a csr_array; raises BadInput where they are no matrix of finite numbers."""
    sparse = issparse(points)
    points = points if sparse else np.asarray(points)
    if points.ndim != 2 or points.dtype.kind not in "fiub" or not points.shape[0] * points.shape[1]:
        came = f"{'a sparse matrix' if sparse else 'an array'} of {points.dtype} of shape {points.shape}"
        raise BadInput(f"points are a matrix of numbers, a row for each; got {came}")
    points = csr_array(points, dtype=float, copy=True) if sparse else points.astype(float)
    finite = np.isfinite(points.data if sparse else points)
    if not finite.all():
        row = np.searchsorted(points.indptr, finite.argmin(), "right") - 1 if sparse else (~finite.all(axis=1)).argmax()
        raise BadInput(f"points are finite numbers; row {int(row)} holds one that is not")
    if sparse:
        points.sum_duplicates()
        points.eliminate_zeros()
    return points


def holds_vectors(path: str | os.PathLike[str]) -> bool:
    """Whether a file is one of points: .npy, .npz, or .parquet with a column of lists of numbers, or columns of them:
    more than one (an id) where words stand beside them; .csv and .tsv with more than one."""
    if holds_columns(path):
        return True
    if (kind := Path(path).suffix.lower()) != ".parquet":
        return kind in ARRAYS
    from pyarrow import ArrowInvalid, parquet

    if not Path(path).is_file():  # a pattern, or what is not there
        return False
    try:
        schema = parquet.read_schema(path)
    except ArrowInvalid:  # what is wrong is told where it is read
        return True
    if any(_is_vector(field.type) for field in schema):
        return True
    fields = [field for field in schema if field.name not in _indices(schema)]
    numbers, words = (sum(kind(field.type) for field in fields) for kind in (_is_number, _is_text))
    return not words or (numbers > 1 and not any(field.name == "text" for field in schema))


def _indices(schema: Any) -> list[str]:
    """The columns that are an index of pandas."""
    return [name for name in (schema.pandas_metadata or {}).get("index_columns", ()) if isinstance(name, str)]


def _is_number(kind: Any) -> bool:
    from pyarrow import types

    return types.is_floating(kind) or types.is_integer(kind)


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    return types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)


def _is_vector(kind: Any) -> bool:
    from pyarrow import types

    lists = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return lists and _is_number(kind.value_type)


def _of_table(table: Any) -> tuple[np.ndarray, np.ndarray | None]:
    import pyarrow as pa

    indices = [table[name] for name in _indices(table.schema)]
    called = [column for column in table.columns if _is_text(column.type)] or indices
    names = np.array(called[0].to_pylist(), object) if called else None
    table = table.drop_columns(_indices(table.schema))
    lists = [column for column in table.columns if _is_vector(column.type)]
    numbers = [column for column in table.columns if _is_number(column.type)]
    if lists:
        rows = lists[0].to_pylist()
        if len({len(row or ()) for row in rows}) != 1:
            raise BadInput("every point wants as many numbers; they differ")
        return np.array(rows), names
    if not numbers:
        kinds = ", ".join(f"{field.name} {field.type}" for field in table.schema)
        raise BadInput(f"points are columns of numbers, or one of lists of them; got {kinds}")
    if any(column.null_count for column in numbers):
        raise BadInput("every point wants all its numbers; some are missing")
    return np.stack([column.to_numpy().astype(float) for column in map(pa.chunked_array, numbers)], axis=1), names
