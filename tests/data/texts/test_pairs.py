"""Pairs of texts, each in many forms; what cannot be read is said, with its file and line."""

import csv
import gzip
import io
import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minent.data import Pairs, held_out, read_pairs
from minent.errors import BadInput, BadLine

SOURCES = ['He said "no", twice.', "名可名，非常名。", "  blanks, and a \u2028 kept "]
TARGETS = ["他说了两次“不”。", "The name that can be named", "空白"]
PAIRS = list(zip(SOURCES, TARGETS, strict=True))
TSV = "".join(f"{source}\t{target}\n" for source, target in PAIRS)


def table(rows):
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue()


FORMS = {
    "a.tsv": TSV,
    "named.tsv": "source\ttarget\n" + TSV,
    "exchanged.tsv": "target\tid\tsource\n" + "".join(f"{b}\t7\t{a}\n" for a, b in PAIRS),
    "marked.tsv": "\ufeffsource\ttarget\r\n" + TSV.replace("\n", "\r\n"),
    "blank.tsv": TSV.replace("\n", "\n\n"),
    "unended.txt": TSV[:-1],
    "nameless": TSV,
    "a.csv": table([("id", "target", "source"), *((i, b, a) for i, (a, b) in enumerate(PAIRS))]),
    "a.jsonl": "".join(json.dumps({"source": a, "target": b, "id": 1}) + "\n" for a, b in PAIRS),
    "a.ndjson": "".join(json.dumps({"source": a, "target": b}, ensure_ascii=False) + "\r\n" for a, b in PAIRS),
}


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("name", FORMS)
def test_the_same_pairs_in_many_forms(name, zipped, tmp_path):
    file = tmp_path / (name + ".gz" * zipped)
    file.write_bytes(gzip.compress(FORMS[name].encode()) if zipped else FORMS[name].encode())
    pairs = read_pairs(file)
    assert (pairs.sources, pairs.targets) == (SOURCES, TARGETS)
    assert len(pairs) == 3


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_parallel_files_pair_line_with_line(suffix, tmp_path):
    for name, texts in ("a.en", SOURCES), ("a.zh", TARGETS):
        lines = "\n\n".join(texts).encode()
        (tmp_path / (name + suffix)).write_bytes(gzip.compress(lines) if suffix else lines)
    pairs = read_pairs(tmp_path / f"a.en{suffix}", tmp_path / f"a.zh{suffix}")
    assert (pairs.sources, pairs.targets) == (SOURCES, TARGETS)


def test_parquet_standard_input_and_open_files_are_read(tmp_path, monkeypatch):
    pq.write_table(pa.table({"id": [1, 2, 3], "target": TARGETS, "source": SOURCES}), tmp_path / "a.parquet")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TSV.encode())))
    for path in (tmp_path / "a.parquet", io.BytesIO(TSV.encode()), "-"):
        assert read_pairs(path).targets == TARGETS


def test_columns_are_found_by_the_names_given(tmp_path):
    (tmp_path / "a.csv").write_text("摘要,title\n长文,短题\n", encoding="utf-8")
    pairs = read_pairs(tmp_path / "a.csv", source="摘要", target="title")
    assert (pairs.sources, pairs.targets) == (["长文"], ["短题"])
    with pytest.raises(BadInput, match="two columns; got 'title' for both"):
        read_pairs(tmp_path / "a.csv", source="title", target="title")


def test_a_first_line_that_holds_only_one_of_the_names_is_a_pair():
    assert read_pairs(io.BytesIO("source\t来源\ntarget\t目标\n".encode())).sources == ["source", "target"]


readable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\t\n\r\ufeff"), min_size=1).filter(
    str.strip
)


@given(st.lists(st.tuples(readable, readable), min_size=1))
def test_tables_and_parallel_files_hold_any_text_without_tabs_and_newlines(pairs):
    sources, targets = map(list, zip(*pairs, strict=True))
    one = read_pairs(io.BytesIO(("source\ttarget\n" + "".join(f"{a}\t{b}\n" for a, b in pairs)).encode()))
    two = read_pairs(*(io.BytesIO("".join(f"{text}\n" for text in texts).encode()) for texts in (sources, targets)))
    for read in (one, two):
        assert (read.sources, read.targets) == (sources, targets)


