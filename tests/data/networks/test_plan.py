"""What is read is planned and told; what is said is heeded; names survive every way of writing them."""

import bz2
import csv
import gzip
import io
import lzma
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.data import States, as_graph, read_graph
from minent.data.networks.lines.arrow_alike import zeros_in_front
from minent.data.networks.plan import Skipped
from minent.errors import BadInput


def read(text, **said):
    return read_graph(io.BytesIO(text if isinstance(text, bytes) else text.encode()), **said)


def named_links(network):
    names = list(range(network.number_of_nodes)) if network.names is None else network.names.tolist()
    source, target, weight = network.links()
    weight = np.ones(len(source)) if weight is None else weight
    return {(names[i], names[j]): w for i, j, w in zip(source, target, weight.tolist(), strict=True)}


@pytest.mark.parametrize("text, told", [
    ("1 2\n", "source=1, target=2"),
    ("u,v,count\n1,2,3\n", "source=u, target=v, weight=count"),
    ("# a\n# b\n\nu,v,time\n1,2,3\n# c\n2,3,4\n", "source=u, target=v; no weights; passed over time; 3 comment lines"),
    (",from,to,amount\n0,5,6,1\n", 'source=from, target=to, weight=amount; passed over ""'),
    ("1 2 7 1700000000\n2 3 7 1700000009\n", "source=1, target=2, weight=3; passed over 4"),
    ("u;v;w\na;b;0,5\n", "source=u, target=v, weight=w; decimal commas"),
    ("1.0,2\n3.0,2\n", "source=1, target=2; names like 1.0 are integers"),
    ("Source,Target,Type\n1,2,Directed\n3,4,\n",
     "source=Source, target=Target; links are directed, and 1 without a type as the others"),
    ("1 2\n2 3 2\n", "source=1, target=2, weight=3; 1 link without a weight weighs 1"),
    ("1 2\n" * 9000 + "2 3 2\n", "source=1, target=2, weight=3; 9,000 links without a weight weigh 1"),
    ("a,b\n,\nb,c\n", "source=1, target=2; 1 line without fields"),
    ("Ann, Bob\nBob , Cid\n", "source=1, target=2; blanks around names taken away"),
    ("Source,Target,Type\n1,2,Directed\n", "source=Source, target=Target; links are directed"),
    ("张三 李四\n".encode("gb18030"), "source=1, target=2; gb18030"),
])  # fmt: skip
def test_one_line_tells_what_was_understood(text, told):
    assert str(read(text).plan) == told


def test_the_plan_has_it_all():
    text = "\ufeff# who\r\nu;v;n;who\r\n007;7;2;x\r\n# again\r\n7;8;1;y\r\n"
    plan = read(gzip.compress(text.encode())).plan
    assert (plan.file, plan.format, plan.packed, plan.encoding) == ("standard input", "lines", "gz", "utf-8")
    assert (plan.newline, plan.delimiter, plan.header, plan.comments) == ("\r\n", ";", True, ("#", "%"))
    assert (plan.source, plan.target, plan.weight, plan.layer) == ("u", "v", "n", "")
    assert (plan.passed_over, plan.ids, plan.notes) == (("who",), "text", ())
    assert plan.skipped == (Skipped("comment line", 2, 1, "# who"),)


