"""Whoever reads Parquet, it is whole or one sentence says that it is not."""

from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from minent import BadInput
from minent.data import read_graph, read_labelled, read_pairs
from minent.data.images.read import read_images
from minent.data.points.vectors import read_vectors
from minent.data.tables.parquet import read_parquet

READERS = partial(read_graph, weight=None), read_images, read_labelled, read_pairs, read_vectors


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("damage", ["cut", "page"])
def test_a_damaged_file_is_said_alike(read, damage: str, tmp_path: Path):
    words = [str(i) for i in range(500)]
    columns = {"source": words, "target": words, "text": words, "label": words, "image": range(500)}
    parquet.write_table(pa.table(columns), file := tmp_path / "a.parquet")
    whole = file.read_bytes()
    assert len(read_graph(file, weight=None).names) == 500
    torn = {"cut": whole[:-9], "page": whole[:4] + b"\xff" * (len(whole) // 2) + whole[len(whole) // 2 + 4 :]}
    file.write_bytes(torn[damage])
    with pytest.raises(BadInput, match=r"^'.*a\.parquet' is not a whole Parquet file: "):
        read(file)


def test_columns_are_chosen_by_their_names():
    parquet.write_table(pa.table({"a.b": [1], "c": [2]}), sink := pa.BufferOutputStream())
    data = sink.getvalue().to_pybytes()
    assert read_parquet(data, "x").to_pydict() == {"a.b": [1], "c": [2]}
    assert read_parquet(data, "x", lambda names: names[1:]).to_pydict() == {"c": [2]}
