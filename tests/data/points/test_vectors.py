"""Points and their names, from arrays and tables."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from minent import BadInput
from minent.data.points.vectors import holds_vectors, read_vectors


def test_a_table_that_is_not_whole_is_a_sentence(tmp_path: Path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    assert holds_vectors(tmp_path / "a.parquet")
    with pytest.raises(BadInput, match=r"a\.parquet' is not a whole Parquet file"):
        read_vectors(tmp_path / "a.parquet")


def test_vectors_are_read_from_arrays_and_tables(tmp_path: Path):
    x = np.random.default_rng(0).normal(size=(4, 5))
    np.save(tmp_path / "x.npy", x)
    names = ["a", "b", "c", "d"]
    parquet.write_table(pa.table({"name": names, "x": x[:, 0], "y": x[:, 1]}), tmp_path / "columns.parquet")
    parquet.write_table(pa.table({"text": names, "vector": x.tolist()}), tmp_path / "lists.parquet")
    parquet.write_table(pa.table({"text": names}), tmp_path / "texts.parquet")
    assert np.array_equal(read_vectors(tmp_path / "x.npy")[0], x)
    found, called = read_vectors(tmp_path / "columns.parquet")
    assert np.array_equal(found, x[:, :2]) and called.tolist() == names
    assert np.array_equal(read_vectors(tmp_path / "lists.parquet")[0], x)
    wanted = {"x.npy": True, "columns.parquet": True, "lists.parquet": True, "texts.parquet": False, "a.txt": False}
    assert {name: holds_vectors(tmp_path / name) for name in wanted} == wanted
    for name, sentence in (("none.npy", "there is no file"), ("texts.parquet", "points are columns of numbers")):
        with pytest.raises(BadInput, match=sentence):
            read_vectors(tmp_path / name)


@pytest.mark.parametrize("name", [None, "cell"])
def test_an_index_of_pandas_is_no_coordinate(name: str | None, tmp_path: Path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": [0.5, 1.5], "y": [2.5, 3.5]}, index=pandas.Index([700, 500], name=name))
    frame.to_parquet(tmp_path / "a.parquet")
    points, names = read_vectors(tmp_path / "a.parquet")
    assert points.tolist() == [[0.5, 2.5], [1.5, 3.5]] and names is not None and names.tolist() == [700, 500]
    frame.assign(word=["a", "b"])[["x", "word"]].to_parquet(tmp_path / "b.parquet")  # one number beside words: an id
    assert not holds_vectors(tmp_path / "b.parquet")
