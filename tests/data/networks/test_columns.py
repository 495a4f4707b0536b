"""Which columns hold what is read where nothing else could be meant, and asked for where something could."""

import io

import pandas as pd
import pyarrow as pa
import pytest
from data.networks.named_links import links, read

from minent.data import as_graph, read_graph
from minent.data.points.columns import holds_columns, read_columns
from minent.errors import BadInput

ENDS = "--source and --target must say which of {} columns links go between, for column {} holds {}"
TABLE = "--source and --target must say which columns links go between; got the columns"
SHORT = "the header names 2 columns, a line has 3 fields .--source and --target may say by number"


@pytest.mark.parametrize("text, sentence", [
    ("0,ann,bob,1\n1,bob,cem,2\n2,cem,ann,3\n", ENDS.format(4, 1, "numbers of rows")),
    ("2024-01-01,ann,bob,3\n", ENDS.format(4, 1, "dates")),
    ("10:20,ann,bob\n", ENDS.format(3, 1, "dates")),
    ("ann,likes,bob,yes\n", ENDS.format(4, 3, "words")),
    ("<a> <p> <b> .\n<b> <p> <c> .\n", ENDS.format(4, 3, "words")),
    ("Ann B Bob C 2\n", ENDS.format(5, 3, "words")),
    ("1353304100 1 2\n1353304100 3 4\n", ENDS.format(3, 1, "times")),
    ("31220 58 63 3B 3A\n31220 58 64 3B 3A\n", ENDS.format(5, 4, "words")),
    ("1 ann bob\n2 bob cem\n", ENDS.format(3, 1, "numbers of rows")),
    ("1 ann 5\n2 bob 6\n", ENDS.format(3, 1, "numbers of rows")),
    ("ann likes bob\nbob likes cem\n", ENDS.format(3, 3, "words")),
    ("1 2 1700000000\n2 3 1700000009\n", "is column 3 a weight?"),
    ("1 2 3 1700000000\n2 3 4 1700000000\n", "which of 2 columns of numbers is the weight?"),
    ("protein1 protein2 fusion combined_score\nP1 P2 0 173\n",
     "which of 2 columns of numbers is the weight. --weight fusion, --weight combined_score or --weight none"),
    ("x y\n1 2\n", "--header or --no-header must say"),
    ("nr,von,nach\n1,ann,bob\n2,bob,cem\n", "--source and --target must say"),
    ("Source,Target\nann,bob,3\nbob,cem,2\n", SHORT),
    ("from to\nNew York Boston\nSan Jose Miami\n", SHORT),
    ("from to\nNew York Boston\n", SHORT),
    ("source,target,exports\na,b,200000000\nb,c,300000001\n", "is exports a weight. --weight exports or --weight none"),
    ("source,target,flights,passengers\na,b,2,3\n", "--weight flights, --weight passengers or --weight none"),
    ("source,target,\na,b,3\nb,c,2\n", "is column 3 a weight?"),
    ("source,target,n,n\na,b,1,2\n", "several columns may hold weights: --weight 3 or --weight 4 says which"),
    ("source,source,target\na,b,c\n", "columns 1 and 2 are all called 'source': --source and --target say which"),
    ("Source,Target,Type\na,b,Directed\nb,c,Directed\n" + "b,c,Directed\n" * 9999 + "c,d,Mutual\n",
     "the type of a link is Directed or Undirected; got 'mutual'"),
])  # fmt: skip
def test_what_could_be_something_else_is_asked_for(text, sentence):
    with pytest.raises(BadInput) as error:
        read(text)
    assert sentence.replace(".-", "(-").replace(". -", "? -") in str(error.value)


