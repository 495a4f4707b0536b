"""Files of links, each in many forms; what cannot be read is said, with its line."""

import gzip
import io
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minent.data import Graph, as_graph, read_graph
from minent.data.networks.lines import link_lists as text_module
from minent.errors import BadInput, BadLine


def read(text, directed=None):
    return read_graph(io.BytesIO(text if isinstance(text, bytes) else text.encode()), directed)


def named_links(network):
    """{(source, target): weight} by name, ends of undirected links in sorted order."""
    names = list(range(network.number_of_nodes)) if network.names is None else network.names.tolist()
    source, target, weight = network.links()
    weight = np.ones(len(source)) if weight is None else weight
    ends = ((names[i], names[j]) for i, j in zip(source, target, strict=True))
    return dict(zip(ends, weight.tolist(), strict=True))


FORMS = {
    "blanks": "10 20 1\n20 30 2\n10 30 0.5\n",
    "tabs": "10\t20\t1\n20\t30\t2\n10\t30\t0.5\n",
    "commas": "10,20,1\n20,30,2\n10,30,0.5",
    "commas and blanks": "10, 20, 1\n20, 30, 2\n10, 30, 0.5\n",
    "semicolons": "10;20;1\n20;30;2\n10;30;0.5\n",
    "bars": "10|20|1\n20|30|2\n10|30|0.5\n",
    "carriage returns": "10 20 1\r\n20 30 2\r\n10 30 0.5\r\n",
    "aligned": "  10   20 1\n20 30   2  \n10\t30 0.5\n",
    "aligned after clean lines": "10 20 1\n20 30 2\n  10  30 0.5\n",
    "comments": "# a\n% b\n10 20 1\n# c d\n20 30 2\n\n10 30 0.5\n%\n",
    "header": "source target weight\n10 20 1\n20 30 2\n10 30 0.5\n",
    "header of other words": "x,y,count\n10,20,1\n20,30,2\n10,30,0.5\n",
    "an index": ",source,target,n\n0,10,20,1\n1,20,30,2\n2,10,30,0.5\n",
    "an index called so": "Unnamed: 0,from,to,freq\n7,10,20,1\n8,20,30,2\n9,10,30,0.5\n",
    "names of R's rows": "from to weight\n1 10 20 1\n2 20 30 2\n3 10 30 0.5\n",
    "a year": "year,u,v,amount\n1999,10,20,1\n1999,20,30,2\n2000,10,30,0.5\n",
    "only carriage returns": "source;target;value\r10;20;1\r20;30;2\r10;30;0.5\r",
    "weights on some lines": "10 20\n20 30 2\n10 30 0.5\n",
    "lines without fields": "10,20,1\n,,\n20,30,2\n10,30,0.5\n,,\n",
    "columns by name": "weight,note,to,from\n1,n,20,10\n2,,30,20\n.5,m,30,10\n",
    "byte order mark": "\ufeff10 20 1\n20 30 2\n10 30 0.5\n",
    "quotes": '"10","20","1"\n"20","30","2"\n"10","30","0.5"\n',
    "a column of times": "10 20 1 1082040961\n20 30 2 1082155839\n10 30 0.5 1082414391\n",
    "a column of dates": "10 20 1 2024-01-05\n20 30 2 2024-01-06\n10 30 0.5 2024-1-7\n",
    "decimal commas": "10;20;1\n20;30;2\n10;30;0,5\n",
    "decimal commas and blanks": "u;v;n\n 10; 20; 1,0\n20;30;2,0\n10;30; 0,5\n",
    "whole numbers as floats": "10.0,20,1\n20.0,30,2\n10.0,30,0.5\n",
    "whole numbers as floats on both sides": "10.0,20.0,1\n20.0,30.00,2\n10.0,30.0,0.5\n",
    "what Excel is told": "sep=;\n10;20;1\n20;30;2\n10;30;0.5\n",
    "a mark at the end of lines": "source,target,n\n10,20,1,\n20,30,2,\n10,30,0.5,\n",
    "a header above weights alone": "protein1 protein2 weight\n10 20 1\n20 30 2\n10 30 0.5\n",
    "source and destination": "Destination,Source,Weight\n20,10,1\n30,20,2\n30,10,0.5\n",
    "a plus sign": "10 20 +1\n20 30 2\n10 30 0.5\n",
    "repeated": "10 20 0.5\n20 10 0.5\n20 30 2\n10 30 0.5\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_one_network_in_many_forms(form):
    network = read(FORMS[form])
    assert network.names.dtype == np.int64
    assert named_links(network) == {(10, 20): 1.0, (20, 30): 2.0, (10, 30): 0.5}


@pytest.mark.parametrize("form", FORMS)
def test_line_by_line_reads_what_arrow_reads(form, monkeypatch):
    monkeypatch.setattr(text_module, "_attempts", lambda *lines: [])
    assert named_links(read(FORMS[form])) == {(10, 20): 1.0, (20, 30): 2.0, (10, 30): 0.5}


@pytest.mark.parametrize("text, links", [
    ("1 2\n2 3\n", {(1, 2): 1.0, (2, 3): 1.0}),
    ("0 1\n1 2\n", {(0, 1): 1.0, (1, 2): 1.0}),
    ("-5 7\n", {(-5, 7): 1.0}),
    ("1 b\n", {("1", "b"): 1.0}),
    ("0x1F 0x20\n", {("0x1F", "0x20"): 1.0}),
    ("a,b\n  # c, d\nb,c\n", {("a", "b"): 1.0, ("b", "c"): 1.0}),
    ("007 x\n7 x\n", {("007", "x"): 1.0, ("7", "x"): 1.0}),
    ("NA null\nnan NA\n", {("NA", "null"): 1.0, ("NA", "nan"): 1.0}),
    ("北京,上海\n上海,東京\n", {("上海", "北京"): 1.0, ("上海", "東京"): 1.0}),
    ("Αθήνα\tРим\nРим\tالقاهرة\n", {("Αθήνα", "Рим"): 1.0, ("Рим", "القاهرة"): 1.0}),
    ('"New York" "Los Angeles" 2\nBoston "New York" 1\n', {("Los Angeles", "New York"): 2, ("Boston", "New York"): 1}),
    ("New York\tLos Angeles\n", {("Los Angeles", "New York"): 1.0}),
    ("Ann, Bob\n# c\nBob , Cid\n", {("Ann", "Bob"): 1.0, ("Bob", "Cid"): 1.0}),
    ("99999999999999999999 1\n", {("1", "99999999999999999999"): 1.0}),
    ("1000000000000 1\n", {(1, 1000000000000): 1.0}),
    ("a b 0\nb c 1\n", {("b", "c"): 1.0}),
    ("a a 2\n", {("a", "a"): 2.0}),
    ("Ann Bob\nCid 7\n", {("Ann", "Bob"): 1.0, ("7", "Cid"): 1.0}),
    ("007 7\n7 8\n", {("007", "7"): 1.0, ("7", "8"): 1.0}),
    ("x;007\n7;007\n", {("007", "x"): 1.0, ("007", "7"): 1.0}),
    ("9 10\n12 -07\n", {("10", "9"): 1.0, ("-07", "12"): 1.0}),
    ("source,target,day\n7,8,2024-01-05\n8,9,2024-02-07\n", {(7, 8): 1.0, (8, 9): 1.0}),
    ("1 2 1e-05\n2 3 0.5\n", {(1, 2): 1e-05, (2, 3): 0.5}),
    ("#tag,bob\n", None),
    ("bob,#tag\n#tag,amy\n", {("#tag", "bob"): 1.0, ("#tag", "amy"): 1.0}),
    ("C# C\n%x y\n", {("C", "C#"): 1.0, ("%x", "y"): 1.0}),
    ("a\tb 1\nb 1\tc\n", {("a", "b 1"): 1.0, ("b 1", "c"): 1.0}),
    ('"a, b",c\n"a, b","d ""e"""\n', {("a, b", "c"): 1.0, ("a, b", 'd "e"'): 1.0}),
    ('"a\nb",c\nc,d\n', {("a\nb", "c"): 1.0, ("c", "d"): 1.0}),
    ('"","b"\n"b","c"\n', {("", "b"): 1.0, ("b", "c"): 1.0}),
    ('"New  York" Rome\nRome "New\tYork"\n', {("New  York", "Rome"): 1.0, ("New\tYork", "Rome"): 1.0}),
    ('5" disk\t3" disk\n5" disk\tdrive\n', {('3" disk', '5" disk'): 1.0, ('5" disk', "drive"): 1.0}),
    ("0 1\n1 9223372036854775808\n", {("0", "1"): 1.0, ("1", "9223372036854775808"): 1.0}),
    ("9007199254740992 9007199254740993\n", {(9007199254740992, 9007199254740993): 1.0}),
    ("Ann,Bob\nBob,Cid\n", {("Ann", "Bob"): 1.0, ("Bob", "Cid"): 1.0}),
    ("a b" + "x" * 200_000 + "\n", {("a", "b" + "x" * 200_000): 1.0}),
    ("source,target\nname,other\n", {("name", "other"): 1.0}),
])  # fmt: skip
def test_names_are_read_as_they_are_written(text, links):
    if links is None:
        with pytest.raises(BadInput, match="there are no links"):
            read(text)
    else:
        assert named_links(read(text)) == links


def test_utf_16_from_a_spreadsheet_is_read():
    assert named_links(read("甲\t乙\n".encode("utf-16"))) == {("乙", "甲"): 1.0}


def test_direction_is_kept_where_told():
    assert read("2 1\n1 3\n").directed is False
    network = read("2 1\n1 3\n", directed=True)
    assert network.directed
    assert named_links(network) == {(2, 1): 1.0, (1, 3): 1.0}


names = st.one_of(
    st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=8),
    st.lists(st.integers(0, 5), min_size=1, max_size=8),
    st.lists(st.text(st.characters(whitelist_categories=("L",)), min_size=1, max_size=5), min_size=1, max_size=8),
)


