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


TABLES = {
    "x,y\n0.5,1\n2,-3e1\n": ([[0.5, 1], [2, -30]], None),
    "0.5,1\n2,3\n": ([[0.5, 1], [2, 3]], None),
    "name,x,y\na,1,2\nb,3,4\n": ([[1, 2], [3, 4]], ["a", "b"]),
    ",x,y\n0,1,2\n1,3,4\n": ([[1, 2], [3, 4]], ["0", "1"]),
    "x,id,y\n1,70,2\n3,50,4\n": ([[1, 2], [3, 4]], ["70", "50"]),
}


@pytest.mark.parametrize("separator", [",", "\t"], ids=["csv", "tsv"])
@pytest.mark.parametrize("text", TABLES)
def test_tables_of_numbers_are_points(text, separator, tmp_path: Path, caplog):
    path = tmp_path / ("a.csv" if separator == "," else "a.tsv")
    path.write_text(text.replace(",", separator))
    assert holds_vectors(path)
    found, names = read_vectors(path)
    assert found.tolist() == TABLES[text][0] and (None if names is None else names.tolist()) == TABLES[text][1]
    assert "points of 2 numbers" in caplog.text


@pytest.mark.parametrize(
    "text",
    ["id,text\n1,a\n", "text\n1\n", "label,text\n1,2\n", "a,b\nx,y\n", "one line\n", "", "a,b,c\n1,u,v\n", "x,y\n1\n"],
)
def test_tables_of_texts_are_not(text, tmp_path: Path):
    (tmp_path / "a.csv").write_text(text)
    assert not holds_vectors(tmp_path / "a.csv")


@pytest.mark.parametrize("text", ["x,y\n1,2\n3,4\n5,6\n7\n", "x,y\n1,2\n3,4\n5,6\n7,\n", "x,y\n1,2\n3,4\n5,6\nu,v\n"])
def test_tables_that_are_numbers_at_first_only_are_refused(text, tmp_path: Path):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(BadInput, match=r"a\.csv"):
        read_vectors(tmp_path / "a.csv")
