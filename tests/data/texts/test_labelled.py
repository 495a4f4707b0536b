"""Texts with labels, each in many forms; what cannot be read is said, with its line."""

import csv
import gzip
import io
import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minent.data import read_labelled
from minent.errors import BadInput, BadLine

TEXTS = ['He said "no", twice.', "道可道，非常道。", "  blanks, and a \u2028 kept "]
LABELS = ["en", "zh", "en"]


def tsv(texts, labels):
    return "".join(f"{label}\t{text}\n" for text, label in zip(texts, labels, strict=True))


def table(texts, labels):
    file = io.StringIO(newline="")
    csv.writer(file).writerows([("id", "text", "label"), *zip(range(len(texts)), texts, labels, strict=True)])
    return file.getvalue()


def objects(texts, labels):
    return "".join(json.dumps({"text": t, "label": k}) + "\n" for t, k in zip(texts, labels, strict=True))


FORMS = {
    "a.tsv": tsv(TEXTS, LABELS),
    "named.tsv": "label\ttext\n" + tsv(TEXTS, LABELS),
    "exchanged.tsv": "text\tlabel\n" + tsv(LABELS, TEXTS),
    "marked.tsv": "\ufefflabel\ttext\r\n" + tsv(TEXTS, LABELS).replace("\n", "\r\n"),
    "unended.tsv": tsv(TEXTS, LABELS)[:-1],
    "blank.tsv": tsv(TEXTS, LABELS).replace("\n", "\n\n"),
    "a.csv": table(TEXTS, LABELS),
    "marked.csv": "\ufeff" + table(TEXTS, LABELS),
    "a.jsonl": objects(TEXTS, LABELS),
    "a.ndjson": objects(TEXTS, LABELS).replace("\n", "\r\n"),
}


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("name", FORMS)
def test_the_same_texts_in_many_forms(name, zipped, tmp_path):
    file = tmp_path / (name + ".gz" * zipped)
    file.write_bytes(gzip.compress(FORMS[name].encode()) if zipped else FORMS[name].encode())
    read = read_labelled(file)
    assert read.texts == TEXTS
    assert read.labels == LABELS
    assert len(read) == 3


def test_the_same_texts_in_parquet_and_in_folders(tmp_path):
    pq.write_table(pa.table({"text": TEXTS, "label": LABELS, "id": [1, 2, 3]}), tmp_path / "a.parquet")
    assert read_labelled(tmp_path / "a.parquet").texts == TEXTS
    tmp_path = tmp_path / "labels"
    for i, (text, label) in enumerate(zip(TEXTS, LABELS, strict=True)):
        (tmp_path / label).mkdir(parents=True, exist_ok=True)
        (tmp_path / label / f"{i}.txt").write_text(text, encoding="utf-8")
    read = read_labelled(tmp_path)
    assert (read.texts, read.labels) == ([TEXTS[0], TEXTS[2], TEXTS[1]], ["en", "en", "zh"])
    assert read_labelled(tmp_path, label=None).labels is None


def test_columns_are_found_by_the_names_given(tmp_path):
    (tmp_path / "a.csv").write_text("review,sentiment\ngood,1\nbad,0\n")
    assert read_labelled(tmp_path / "a.csv", text="review", label="sentiment").labels == ["1", "0"]
    assert read_labelled(tmp_path / "a.csv", text="review", label=None).labels is None
    (tmp_path / "a.tsv").write_text("good\nbad\n")
    assert read_labelled(tmp_path / "a.tsv", label=None).texts == ["good", "bad"]
    (tmp_path / "a.jsonl").write_text('{"review": "good", "label": 1}\n')
    assert read_labelled(tmp_path / "a.jsonl", text="review").labels == ["1"]


def test_quoted_csv_fields_hold_newlines_and_more_than_131072_characters(tmp_path):
    long = 'first "line",\nsecond\n' * 10_000
    (tmp_path / "a.csv").write_text(table([long, "b"], ["x", "y"]), newline="")
    limit = csv.field_size_limit()
    assert read_labelled(tmp_path / "a.csv").texts == [long, "b"]
    assert csv.field_size_limit() == limit < len(long)


def test_other_files_hold_one_text_a_line_without_labels(tmp_path, monkeypatch):
    lines = "a\tb\n\n甲乙\r\n".encode()
    (tmp_path / "a.txt").write_bytes(lines)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines)))
    for source in (tmp_path / "a.txt", io.BytesIO(lines), "-"):
        read = read_labelled(source)
        assert (read.texts, read.labels) == (["a\tb", "甲乙"], None)


readable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(str.strip)


@example([("0", "-INFINITY")])
@given(st.lists(st.tuples(readable, readable.map(str.strip)), min_size=1))
def test_json_lines_hold_any_text(tmp_path_factory, examples):
    file = tmp_path_factory.mktemp("any") / "a.jsonl"
    file.write_text(objects(*zip(*examples, strict=True)))
    read = read_labelled(file)
    assert list(zip(read.texts, read.labels, strict=True)) == examples