@given(names.flatmap(lambda n: st.lists(st.tuples(st.sampled_from(n), st.sampled_from(n)), min_size=1, max_size=20)),
       st.sampled_from(["\t", ",", " ", ";"]), st.booleans(), st.booleans())  # fmt: skip
@settings(deadline=None)
def test_what_was_written_is_read(links, delimiter, weighted, zipped):
    expected = {}
    for a, b in links:
        expected[a, b] = expected.get((a, b), 0.0) + (0.25 if weighted else 1.0)
    end = f"{delimiter}0.25\n" if weighted else "\n"
    text = f"source{delimiter}target{delimiter + 'weight' if weighted else ''}\n"
    text += "".join(f"{a}{delimiter}{b}{end}" for a, b in links)
    data = gzip.compress(text.encode()) if zipped else text.encode()
    network = read(data, directed=True)
    assert named_links(network) == expected
    assert (network.names is None) == (
        sorted({x for ends in links for x in ends}) == list(range(len(network.indptr) - 1))
    )


@pytest.mark.parametrize("text, sentence", [
    ("1 2 1\n2 3 -0.5\n", "link weight must not be negative; got -0.5 on line 2 of 'roads.csv'"),
    ("# c\n\n1 2 1\n# d\n2 3 nan\n", "link weight must be a finite number; got nan on line 5 of 'roads.csv'"),
    ("1,2,1\n2,3,inf\n", "link weight must be a finite number; got inf on line 2 of 'roads.csv'"),
    ("from,to,weight\n1,2,1\n2,3,heavy\n", "link weight must be a number; got 'heavy' on line 3 of 'roads.csv'"),
    ("a;b;0,5\nb;c;1.5\n", "link weight must be a number; got '0,5' on line 1 of 'roads.csv'"),
    ("a;b;1,234\nb;c;2\n", "link weight must be a number; got '1,234' on line 1 of 'roads.csv'"),
    ("a;b;0,5\n" + "b;c;2\n" * 9999 + "b;c;1.5\n",
     "weights have decimal commas here; got 'b;c;1.5' on line 10001 of 'roads.csv'"),
    ("ann bob 1,5\nbob cem 2,5\n", "--delimiter must say what divides fields: blank, where 1,5 is a number, or comma; "
     "got 'ann bob 1,5' on line 1 of 'roads.csv'"),
    ("u,v,w\n1,2,3\n4,5\n", "a link needs a source, a target and a weight; got '4,5' on line 3 of 'roads.csv'"),
    ("u,v,w\n1,2,3\n4,5,\n", "a link needs a source, a target and a weight; got '4,5,' on line 3 of 'roads.csv'"),
    ("a,b,inf\nb,c,1\n", "link weight must be a finite number; got inf on line 1 of 'roads.csv'"),
    ("a,b,nan\nc,d,1\n", "link weight must be a finite number; got nan on line 1 of 'roads.csv'"),
    (",b,3\nc,d,1\n", "a link needs a source, a target and a weight; got ',b,3' on line 1 of 'roads.csv'"),
    ("a,b,heavy\nb,c,1\n", "link weight must be a number; got 'heavy' on line 1 of 'roads.csv'"),
    ("x,y,z\n1,2,1\n", "is z a weight? --weight z or --weight none (weight='z' or weight='none'), "
     "on line 1 of 'roads.csv'"),
    ("1 2 3 4\n2 3 5 6\n", "which of 2 columns of numbers is the weight? --weight 3, --weight 4 or --weight "
     "none, on line 1 of 'roads.csv'"),
    ("1 2 1082040961\n2 3 1082040961\n3 4 1082040962\n", "is column 3 a weight? --weight 3 or --weight none, "
     "on line 1 of 'roads.csv'"),
    ("1 2 3\n2 3 4 5\n", "a link has 3 fields on line 1; got 4 on line 2 of 'roads.csv'"),
    ("u,v,w\n1,2,3\nSmith, J,2,3\n", "the header names 3 columns, a line has 4 fields; got 'Smith, J,2,3' on line 3 "
     "of 'roads.csv'"),
    ("u,v,w\n" + "1,2,3\n" * 9999 + "Smith, J,2,3\n", "a link has 3 fields here, as in the first line; "
     "got 'Smith, J,2,3' on line 10001 of 'roads.csv'"),
    ("person,friend\nAnn,Bob\nCid,Dan\n", "--header or --no-header must say whether names of columns or a link stand "
     "(in Python header=True or False); got 'person,friend' on line 1 of 'roads.csv'"),
    ("x y\n1 2\n2 3\n", "--header or --no-header must say whether names of columns or a link stand "
     "(in Python header=True or False); got 'x y' on line 1 of 'roads.csv'"),
    ("a,b c\nd e\n", "--delimiter must say what divides fields: a comma does on line 1, and there is none on line 2 of "
     "'roads.csv'"),
    ("name,city,friend,n\nAnn,Ulm,Bob,1\nCid,Rom,Ann,2\n",
     "--source and --target must say which columns links go between; "
     "got the columns ['name', 'city', 'friend', 'n'], on line 1 of 'roads.csv'"),
    ("source,target,from,to\na,b,c,d\n", "links may go between source and target or from and to: --source and "
     "--target say which, on line 1 of 'roads.csv'"),
    ("Source,Target,Type\na,b,Directed\nb,c,Undirected\n", None),
    ("Id,Label\n1,Ann\n2,Bob\n", "this is a table of nodes, Id, Label, not of links on line 1 of 'roads.csv'"),
    ('"a b,c\nb,c\n', "quotes must open and close a field; got '\"a b,c' on line 1 of 'roads.csv'"),
    (b"a b\nb \0c\n", "text must not hold NUL bytes (--encoding says what they are) on line 2 of 'roads.csv'"),
    ("1 2 1e999\n", "link weight must be a finite number; got 1e999 on line 1 of 'roads.csv'"),
    ("1 2\n4\n", "a link needs a source and a target; got '4' on line 2 of 'roads.csv'"),
    ("lonely\n", "a link needs a source and a target; got 'lonely' on line 1 of 'roads.csv'"),
    ("1 2\n2 3 4 5\n", "a link has 2 fields on line 1; got 4 on line 2 of 'roads.csv'"),
    ("a,b\nb,\n", "a link needs a source and a target; got 'b,' on line 2 of 'roads.csv'"),
    (b"\xe9t\xe9\n", "text must be UTF-8; got other bytes (--encoding says what they are) on line 1 of 'roads.csv'"),
    (b"a b\nc cr\xe9\xe9e\n",
     "text must be UTF-8; got other bytes (--encoding says what they are) on line 2 of 'roads.csv'"),
])  # fmt: skip
def test_a_bad_line_is_named(text, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "roads.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadInput) as error:
        read_graph("roads.csv")
    sentence = (
        sentence or "links in 'roads.csv' are both directed and undirected: --directed (directed=) must say which"
    )
    assert str(error.value) == sentence
    assert isinstance(error.value, BadLine) or "both" in sentence


@pytest.mark.parametrize("name, content, sentence", [
    ("empty.csv", b"", "there are no links in 'empty.csv'"),
    ("blank.csv", b"\n \n\n", "there are no links in 'blank.csv'"),
    ("remarks.txt", b"# only\n% words\n", "there are no links in 'remarks.txt'"),
    ("header.csv", b"source,target,weight\n", "there are no links in 'header.csv'"),
    ("noise.bin", bytes(range(256)) * 4,
     "text must not hold NUL bytes (--encoding says what they are) on line 1 of 'noise.bin'"),
    ("a.dot", b"graph roads {\n a -- b\n}\n", "'a.dot' is a graph in DOT's words, which are not read: "
     "networkx.nx_pydot.read_dot and igraph read them"),
    ("a.tree", b"# path flow name node_id\n1:1 0.5 \"a\" 1\n",
     "'a.tree' is a tree of modules, not a network: --initial "
     "begins a search from it, minent.community.Tree.read reads it"),
    ("a.html", b"<!DOCTYPE html><html></html>", "'a.html' is XML or HTML, but neither GraphML nor GEXF"),
    ("a.h5ad", b"\x89HDF\r\n\x1a\n", "'a.h5ad' is HDF5, which the library that wrote it reads: "
     "anndata.read_h5ad(…).obsp['connectivities']"),
    ("half.gz", gzip.compress(b"1 2\n" * 999, mtime=0)[:30],
     "'half.gz' is not a whole gzip file: Compressed file ended before the end-of-stream marker was reached"),
])  # fmt: skip
def test_a_file_without_links_is_said(name, content, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput) as error:
        read_graph(name)
    assert str(error.value) == sentence


def test_a_missing_file_is_said_with_the_nearest_name(tmp_path):
    (tmp_path / "roads.csv").write_text("1 2\n")
    with pytest.raises(BadInput, match=r"there is no file '.*raods.csv'; did you mean '.*roads.csv'?"):
        read_graph(tmp_path / "raods.csv")
    with pytest.raises(BadInput, match=r"there is no file '/no/such/folder/x'$"):
        read_graph("/no/such/folder/x")
    with pytest.raises(BadInput, match="is a folder; wanted a file of links"):
        read_graph(tmp_path)


def test_an_open_text_file_is_refused():
    with pytest.raises(BadInput, match=r"must be binary .mode 'rb'.; reading it gave str"):
        read_graph(io.StringIO("1 2\n"))


def test_standard_input_is_read():
    code = "from minent.data import read_graph; print(read_graph('-'))"
    answer = subprocess.run(
        [sys.executable, "-c", code], input="甲 乙\n", capture_output=True, encoding="utf-8", check=True
    )
    assert answer.stdout.strip() == "Graph(2 nodes, 1 links, undirected)"


def write_parquet(columns, path):
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize("columns, links", [
    ({"source": [3, 1], "target": [1, 2], "weight": [1.0, 0.5]}, {(3, 1): 1.0, (1, 2): 0.5}),
    ({"w": [1, 2], "To": ["b", "c"], "From": ["a", "b"]}, {("a", "b"): 1.0, ("b", "c"): 2.0}),
    ({"x": ["a", "b"], "y": ["b", "c"]}, {("a", "b"): 1.0, ("b", "c"): 1.0}),
    ({"0": [1, 2], "1": [2, 3], "2": [2, 2]}, {(1, 2): 2.0, (2, 3): 2.0}),
    ({"": [0, 1], "u": [1, 2], "v": [2, 3], "count": [2, 2], "time": [5, 6]}, {(1, 2): 2.0, (2, 3): 2.0}),
    ({"src": pa.array(["a", "b"]).dictionary_encode(), "dst": ["b", "a"], "other": ["p", "q"]},
     {("a", "b"): 1.0, ("b", "a"): 1.0}),
])  # fmt: skip
def test_parquet_columns_are_taken_by_name_or_place(columns, links, tmp_path):
    assert named_links(read_graph(write_parquet(columns, tmp_path / "links.parquet"), directed=True)) == links


@pytest.mark.parametrize("columns, sentence", [
    ({"source": [1]}, "a table of links needs a source and a target column; got the columns ['source'] in 'l.parquet'"),
    ({"source": [1, 2], "target": [2, None]}, "every link needs a target; row 1 has none in 'l.parquet'"),
    ({"source": [1.5], "target": [2.0]},
     "nodes must be called by integers or text; got columns of double and double in 'l.parquet'"),
    ({"source": [[1]], "target": [[2]]},
     "nodes must be called by integers or text; got columns of list<element: int64> "
     "and list<element: int64> in 'l.parquet'"),
    ({"source": [1], "target": [2], "weight": ["x"]},
     "link weights must be numbers; got a column of string in 'l.parquet'"),
    ({"source": [1], "target": [2], "weight": [[1.0]]},
     "link weights must be numbers; got a column of list<element: double> in 'l.parquet'"),
    ({"source": [1], "target": [2], "weight": [-1.0]},
     "link weight must not be negative; got -1 for link 0 in 'l.parquet'"),
    ({"x": [1], "y": [2], "z": [3]},
     "is z a weight? --weight z or --weight none (weight='z' or weight='none') in 'l.parquet'"),
    ({"source": pa.array([], "int64"), "target": pa.array([], "int64")}, "there are no links in 'l.parquet'"),
    ({"source": pa.array([2**63], "uint64"), "target": [1]},
     "integer names must be below 2**63; got larger ones: cast them to text in 'l.parquet'"),
])  # fmt: skip
def test_a_table_that_holds_no_links_is_said(columns, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_parquet(columns, "l.parquet")
    with pytest.raises(BadInput) as error:
        read_graph("l.parquet")
    assert str(error.value) == sentence


def test_a_torn_parquet_file_is_said(tmp_path):
    path = write_parquet({"source": [1], "target": [2]}, tmp_path / "l.parquet")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(BadInput, match=r"l\.parquet' is not a whole Parquet file"):
        read_graph(path)


def test_a_large_file_is_the_network_it_was_made_of(tmp_path):
    rng = np.random.default_rng(3)
    source, target = rng.integers(0, 5000, (2, 60_000))
    path = tmp_path / "links.txt"
    np.savetxt(path, np.stack([source, target], 1), fmt="%d")
    network, made = read_graph(path), Graph.from_links(source, target)
    assert len(np.unique(np.concatenate([source, target]))) == 5000
    assert np.array_equal(network.indices, made.indices)
    assert np.array_equal(network.indptr, made.indptr)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("source,target,weight\na,b,0\nb,c,2\n", "1 link of weight 0 left out"),
        ("source,target,weight\na,b,0\nb , c,0\nc,d,1\n", "2 links of weight 0 left out"),
        ("source,target,weight,layer\na,b,0,x\nb,c,2,x\na,c,1,y\n", "1 link of weight 0 left out"),
        ("*Vertices 3\n*Edges\n1 2 0\n2 3 1\n", "*Edges: 1 link of weight 0 left out"),
    ],
)
def test_links_that_weigh_nothing_are_left_out_and_said(text: str, note: str):
    assert note in read(text).plan.notes


