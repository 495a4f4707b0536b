"""A matrix in text is a network where rows are called as columns are; what may be one is asked for."""

import io

import numpy as np
import pandas as pd
import pytest
from data.networks.named_links import links, read

from minent.data import Bipartite, as_graph, read_graph
from minent.errors import BadInput

LOOKS = "this looks like a matrix of rows by columns: --format matrix reads a cell as a link"
ABC = {("A", "B"): 1.0, ("A", "C"): 1.0}


@pytest.mark.parametrize("text, wanted", [
    ('"","A","B","C"\n"A",0,1,1\n"B",1,0,0\n"C",1,0,0\n', ABC),
    ("name,A,B,C\nA,0,1,1\nB,1,0,0\nC,1,0,0\n", ABC),
    (",A,B,C\nA,0,1,1\nB,1,0,0\nC,1,0,0\n", ABC),
    ('A B C\n"A" 0 1 1\n"B" 1 0 0\n"C" 1 0 0\n', ABC),
    ("\tA\tB\tC\nC\t1\t0\t0\nA\t0\t1\t1\nB\t1\t0\t0\n", ABC),
    ("# a remark\n,A,B\nA,0,1.5\n# one more\nB,1.5,0\n", {("A", "B"): 1.5}),
    (";A;B\nA;0;1,5\nB;1,5;0\n", {("A", "B"): 1.5}),
    (",0,1,2\n0,0,1,1\n1,1,0,0\n2,1,0,0\n", {(0, 1): 1.0, (0, 2): 1.0}),
    ("n,7,9\n7,0,1\n9,1,0\n", {(7, 9): 1.0}),
    ("country,France,Spain\nFrance,0,2\nSpain,3,0\n", {("France", "Spain"): 2.0, ("Spain", "France"): 3.0}),
    (",A,B,C\nA,,1,1\nB,,,\nC,,,\n", {("A", "B"): 1.0, ("A", "C"): 1.0}),
])  # fmt: skip
def test_rows_called_as_columns_make_a_matrix(text, wanted):
    network = read(text)
    assert links(network) == wanted
    assert network.plan.format == "matrix" and str(network.plan).startswith("matrix; ")
    assert network.directed == (",,1,1" in text or "France" in text)
    assert links(read(text, format="matrix")) == wanted


def test_what_was_done_is_said():
    assert str(read(";A;B\nA;0;1,5\nB;;0\n").plan) == (
        "matrix; 2 × 2; decimal commas; 1 empty cell is no link; links have a direction"
    )
    assert links(read("u,A,B\nA,0,3\nB,3,0\n", weight=None)) == {("A", "B"): 1.0}
    assert read("u,A,B\nA,0,3\nB,3,0\n", directed=True).number_of_links == 2


def test_what_pandas_and_numpy_write_is_what_they_hold():
    numbers = np.random.default_rng(1).integers(0, 3, (40, 40))
    frame = pd.DataFrame(numbers, [f"n{i}" for i in range(40)], [f"n{i}" for i in range(40)])
    shuffled = frame.sample(frac=1, random_state=1)
    wanted = links(as_graph(frame))
    assert len(wanted) > 900
    assert links(read(frame.to_csv())) == links(read(shuffled.to_csv(sep=";"))) == wanted
    np.savetxt(file := io.BytesIO(), numbers)
    with pytest.raises(BadInput, match=LOOKS):
        read(file.getvalue())
    assert links(read(file.getvalue(), format="matrix")) == links(as_graph(numbers))


def test_large_matrices_are_told_by_their_first_lines():
    numbers = np.random.default_rng(1).integers(0, 3, (300, 300))
    frame = pd.DataFrame(numbers, [f"n{i}" for i in range(300)], [f"n{i}" for i in range(300)])
    assert len(frame.to_csv()) > 2 * (1 << 15)
    assert links(read(frame.to_csv())) == links(as_graph(frame))
    np.savetxt(file := io.BytesIO(), numbers, fmt="%d")
    with pytest.raises(BadInput, match=LOOKS):
        read(file.getvalue())
    frame.index = [*frame.index[:-1], "other"]
    with pytest.raises(BadInput, match="rows and columns are called alike, or have no name in common"):
        read(frame.to_csv())


@pytest.mark.parametrize("text", [
    "person,ev1,ev2,ev3\nann,1,0,1\nbob,0,1,1\n", ",ev1,ev2\nann,1,0\nbob,0,1\n", ",2019,2020\nann,1,0\nbob,0,1\n",
    '"","ev1","ev2"\n"ann",1,0\n"bob",0,1\n', "ev1 ev2 ev3\nann 1 0 1\nbob 0 1 1\n",
])  # fmt: skip
def test_rows_and_columns_of_two_kinds_are_asked_for_and_bipartite(text):
    with pytest.raises(BadInput, match=LOOKS):
        read(text)
    network = read(text, format="matrix")
    assert isinstance(network, Bipartite)
    assert network.names.tolist()[:2] == ["ann", "bob"] and network.features.tolist()[:2] == [False, False]
    assert set(next(zip(*network.links()[:2], strict=True))) == {0, 2}
    assert "rows and columns are nodes of two kinds" in network.plan.notes


