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
    assert str(nested.plan) == "source=translation.en, target=translation.zh; JSON lines; passed over id"
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


def test_json_lines_are_known_without_a_name_and_in_plain_text_by_their_field(tmp_path):
    assert read_labelled(file('{"text": "a", "label": 1}\n')).labels == ["1"]
    (tmp_path / "a.txt").write_text('{"text": "a"}\n')
    read = read_labelled(tmp_path / "a.txt", label=None)
    assert (read.texts, str(read.plan)) == (["a"], "text=text; JSON lines")
    (tmp_path / "b.txt").write_text('{"log": "a"}\n\nb\n')
    read = read_labelled(tmp_path / "b.txt", label=None)
    assert (read.texts, read.rows) == (['{"log": "a"}', "b"], [0, 2])
    assert str(read.plan) == "one text a line; the first is a JSON object, and taken as text; a blank line"


def test_several_files_are_one_table_whose_rows_are_counted_through(tmp_path):
    for i in (10, 2, 1):
        (tmp_path / f"train-{i}.tsv").write_text(f"k\ttext {i}\n\nk\tmore {i}\n")
    wanted = [f"{word} {i}" for i in (1, 2, 10) for word in ("text", "more")]
    for path in (str(tmp_path / "train-*.tsv"), tmp_path, [tmp_path / f"train-{i}.tsv" for i in (1, 2, 10)]):
        read = read_labelled(path)
        assert (read.texts, read.rows) == (wanted, list(range(6)))
        assert str(read.plan) == "label=label, text=text; no header; 3 files; 3 blank lines"
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
    assert (pairs.sources, str(pairs.plan)) == (["naïve"], "source=source, target=target; no header; iso8859-1")
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


@pytest.mark.parametrize("mark, told", [(";", "fields between ;; "), ("\t", "fields between tabs; "), (",", "")])
def test_csv_without_commas_in_its_header_is_divided_by_what_it_has(mark, told, tmp_path):
    (tmp_path / "a.csv").write_text(mark.join(("id", "text", "label")) + f'\n1{mark} "a, b"{mark}x\n')
    read = read_labelled(tmp_path / "a.csv")
    assert (read.texts, read.labels) == (["a, b"], ["x"])
    assert str(read.plan) == f"label=label, text=text; {told}passed over id"


def test_columns_without_a_name_of_their_own_go_by_number(tmp_path):
    (tmp_path / "a.csv").write_text(",text,text,label\n0,a,b,x\n")
    with pytest.raises(BadLine, match=r"there is no column 'text'; there are 1, 2, 3, label: .* on line 1"):
        read_labelled(tmp_path / "a.csv")
    read = read_labelled(tmp_path / "a.csv", text="3")
    assert (read.texts, str(read.plan)) == (["b"], "label=label, text=3; passed over 1, 2")
    with pytest.raises(BadInput, match="label and text must be columns of their own; got label, label"):
        read_labelled(tmp_path / "a.csv", text="4")


def test_fields_of_lists_go_by_number_and_nested_names_are_told():
    chat = '{"messages": [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "你好。"}]}\n'
    pairs = read_pairs(file(chat), source="messages.0.content", target="messages.1.content")
    assert (pairs.sources, pairs.targets) == (["Hi."], ["你好。"])
    with pytest.raises(BadLine, match=r"there are messages\.0\.role, messages\.0\.content, messages\.1\.role"):
        read_pairs(file(chat))
    with pytest.raises(BadLine, match="no column 'messages"):
        read_pairs(file(chat), source="messages.2.content", target="messages.1.content")