@pytest.mark.parametrize("text, said, wanted", [
    ("0,ann,bob,1\n1,bob,cem,2\n", {"source": 2, "target": 3}, {("ann", "bob"): 1.0, ("bob", "cem"): 2.0}),
    ("<a> <p> <b> .\n<b> <p> <c> .\n", {"source": 1, "target": 3}, {("<a>", "<b>"): 1.0, ("<b>", "<c>"): 1.0}),
    ("123456789 987654321 3\n123456790 987654322 4\n", {},
     {(123456789, 987654321): 3.0, (123456790, 987654322): 4.0}),
    ("1 2 3\n2 3 4\n", {}, {(1, 2): 3.0, (2, 3): 4.0}),
    ("0,ann,bob\n1,bob,cem\n", {"source": 2, "target": 3}, {("ann", "bob"): 1.0, ("bob", "cem"): 1.0}),
    ("3,ann,bob\n1,bob,cem\n", {"source": 2, "target": 3, "weight": 1}, {("ann", "bob"): 3.0, ("bob", "cem"): 1.0}),
    ("2024-01-05,ann,bob\n", {"source": 2, "target": 3}, {("ann", "bob"): 1.0}),
    ("ann bob 3 2024-01-01\n", {}, {("ann", "bob"): 3.0}),
    ("ann bob 2024-01-05\n", {}, {("ann", "bob"): 1.0}),
    ("Source,Target\nann,bob,3\nbob,cem,2\n", {"source": 1, "target": 2}, {("ann", "bob"): 3.0, ("bob", "cem"): 2.0}),
    ("Source,Target\n7,ann,bob\n9,bob,cem\n", {"source": 2, "target": 3, "weight": None},
     {("ann", "bob"): 1.0, ("bob", "cem"): 1.0}),
    ("source,source,target\na,b,c\n", {"source": 2, "target": 3}, {("b", "c"): 1.0}),
    ("source,target,flights,passengers\na,b,2,3\n", {"weight": "passengers"}, {("a", "b"): 3.0}),
    ("source,target,exports\na,b,200000000\n", {"weight": "exports"}, {("a", "b"): 2e8}),
    ("source,target,created_at\na,b,200000000\n", {}, {("a", "b"): 1.0}),
])  # fmt: skip
def test_what_is_said_or_has_one_meaning_is_read(text, said, wanted):
    assert links(read(text, **said)) == wanted


def test_numbers_before_the_ends_are_asked_about():
    with pytest.raises(BadInput, match="is column 1 a weight"):
        read("7,ann,bob\n9,bob,cem\n", source=2, target=3)


def test_tables_are_asked_about_as_text_is():
    frame = pd.DataFrame({"source": ["a", "b"], "target": ["b", "c"], "exports": [2 * 10**8, 10**9], "usd": [1, 2]})
    with pytest.raises(BadInput, match="--weight exports, --weight usd or --weight none"):
        as_graph(frame)
    assert links(as_graph(frame, weight="usd")) == {("a", "b"): 1.0, ("b", "c"): 2.0}
    with pytest.raises(BadInput, match="--weight 3 or --weight 4"):
        as_graph(pa.table([[1], [2], [3], [4]], names=["source", "target", "n", "n"]))
    dated = pd.DataFrame([["a", "b", pd.Timestamp("2024-01-05")]])
    assert links(as_graph(dated)) == {("a", "b"): 1.0}
    assert str(as_graph(dated).plan) == "source=0, target=1; no weights; passed over 2"


def test_columns_are_known_by_their_chinese_names():
    lines = "编号,来源,目标,次数,日期\n7,张三,李四,3,2024\n8,李四,王五,2,2025\n"
    graph = read_graph(io.BytesIO(lines.encode()))
    assert graph.links()[2].tolist() == [3.0, 2.0] and list(graph.names) == ["张三", "李四", "王五"]
    graph = read_graph(io.BytesIO("作者,合作者,次数\n张三,李四,3\n李四,王五,2\n".encode()))
    assert graph.links()[2].tolist() == [3.0, 2.0]


def test_a_column_of_numbers_called_as_an_id_in_chinese_names_points(tmp_path):
    path = tmp_path / "点.csv"
    path.write_text("编号,长,宽\n101,1,2\n102,3,5\n", encoding="utf-8")
    assert holds_columns(path)
    assert [field.type == "string" for field in read_columns(path).schema] == [True, False, False]
