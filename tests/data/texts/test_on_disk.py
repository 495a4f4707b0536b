"""Texts that lie on disk are those that were read to memory."""

import threading

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

import minent.data.bytes
import minent.data.text_file
from minent.data import Batches, held_out, read_labelled, read_pairs, split
from minent.data.ragged import Ragged
from minent.data.tables.texts import Texts
from minent.errors import BadInput, BadLine

WORDS = ["春眠不觉晓", "the quick brown fox", 'quoted, "twice"', "é𝄞", "a b c"]


@pytest.fixture
def small_pieces(monkeypatch):
    """All files are mapped, and read a few bytes at a time."""
    monkeypatch.setattr(minent.data.bytes, "MAPPED", 1)
    monkeypatch.setattr(minent.data.text_file, "PIECE", 7)


def table(count=300, seed=0):
    random = np.random.default_rng(seed)
    return [(f"{WORDS[i % 5]} {random.integers(40)}", f"{i} {WORDS[(i * 7) % 5]}") for i in range(count)]


def written(kind, rows, folder):
    file = folder / f"pairs{kind}"
    if kind == ".parquet":
        sources, targets = zip(*rows, strict=True)
        parquet.write_table(pa.table({"source": sources, "target": targets}), file, row_group_size=90)
        return file
    quoted = [[f'"{text.replace(chr(34), chr(34) * 2)}"' for text in row] for row in [("source", "target"), *rows]]
    lines = {
        ".tsv": ["\t".join(row) for row in rows],
        ".csv": [",".join(row) for row in quoted],
        ".jsonl": [str({"source": a, "target": b}).replace("'", '"').replace('quoted, "twice"', "x") for a, b in rows],
    }[kind]
    file.write_text("".join(f"{line}\n\n" for line in lines), encoding="utf-8")
    return file


@pytest.mark.parametrize("kind", [".tsv", ".csv", ".parquet"])
def test_pairs_on_disk_are_those_in_memory(kind, tmp_path, small_pieces):
    file = written(kind, table(), tmp_path)
    known, held = read_pairs(file), read_pairs(file, folder=tmp_path / "held")
    assert isinstance(held.sources, Texts) and isinstance(known.sources, list)
    assert list(held.sources) == known.sources == [source for source, _ in table()]
    assert held.targets == known.targets and held.targets[-1] == known.targets[-1] and held.targets[2:9:3]
    assert held.targets[2:9:3] == known.targets[2:9:3] and held.targets != known.sources
    assert np.asarray(held.rows).tolist() == known.rows and held.plan == known.plan
    for apart, together in zip(held_out(held, 0.2), held_out(known, 0.2), strict=True):
        assert len(apart) > 20 and list(apart.sources) == together.sources
        assert np.asarray(apart.rows).tolist() == together.rows


def test_labelled_texts_on_disk_are_those_in_memory(tmp_path, small_pieces):
    rows = "".join(f" {'ab'[i % 3 == 0]} \t{text}\n" for i, (text, _) in enumerate(table()))
    (tmp_path / "texts.tsv").write_text(rows, encoding="utf-8")
    known, held = (read_labelled(tmp_path / "texts.tsv", folder=one) for one in (None, tmp_path / "held"))
    assert held.labels == known.labels and set(held.labels) == {"a", "b"}
    for apart, together in zip(split(held, 0.2), split(known, 0.2), strict=True):
        assert len(apart) > 20 and list(apart.texts) == together.texts and list(apart.labels) == together.labels


def test_what_was_read_is_found_again_and_other_content_is_not(tmp_path, monkeypatch):
    file = written(".tsv", table(), tmp_path)
    first = read_pairs(file, folder=tmp_path / "held")
    with monkeypatch.context() as patched:
        patched.setattr("minent.data.tables.table.rows_of", None)  # no row is read
        assert read_pairs(file, folder=tmp_path / "held").sources == first.sources
    before = file.stat()
    file.write_text(file.read_text(encoding="utf-8").replace("fox", "dog"), encoding="utf-8")
    assert file.stat().st_size == before.st_size
    assert "dog" in read_pairs(file, folder=tmp_path / "held").sources[1] and "fox" in first.sources[1]
    assert read_pairs(file, source="2", target="1", folder=tmp_path / "held").sources[5] == first.targets[5]


def test_a_fault_leaves_nothing_that_would_be_found(tmp_path):
    file = tmp_path / "pairs.tsv"
    file.write_text("a\tb\nc\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(BadLine, match="line 2"):
            read_pairs(file, folder=tmp_path / "held")
    assert not [one for one in (tmp_path / "held").iterdir() if one.is_dir()]


def test_many_that_come_at_once_read_once(tmp_path, monkeypatch):
    file, read = written(".tsv", table(), tmp_path), []
    real = minent.data.tables.table.rows_of
    monkeypatch.setattr("minent.data.tables.table.rows_of", lambda *a: (read.append(1), real(*a))[1])
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(read_pairs(file, folder=tmp_path / "held"))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(read) == 1 and all(one.sources == found[0].sources for one in found)


@pytest.mark.parametrize(
    "content", [b"a\rb\r\nc\nd", b"a\rb\r", b"\xef\xbb\xbfa\n\nb", "道可\n道\n".encode("gb18030"), b""]
)
def test_lines_are_the_same_in_small_pieces(content, tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_bytes(content)
    whole = list(minent.data.text_file.open_text(tmp_path / "a.txt").lines())
    monkeypatch.setattr(minent.data.text_file, "PIECE", 2)
    monkeypatch.setattr(minent.data.bytes, "MAPPED", 1)
    assert list(minent.data.text_file.open_text(tmp_path / "a.txt").lines()) == whole
    text = content.decode("gb18030" if content[:1] > b"\xf0" or content[:1] == b"\xb5" else "utf-8-sig")
    lines = text.split("\n" if "\n" in text else "\r")
    assert whole == [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]


@pytest.mark.parametrize("elements", [1, 50, 2**22])
def test_batches_of_an_array_cut_and_chosen_are_those_of_lists(elements, monkeypatch):
    monkeypatch.setattr("minent.data.ragged.ELEMENTS", elements)
    monkeypatch.setattr("minent.data.ragged.TOGETHER", 40)
    random = np.random.default_rng(0)
    lists = [random.integers(1, 99, n).astype(np.int32) for n in random.integers(1, 30, 200)]
    places = random.permutation(200)[:150]
    whole = Ragged.of(lists).at(places).cut(20)
    known = [lists[i][:20] for i in places]
    assert [row.tolist() for row in map(whole.__getitem__, range(150))] == [one.tolist() for one in known]
    one, other = (Batches({"words": column}, tokens=100) for column in (whole, known))
    assert [part.tolist() for _, part in Ragged.of(known).parts()] == [part.tolist() for _, part in whole.parts()]
    assert one.fingerprint() == other.fingerprint() != Batches({"words": lists[:150]}, tokens=100).fingerprint()
    for a, b in zip(one.epoch(1), other.epoch(1), strict=True):
        assert all((a[name] == b[name]).all() and a[name].dtype == b[name].dtype for name in b)


def test_texts_alike_are_grouped_and_one_group_is_refused(tmp_path):
    file = tmp_path / "one.tsv"
    file.write_text("a\tb\na\tc\n", encoding="utf-8")
    with pytest.raises(BadInput, match="one only"):
        held_out(read_pairs(file, folder=tmp_path / "held"), 0.1)