def test_blanks_within_quotes_are_not_said_to_be_taken_away():
    kept = read('source,target\n"O""Neil, Jr.","c\nd"\n" x ",y\n')
    assert kept.names.tolist() == [" x ", 'O"Neil, Jr.', "c\nd", "y"] and kept.plan.notes == ()
    assert read('source,target\n"c\nd", b\nb,c\n').plan.notes == ("blanks around names taken away",)


def test_users_and_items_are_two_kinds_whatever_their_numbers():
    network = read("userId,movieId,weight\n1,1,5\n1,2,3\n2,2,4\n")
    assert network.nodes == ["userId 1", "userId 2", "movieId 1", "movieId 2"]
    assert network.features.tolist() == [False, False, True, True]
    assert network.links()[2].tolist() == [5, 3, 4]
    assert "sources and targets are nodes of two kinds" in network.plan.notes
    assert read("author,paper,n\nann,a title,1\nbob,a title,1\n").nodes == ["ann", "bob", "a title"]
    frame = pa.table({"item_id": [7, 8, 8], "user_id": [7, 7, 9]})
    assert as_graph(frame).features.tolist() == [False, False, True, True]
    assert read("user,friend\n1,2\n2,3\n").nodes == [1, 2, 3]
    met, apart = b"user,item,layer\n1,1,a\n1,2,b\n", b"user,item,layer\nu,i,a\nu,j,b\n"
    with pytest.raises(BadInput, match="whose links have no layers"):
        read_graph(io.BytesIO(met), layer="layer")
    assert read_graph(io.BytesIO(apart), layer="layer").layers is not None