@pytest.mark.parametrize("text, said, sentence", [
    ("0 1 0 1\n1 0 0 0\n0 0 0 1\n1 0 1 0\n", {}, LOOKS),
    ("A,B,C,D\n0,1,0,1\n1,0,0,0\n0,0,0,1\n1,0,1,0\n", {}, LOOKS),
    ("0 1 2\n1 0 5\n2 5 0\n", {}, LOOKS),
    ("A B\nA 0 1\nB 1 0\n", {}, "may hold links or a matrix: --format lines or --format matrix must say which"),
    ("u,A,B\nA,0,-1\nB,1,0\n", {}, "link weight must not be negative; got -1 on line 2"),
    ("u,A,B\nA,0,1\nB,nan,0\n", {}, "link weight must be a finite number; got nan on line 3"),
    ("u,A,B\nA,0,1\nB,x,0\n", {"format": "matrix"}, "must be a number"),
    ("1 0 1\n0 1 1\n", {"format": "matrix"}, "a matrix of links must be square; got 2 × 3"),
    ("1 0\n0\n", {"format": "matrix"}, "a row of the matrix needs 2 cells; got 1 on line 2"),
    ("u,A,B\nA,0,1\nC,1,0\n", {"format": "matrix"}, "'A' is both, 'B' is not"),
    ("A,A\n0,1\n1,0\n", {"format": "matrix"}, "nodes of a matrix have names that differ; 'A' stands twice"),
    ("u,A,B\nA,0,1\nB,1,0\n", {"format": "matrix", "source": 1}, "a matrix has no columns of source"),
])  # fmt: skip
def test_what_may_be_another_thing_or_is_no_matrix_is_said(text, said, sentence):
    with pytest.raises(BadInput) as error:
        read(text, **said)
    assert sentence in str(error.value)


@pytest.mark.parametrize("text, said, wanted", [
    ("10 20 1\n20 30 2\n10 30 0.5\n", {}, {(10, 20): 1.0, (20, 30): 2.0, (10, 30): 0.5}),
    ("0 1 2\n1 0 5\n2 5 0\n", {"format": "lines"}, {(0, 1): 7.0}),
    ("A B\nA 0 1\nB 1 0\n", {"format": "lines"}, {("0", "A"): 1.0, ("A", "B"): 1.0}),
    ("1 2 1 1082040961\n2 3 1 1082040962\n3 4 1 1082040965\n4 5 2 1082040967\n", {},
     {(1, 2): 1.0, (2, 3): 1.0, (3, 4): 1.0, (4, 5): 2.0}),
    ("x,y,count,year\n1,2,1,7\n2,3,1,7\n3,4,1,8\n4,5,2,8\n", {}, {(1, 2): 1.0, (2, 3): 1.0, (3, 4): 1.0, (4, 5): 2.0}),
    (",from,to,n\n7,1,2,5\n9,2,3,6\n", {}, {(1, 2): 5.0, (2, 3): 6.0}),
    ("A,B,C,D\n0,1,0,1\n1,0,0,0\n0,0,0,1\n1,0,1,0\n", {"format": "matrix"},
     {("A", "B"): 1.0, ("A", "D"): 1.0, ("C", "D"): 1.0}),
])  # fmt: skip
def test_lists_are_lists(text, said, wanted):
    assert links(read(text, **said)) == wanted


def test_tables_whose_rows_are_called_as_columns_are_matrices(tmp_path):
    frame = pd.DataFrame([[0, 1, 2.5], [1, 0, None], [2.5, 0, 0]], index=list("ABC"), columns=list("ABC"))
    wanted = {("A", "B"): 1.0, ("A", "C"): 2.5}
    frame.to_parquet(tmp_path / "index.parquet")
    frame.reset_index(names="id").to_parquet(tmp_path / "column.parquet")
    for name in ("index", "column"):
        network = read_graph(tmp_path / f"{name}.parquet")
        assert links(network) == links(as_graph(frame.reset_index(names="id"))) == wanted
        assert str(network.plan) == "matrix; 3 × 3; 1 empty cell is no link"
    as_links = {"source": "id", "target": "B", "weight": None}
    assert read_graph(tmp_path / "column.parquet", **as_links).number_of_links == 3
    with pytest.raises(BadInput, match="header says nothing about a file of format parquet"):
        read_graph(tmp_path / "index.parquet", header=True)


def test_a_table_may_be_said_to_be_a_matrix(tmp_path):
    pd.DataFrame({"who": ["ann", "bob"], "x": [0, 1], "y": [3, 0]}).to_parquet(tmp_path / "a.parquet")
    network = read_graph(tmp_path / "a.parquet", format="matrix")
    assert isinstance(network, Bipartite) and links(network) == {("ann", "y"): 3.0, ("bob", "x"): 1.0}
    pd.DataFrame({"who": ["ann", "bob"], "x": ["a", "b"]}).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(BadInput, match="cells of a matrix are numbers; column 'x'"):
        read_graph(tmp_path / "b.parquet", format="matrix")
    frame = pd.DataFrame([[0, -1.0], [1, 0]], index=list("AB"), columns=list("AB"))
    frame.to_parquet(tmp_path / "c.parquet")
    with pytest.raises(BadInput, match="not negative; got -1 in row 0"):
        read_graph(tmp_path / "c.parquet")


def test_ids_of_json_that_are_whole_numbers_are_integers():
    rows = b'[{"source": 1.0, "target": 2}, {"source": 2.0, "target": 3.0}]'
    assert read_graph(io.BytesIO(rows)).nodes == [1, 2, 3]
    with pytest.raises(BadInput, match=r"a number or text; got 1.5"):
        read_graph(io.BytesIO(b'[{"source": 1.5, "target": 2}]'))