@pytest.mark.parametrize("text, said, links", [
    ("a,b,c,4\nb,c,d,5\n", {"source": 2, "target": 3, "weight": 4}, {("b", "c"): 4.0, ("c", "d"): 5.0}),
    ("x,y,z\n1,2,3\n", {"weight": "z"}, {(1, 2): 3.0}),
    ("x,y,z\n1,2,3\n", {"weight": "none"}, {(1, 2): 1.0}),
    ("u,v,w\n1,2,3\n", {"weight": None}, {(1, 2): 1.0}),
    ("u,v,w\n1,2,3\n", {"weight": "3", "source": "V", "target": "1"}, {(1, 2): 3.0}),
    ("u,v,w,n\n1,2,3,4\n", {"weight": "n"}, {(1, 2): 4.0}),
    ("1 2\n" * 9000 + "2 3 2\n", {"weight": "none"}, {(1, 2): 9000.0, (2, 3): 1.0}),
    ("person,friend\nAnn,Bob\n", {"header": True}, {("Ann", "Bob"): 1.0}),
    ("person,friend\n", {"header": False}, {("friend", "person"): 1.0}),
    ("source target\n", {"header": False}, {("source", "target"): 1.0}),
    ("a:b\nb:c\n", {"delimiter": ":"}, {("a", "b"): 1.0, ("b", "c"): 1.0}),
    ("a, b\tc\n", {"delimiter": "tab"}, {("a, b", "c"): 1.0}),
    ("a,1 b\nc d\n", {"delimiter": "blank"}, {("a,1", "b"): 1.0, ("c", "d"): 1.0}),
    ("//x y\na b\n//c d\n", {"comment": "//"}, {("a", "b"): 1.0}),
    ("# b\n", {"comment": ""}, {("#", "b"): 1.0}),
    ("caf\xe9 cr\xe8me\n".encode("latin-1"), {"encoding": "latin-1"}, {("café", "crème"): 1.0}),
    ("甲 乙\n".encode("utf-16-le"), {"encoding": "utf-16-le"}, {("乙", "甲"): 1.0}),
    ("*Vertices x\n", {"format": "lines"}, {("*Vertices", "x"): 1.0}),
    ("source,target,type\na,b,directed\nb,c,undirected\n", {"directed": True}, {("a", "b"): 1.0, ("b", "c"): 1.0}),
])  # fmt: skip
def test_what_is_said_is_heeded(text, said, links):
    assert named_links(read(text, **said)) == links


@pytest.mark.parametrize("said, sentence", [
    ({"source": "x"}, r"there is no column 'x' for --source among \['u', 'v', 'n'\]"),
    ({"weight": 4}, "weight must be one of 3 columns; got 4"),
    ({"weight": 0}, "weight must be a column's name, or its number from 1; got 0"),
    ({"target": "u", "source": "u"}, "source, target, weight and layer must be different columns"),
    ({"delimiter": "ab"}, 'delimiter must be one mark, "tab" or "blank"; got \'ab\''),
    ({"source": "n"}, "--source and --target must say which columns links go between"),
    ({"encoding": "utf-99"}, "there is no encoding 'utf-99'"),
    ({"encoding": "ascii"}, "text must be ASCII; got other bytes"),
])  # fmt: skip
def test_what_cannot_be_heeded_is_refused(said, sentence):
    with pytest.raises(BadInput, match=sentence):
        read("u,v,n\né,2,3\n", **said)


def test_a_column_of_layers_or_times_makes_layers():
    network = read("u,v,year\n1,2,1999\n2,3,2001\n", layer="year", relax_limit=1)
    assert isinstance(network, States)
    assert network.names.tolist() == [(1999, 1), (1999, 2), (2001, 2), (2001, 3)]
    assert str(network.plan) == "source=u, target=v, layer=year"
    frame = pd.DataFrame({"u": [1, 2], "v": [2, 3], "w": [1, 2]})
    frame.to_parquet(file := io.BytesIO())
    assert read(file.getvalue(), layer=3, weight=None).names.tolist() == [(1, 1), (1, 2), (2, 2), (2, 3)]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, lambda data: zstd(data)])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_bytes_are_told_by_what_they_are(pack, encoding, newline):
    data = newline.join(["source\ttarget", "北京\t上海", "上海\t天津", ""]).encode(encoding)
    network = read(pack(data))
    assert named_links(network) == {("上海", "北京"): 1.0, ("上海", "天津"): 1.0}
    assert network.plan.newline == newline
    with pytest.raises(BadInput, match="is not a whole"):
        read(pack(data)[:-9])


def zstd(data):
    with pa.CompressedOutputStream(sink := pa.BufferOutputStream(), "zstd") as file:
        file.write(data)
    return sink.getvalue().to_pybytes()


def test_standard_input_gives_what_a_file_gives(tmp_path):
    code = "import sys; from minent.data import read_graph; g = read_graph(sys.argv[1]); print(g.names, g.plan)"
    path = tmp_path / "links.graphml"
    for data in (
        bz2.compress(b"u,v\r\na,b\r\n"),
        b'{"nodes": [{"id": "a"}], "links": []}',
        b"*Vertices 2\r*Edges\r1 2\r",
    ):
        path.write_bytes(data)
        answers = [
            subprocess.run([sys.executable, "-c", code, name], input=data, capture_output=True, check=True).stdout
            for name in (path, "-")
        ]
        assert answers[0] == answers[1]


plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
words = st.one_of(
    plain,
    st.sampled_from(["", "a\nb", 'say "hi"', "a,b", "\r", "عَرَبِيّ", "👩‍👩‍👧", "#tag", "nan", "007", "1", "\t", " a"]),
)
lists = st.lists(st.tuples(words, words), min_size=1, max_size=12)


@given(lists, st.sampled_from(",\t;|"), st.booleans())
def test_quoted_names_are_read_as_they_were_written(links, delimiter, weighted):
    rows = [[*link, 0.25] if weighted else list(link) for link in links]
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(
        [["source", "target", "weight"][: len(rows[0])], *rows]
    )
    check(read(file.getvalue(), directed=True, comment=""), links, 0.25 if weighted else 1.0)


@given(lists)
def test_parquet_keeps_any_names(links):
    table = pa.table({"source": [a for a, _ in links], "target": [b for _, b in links]})
    pq.write_table(table, file := io.BytesIO())
    network = read(file.getvalue(), directed=True)
    assert set(network.names.tolist()) == {name for link in links for name in link}
    assert named_links(network) == counted(links, 1.0)
    assert named_links(as_graph(table, directed=True)) == counted(links, 1.0)


def counted(links, weight):
    sums = {}
    for link in links:
        sums[link] = sums.get(link, 0.0) + weight
    return sums


def check(network, links, weight):
    integers = all(name in map(str, range(10)) for link in links for name in link)
    expected = counted([(int(a), int(b)) for a, b in links] if integers else links, weight)
    assert named_links(network) == expected


@given(st.lists(st.tuples(words, words), min_size=2, max_size=12))
def test_what_pandas_writes_is_read_or_refused(links):
    """An empty name is written as nothing, which is refused; blanks around a name are taken away, which is told."""
    frame = pd.DataFrame(links, columns=["source", "target"])
    text = frame.to_csv()
    try:
        network = read(text, directed=True, comment="")
    except BadInput:
        assert any(name == "" or "\r" in name for link in links for name in link)
        return
    if "blanks around names taken away" not in network.plan.notes:
        check(network, links, 1.0)


@given(st.lists(st.sampled_from(["0", "7", "07", "10", "0x1", "-01", "1e-05", "0.5"]), min_size=2, max_size=30),
       st.sampled_from(" ,;|\t"))  # fmt: skip
def test_zeros_in_front_are_found(fields, delimiter):
    text = delimiter.join(fields)
    assert zeros_in_front(text.encode(), delimiter) == any(field in ("07", "0x1", "-01") for field in fields)


def test_zeros_in_front_are_found_across_blocks():
    for gap in range((1 << 18) - 6, (1 << 18) + 3):
        line = b"1" * gap
        assert zeros_in_front(line + b" 07 8", " ")
        assert not zeros_in_front(line + b"1007 8", " ")


@pytest.mark.parametrize("text, said", [
    ("*Vertices 2\n*Edges\n1 2\n", {"source": "u"}),
    ("*Vertices 2\n*Edges\n1 2\n", {"weight": None}),
    ('{"nodes": [{"id": 1}, {"id": 2}], "links": [{"source": 1, "target": 2}]}', {"header": True}),
    ("%%MatrixMarket matrix coordinate pattern symmetric\n2 2 1\n2 1\n", {"delimiter": " "}),
    ("graph [ node [ id 1 ] node [ id 2 ] edge [ source 1 target 2 ] ]", {"comment": "#"}),
])  # fmt: skip
def test_what_a_format_does_not_ask_for_is_refused(text, said):
    assert read(text).number_of_links == 1
    with pytest.raises(BadInput, match=f"{next(iter(said))} says nothing about a file of format"):
        read(text, **said)


def test_columns_called_by_years_are_asked_for():
    table = "country,2019,2020\nFrance,3,4\nSpain,5,6\n"
    with pytest.raises(BadInput, match=r"whether names of columns or a link stand .* on line 1"):
        read(table)
    assert named_links(read(table, header=False, weight="3"))[("2019", "country")] == 2020
    assert read("a,2019,2020\nb,2018,2021\n", weight="3").number_of_links == 2  # years in other lines too