@pytest.mark.parametrize("name, content, error, sentence", [
    ("a.tsv", b"a\tb\nx\t\xb5c\n", BadLine, "text must be UTF-8; got other bytes on line 2 of"),
    ("a.txt", b"a\tb\n\nx\n", BadLine, "); got 1 field ('x')"),
    ("a.tsv", b"to title\ta\tb\n", BadLine, "); got 3 fields"),
    ("a.tsv", b"source\ttarget\tid\na\tb\n", BadLine, "the header names 3 columns (source, target, id); got 2 fields"),
    ("a.tsv", b"a\tb\nx\t \n", BadLine, "target must not be empty on line 2 of"),
    ("a.tsv", b"\n", BadInput, "there are no pairs in"),
    ("a.csv", b"source,title\na,b\n", BadLine, "there is no column 'target'; there are source, title: say"),
    ("a.csv", b"source,target\n", BadInput, "there are no pairs in"),
    ("a.jsonl", b'{"source": "a", "target": null}\n', BadLine, "target must be text; got None on line 1 of"),
    ("a.jsonl", b'{"source": 3, "target": "b"}\n', BadLine, "source must be text; got 3 on line 1 of"),
    ("a.jsonl", b'{"source"\n', BadLine, "a line must be one JSON object"),
    ("a.tsv.gz", b"\x1f\x8b\x08", BadInput, "is not a whole gzip file"),
    ("a.parquet", b"PAR1", BadInput, "is not a whole Parquet file"),
])  # fmt: skip
def test_what_is_wrong_is_said(name, content, error, sentence, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error) as caught:
        read_pairs(tmp_path / name)
    assert sentence in str(caught.value)
    assert repr(str(tmp_path / name)) in str(caught.value)


def test_faults_of_parallel_files_name_the_file_at_fault(tmp_path):
    a, b = tmp_path / "a.de", tmp_path / "b.en"
    a.write_text("eins\nzwei\n")
    b.write_text("one\ntwo\nthree\n")
    with pytest.raises(BadInput, match=r"got 2 in '.*a\.de' and 3 in '.*b\.en'"):
        read_pairs(a, b)
    b.write_text("one\n \n")
    with pytest.raises(BadLine, match=r"target must not be empty on line 2 of '.*b\.en'"):
        read_pairs(a, b)
    with pytest.raises(BadLine, match=r"source must not be empty on line 2 of '.*b\.en'"):
        read_pairs(b, a)
    with pytest.raises(BadInput, match=r"there is no file '.*c\.en'"):
        read_pairs(a, tmp_path / "c.en")


@given(st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=60), st.floats(0, 0.9), st.integers(0, 9))
def test_pairs_of_one_source_are_held_out_together_and_keep_their_rows(sources, share, seed):
    pairs = Pairs(sources, [str(i) for i in range(len(sources))])
    if len(set(sources)) < 2:
        with pytest.raises(BadInput, match="pairs are held out by their sources, and there is one only"):
            held_out(pairs, share, seed)
        return
    rest, held = held_out(pairs, share, seed)
    assert not set(rest.sources) & set(held.sources)
    assert rest.sources and held.sources
    assert len(held) <= max(share * len(pairs), max(map(sources.count, sources)))
    for part in (rest, held):
        assert part.rows == [int(target) for target in part.targets] == sorted(part.rows)
        assert part.sources == [sources[row] for row in part.rows]


@pytest.mark.data
def test_real_pairs_are_read(data):
    text = data / "text"
    german = read_pairs(text / "multi30k" / "train.de", text / "multi30k" / "train.en")
    assert len(german) == 29_000
    assert german.targets[0] == "Two young, White males are outside near many bushes."
    chinese = read_pairs(text / "tatoeba_cmn" / "cmn.txt")
    assert (chinese.sources[1], chinese.targets[1]) == ("Hi.", "你好。")
    with pytest.raises(BadLine, match="got 3 fields"):
        read_pairs(text / "csl_title" / "dev.tsv")
    with pytest.raises(BadLine, match="got 1 field "):
        read_pairs(text / "cmudict" / "cmudict.dict")
