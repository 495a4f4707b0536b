"""Tables as people have them: columns by any name, several files, rows that are none; and what is told of that."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.data import read_labelled, read_pairs
from minent.data.natural import natural
from minent.data.tables.files import files_of
from minent.data.tables.rows import KINDS
from minent.errors import BadInput, BadLine

NESTED = """{"id": 7, "translation": {"en": "Hi.", "zh": "你好。"}}
{"id": 8, "translation": {"en": "Bye.", "zh": "再见。"}}
"""


def file(text: str) -> io.BytesIO:
    return io.BytesIO(text.encode())


def test_columns_are_found_by_name_case_number_and_dots(tmp_path):
    nested = read_pairs(file(NESTED), source="translation.en", target="translation.zh")
    assert (nested.sources, nested.targets) == (["Hi.", "Bye."], ["你好。", "再见。"])
    assert str(nested.plan) == "source=translation.en, target=translation.zh; passed over id"
    pq.write_table(pa.Table.from_pylist([json.loads(line) for line in NESTED.splitlines()]), tmp_path / "a.parquet")
    flat = read_pairs(tmp_path / "a.parquet", source="translation.en", target="translation.zh")
    assert (flat.sources, flat.targets) == (nested.sources, nested.targets)
    assert read_pairs(file("Source\tTARGET\na\tb\n")).targets == ["b"]
    assert read_pairs(file("x\ta\tb\ny\tc\td\n"), source="3", target="2").sources == ["b", "d"]
    assert read_labelled(file("Text,Label\n"), label=None).texts == ["Text,Label"]  # a line, not a table
    (tmp_path / "a.csv").write_text("Text,Label\nok,1\n")
    assert read_labelled(tmp_path / "a.csv").labels == ["1"]


def test_columns_of_one_name_but_for_case_are_asked_about():
    with pytest.raises(BadLine, match="there is no column 'source'; there are Source, SOURCE, t: say which"):
        read_pairs(file('{"Source": "a", "SOURCE": "b", "t": "c"}\n'), target="t")


def test_named_columns_make_the_first_line_a_header():
    pairs = read_pairs(file("src\tprompt\ttrg\na\tx\tb\n"), source="src", target="trg")
    assert (pairs.sources, pairs.targets) == (["a"], ["b"])
    with pytest.raises(BadLine, match="there is no column 'tgt'; there are src, prompt, trg: say which is the target"):
        read_pairs(file("src\tprompt\ttrg\na\tx\tb\n"), source="src", target="tgt")


@pytest.mark.parametrize("content", ['[{"text": "a", "label": 1}, {"text": "b", "label": 2}]',
    '{"version": 1, "data": [\n{"text": "a", "label": 1}, {"text": "b", "label": 2}]}',
    '{"text": "a", "label": 1}\n{"text": "b", "label": 2}\n'])  # fmt: skip
def test_json_is_an_array_or_lines(content, tmp_path):
    (tmp_path / "a.json").write_text(content)
    read = read_labelled(tmp_path / "a.json")
    assert (read.texts, read.labels, read.rows) == (["a", "b"], ["1", "2"], [0, 1])


def test_json_lines_are_known_without_a_name_but_not_in_plain_text(tmp_path):
    assert read_labelled(file('{"text": "a", "label": 1}\n')).labels == ["1"]
    (tmp_path / "a.txt").write_text('{"text": "a"}\n')
    assert read_labelled(tmp_path / "a.txt").texts == ['{"text": "a"}']


def test_several_files_are_one_table_whose_rows_are_counted_through(tmp_path):
    for i in (10, 2, 1):
        (tmp_path / f"train-{i}.tsv").write_text(f"k\ttext {i}\n\nk\tmore {i}\n")
    wanted = [f"{word} {i}" for i in (1, 2, 10) for word in ("text", "more")]
    for path in (str(tmp_path / "train-*.tsv"), tmp_path, [tmp_path / f"train-{i}.tsv" for i in (1, 2, 10)]):
        read = read_labelled(path)
        assert (read.texts, read.rows) == (wanted, list(range(6)))
        assert str(read.plan) == "label=label, text=text; 3 files; 3 blank lines"
    with pytest.raises(BadInput, match=r"there is no file that '.*dev-.*' fits"):
        read_labelled(str(tmp_path / "dev-*.tsv"))


def test_a_folder_of_shards_is_one_split_with_the_names_of_classes(tmp_path):
    (tmp_path / "data").mkdir()
    said = {"info": {"features": {"label": {"_type": "ClassLabel", "names": ["neg", "pos"]}}}}
    table = pa.table({"text": ["good", "bad"], "label": [1, 0]}).replace_schema_metadata(
        {"huggingface": json.dumps(said)}
    )
    pq.write_table(table, tmp_path / "data" / "train-00000-of-00001.parquet")
    assert read_labelled(tmp_path).labels == ["pos", "neg"]
    pq.write_table(table, tmp_path / "data" / "test-00000-of-00001.parquet")
    with pytest.raises(BadInput, match=r"holds several splits \(test, train\); say one, such as '.*/data/t.*\*'"):
        read_labelled(tmp_path)


def test_tables_beside_folders_of_texts_are_asked_about(tmp_path):
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "a.txt").write_text("fine")
    assert read_labelled(tmp_path).labels == ["good"]
    (tmp_path / "notes.csv").write_text("text,label\na,b\n")
    with pytest.raises(BadInput, match=r"holds tables \(notes.csv, …\) beside folders of texts"):
        read_labelled(tmp_path)


def test_bad_rows_are_left_out_as_far_as_is_said_and_told():
    rows = file('{"text": "a"}\n{"text": \n{"text": ""}\n[1]\n{"text": "b"}\n{"text": null}\n')
    read = read_labelled(rows, label=None, skip_bad=4)
    assert (read.texts, read.rows) == (["a", "b"], [0, 4])
    assert read.plan is not None and len(read.plan.bad) == 4
    assert "4 bad rows left out: a line must be one JSON object" in str(read.plan)
    assert str(read.plan).endswith(", …") and "on line 6" not in str(read.plan)
    with pytest.raises(
        BadInput, match=r"text must be text; got None on line 6 .* as skip_bad allows, 3, were left out"
    ):
        rows.seek(0)
        read_labelled(rows, label=None, skip_bad=3)
    rows.seek(0)
    with pytest.raises(BadLine, match=r"a line must be one JSON object .* on line 2"):
        read_labelled(rows, label=None)


def test_what_text_is_in_can_be_said():
    latin = "naïve\tcafé\n".encode("latin-1")
    with pytest.raises(BadLine, match="text must be UTF-8"):
        read_pairs(io.BytesIO(latin))
    pairs = read_pairs(io.BytesIO(latin), encoding="latin-1")
    assert (pairs.sources, str(pairs.plan)) == (["naïve"], "source=source, target=target; iso8859-1")
    assert read_pairs(io.BytesIO("源\t目\n".encode("utf-16"))).targets == ["目"]


@given(st.lists(st.text("ab12", min_size=1), unique=True))
def test_numbers_in_names_are_ordered_as_numbers(names):
    assert len(set(map(natural, names))) == len(names)
    assert sorted([f"x{i}" for i in (3, 20, 100, 1)], key=natural) == ["x1", "x3", "x20", "x100"]


def test_what_is_no_path_is_passed_through():
    stream = file("")
    assert files_of(stream, KINDS) == [stream]
    with pytest.raises(BadInput, match="got an empty list"):
        files_of([], KINDS)