@given(st.lists(readable.filter(lambda text: not set(text) & set("\t\n\r")), min_size=1))
def test_tsv_holds_any_text_without_tabs_and_newlines(tmp_path_factory, texts):
    file = tmp_path_factory.mktemp("any") / "a.tsv"
    file.write_text("label\ttext\n" + tsv(texts, ["k"] * len(texts)), encoding="utf-8", newline="")
    assert read_labelled(file).texts == texts


@pytest.mark.parametrize("name, content, error, sentence", [
    ("a.tsv", b"x\tgood\nx\t\xb5c\n", BadLine, "text must be UTF-8; got other bytes on line 2 of"),
    ("a.tsv", b"x\tgood\nx\n", BadLine, "); got 1 field ('x')"),
    ("a.tsv", b"x\tgood\nx\tb\tc\n", BadLine, "); got 3 fields"),
    ("a.tsv", b"x\tgood\n\nx\t \n", BadLine, "text must not be empty on line 3 of"),
    ("a.tsv", b" \tgood\n", BadLine, "label must not be empty on line 1 of"),
    ("a.tsv", b"sentence\tlabel\ngood\t1\n", BadLine, "there is no column 'text'; there are sentence, label: say"),
    ("a.csv", b"text,sentiment\ngood,1\n", BadLine, "there is no column 'label'; there are text, sentiment: say"),
    ("a.csv", b'text,label\n"a\nb",1\n"c"d,2\n', BadLine, "quotes must open and close a field"),
    ("a.csv", b'text,label\n"a\nb",1\nc\n', BadLine, "the header names 2 columns (text, label); got 1 fields on line"),
    ("a.csv", b"text,label\n", BadInput, "there are no texts in"),
    ("a.tsv", b"", BadInput, "there are no texts in"),
    ("a.txt", b"\n\n", BadInput, "there are no texts in"),
    ("a.jsonl", b'{"text": "a", "label": 1}\n{"text": \n', BadLine, "a line must be one JSON object (Expecting value"),
    ("a.jsonl", b"[1]\n", BadLine, "a row must be one JSON object; got [1] on line 1 of"),
    ("a.jsonl", b'{"text": "a"}\n', BadLine, "there is no column 'label'; there are text: say which is the label"),
    ("a.jsonl", b'{"text": 3, "label": 1}\n', BadLine, "text must be text; got 3 on line 1 of"),
    ("a.jsonl", b'{"text": "a", "label": null}\n', BadLine, "label must be text or a whole number; got None on"),
    ("a.jsonl", b'{"text": "a\\ud83d", "label": 1}\n', BadLine, "text must be whole characters; got half of one"),
    ("a.tsv", b"x\tgo\0od\n", BadLine, "text must not hold NUL on line 1 of"),
    ("a.csv", b"text,label\ngood,1\nbad,0.37\n", BadLine, "label must be text or a whole number; got 0.37"),
    ("a.jsonl", b'{"text": "a", "label": 0.5}\n', BadLine, "label must be text or a whole number; got 0.5"),
    ("a.jsonl", b'{"text": "a", "label": NaN}\n', BadLine, "label must be text or a whole number; got nan"),
    ("a.json", b'{"text": ["a"], "label": [1]}', BadInput, "one array of JSON objects; got an object of text, label"),
    ("a.jsonl.gz", b"\x1f\x8b\x08", BadInput, "is not a whole gzip file"),
    ("a.parquet", b"PAR1", BadInput, "is not a whole Parquet file"),
])  # fmt: skip
def test_what_is_wrong_is_said(name, content, error, sentence, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error) as caught:
        read_labelled(tmp_path / name)
    assert sentence in str(caught.value)
    assert repr(str(tmp_path / name)) in str(caught.value)


def test_csv_faults_are_on_the_line_where_their_row_begins(tmp_path):
    (tmp_path / "a.csv").write_bytes(b'text,label\n"a\nb",1\n"c"d,2\n')
    with pytest.raises(BadLine, match="on line 4 of"):
        read_labelled(tmp_path / "a.csv")


def test_missing_columns_rows_files_and_labels_are_named(tmp_path):
    pq.write_table(pa.table({"text": ["a", None], "kind": [1, 2]}), tmp_path / "a.parquet")
    with pytest.raises(BadInput, match="there is no column 'label'; there are text, kind: say which"):
        read_labelled(tmp_path / "a.parquet")
    with pytest.raises(BadInput, match="text must be text; got None in row 1 of"):
        read_labelled(tmp_path / "a.parquet", label="kind")
    with pytest.raises(BadInput, match="there is no file"):
        read_labelled(tmp_path / "b.tsv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="one folder for each label"):
        read_labelled(tmp_path / "empty")
    with pytest.raises(BadInput, match="must be binary"):
        read_labelled(io.StringIO("a"))
    (tmp_path / "empty" / "x").mkdir()
    (tmp_path / "empty" / "x" / "1.txt").write_bytes(b"ok\n\xff")
    with pytest.raises(BadLine, match=r"on line 2 of .*1\.txt"):
        read_labelled(tmp_path / "empty")