def test_bytes_of_another_encoding_are_a_bad_row_where_such_are_left_out():
    rows = b"good\tone\nbad\t\xff two\ngood\tthree\n"
    pairs = read_pairs(io.BytesIO(rows), skip_bad=1)
    assert (pairs.targets, pairs.rows) == (["one", "three"], [0, 2])
    assert "a bad row left out: target must be in one encoding; got the byte 0xff on line 2" in str(pairs.plan)
    with pytest.raises(BadLine, match="text must be UTF-8; got other bytes on line 2"):
        read_pairs(io.BytesIO(rows))
    with pytest.raises(BadInput, match=r"there are no pairs in .*; a bad row left out: target must be in one encoding"):
        read_pairs(io.BytesIO(b"bad\t\xff\n"), skip_bad=1)


def test_rows_of_several_files_are_placed_in_their_own(tmp_path):
    for i in (1, 2):
        (tmp_path / f"{i}.tsv").write_text("a\tb\nc\td\nbroken\ne\tf\n")
    pairs = read_pairs(str(tmp_path / "?.tsv"), skip_bad=2)
    assert pairs.rows == [0, 1, 3, 4, 5, 7] and pairs.plan is not None and pairs.plan.rows == 8
    assert [pairs.plan.place(row) for row in (3, 4, 7)] == ["1.tsv row 3", "2.tsv row 0", "2.tsv row 3"]
    assert read_pairs(tmp_path / "1.tsv", skip_bad=1).plan.place(3) == 3  # type: ignore[union-attr]


def test_labels_are_read_where_there_are_any_if_so_asked(tmp_path):
    for name, content in {
        "a.csv": "id,text{}\n1,x{}\n", "a.jsonl": '{{"text": "x"{}}}\n', "a.tsv": "{}x\n"
    }.items():  # fmt: skip
        without = {"a.csv": ("", ""), "a.jsonl": ("",), "a.tsv": ("",)}[name]
        given_them = {"a.csv": (",label", ",y"), "a.jsonl": (', "label": "y"',), "a.tsv": ("y\t",)}[name]
        for fields, wanted in ((without, None), (given_them, ["y"])):
            (tmp_path / name).write_text(content.format(*fields))
            read = read_labelled(tmp_path / name, optional=True)
            assert (read.texts, read.labels) == (["x"], wanted)
    (tmp_path / "b.csv").write_text("text,label\nz,y\n")
    (tmp_path / "a.csv").write_text("text\nx\n")
    with pytest.raises(BadInput, match="all files have a column"):
        read_labelled([tmp_path / "a.csv", tmp_path / "b.csv"], optional=True)


def test_what_datasets_saves_to_disk_is_read(tmp_path):
    table = pa.table({"text": ["a", "b"], "label": ["x", "y"], "id": [1, 2]})
    with pa.ipc.new_stream(tmp_path / "data-00000-of-00001.arrow", table.schema) as stream:
        stream.write_table(table)
    (tmp_path / "dataset_info.json").write_text("{}")
    (tmp_path / "state.json").write_text("{}")
    assert read_labelled(tmp_path).labels == ["x", "y"]
    with pa.ipc.new_file(tmp_path / "data.feather", table.schema) as whole:
        whole.write_table(table)
    assert read_labelled(tmp_path / "data.feather").texts == ["a", "b"]
    (tmp_path / "data.feather").write_bytes(b"ARROW1 and no more")
    with pytest.raises(BadInput, match="is not a whole Arrow file"):
        read_labelled(tmp_path / "data.feather")


def test_whole_numbers_are_labels_however_written_and_gaps_among_them_are_none(tmp_path):
    for name, content in {"a.csv": "text,label\na,1.0\nb,0\n", "a.jsonl": '{"text": "a", "label": 1.0}\n'}.items():
        (tmp_path / name).write_text(content)
        assert (read_labelled(tmp_path / name).labels or [])[0] == "1"
    (tmp_path / "a.csv").write_text("text,label\na,1.0\nb,nan\n")
    with pytest.raises(BadInput, match=r"labels are numbers, and row 1 has none \(nan\)"):
        read_labelled(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text("text,label\na,Anna\nb,Nan\n")
    assert read_labelled(tmp_path / "a.csv").labels == ["Anna", "Nan"]
