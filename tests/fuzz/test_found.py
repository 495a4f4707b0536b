"""What campaigns found, and what is wanted of it: a sentence that names the file."""

import pytest

pytest.importorskip("torch")

from minent.errors import BadInput

DEEP = "[" * 100_000


def refused(seed, data, folder):
    """The sentence with which the reader of a seed refuses these bytes in its place."""
    from fuzz.seeds import seeds

    one = next(one for one in seeds(folder) if one.name == seed)
    path = folder / seed
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    with pytest.raises(BadInput) as raised:
        one.read(path)
    return str(raised.value), path


FOUND = {
    "classify/trajectory/train.jsonl": [b'{"text": "a", "label": "a"}\n', b"\xe2", DEEP.encode(), b'{"text": ',
                                       b'{"row": 0, "text": "\\ud800", "label": "a"}\n'],
    "classify/trajectory/trajectory.json": [b"[]", b"\xff", b'{"format": 3}', DEEP.encode()],
    "classify/config.json": [b"7", DEEP.encode()], "gan/config.json": [b"1.5"],
    "classify/log.jsonl": [b"\xf0\n", b"[]\n"],
    "gan/game.json": [b"[]", b"{", DEEP.encode()], "bert/1_Pooling/config.json": [b"{", b"[]", b"\x8e"],
    "rules.toml": [b'[[rule]]\nkind = ["only"]\n', b'rule = ["only"]\n', b'[[rule]]\nkind = "repeat"\nbut = [["a"]]\n'],
    "recipe.toml": [b"a = " + DEEP.encode()], "sampled.jsonl": [DEEP.encode() + b"\n"], "names.json": [DEEP.encode()],
}  # fmt: skip


@pytest.mark.parametrize(("seed", "data"), [(name, data) for name, several in FOUND.items() for data in several])
def test_damaged_files_of_runs_are_refused_by_name(seed, data, tmp_path):
    sentence, path = refused(seed, data, tmp_path)
    assert path.name in sentence or path.parent.name in sentence
    assert len(sentence) < 1000


def test_names_of_columns_that_are_no_text(tmp_path):
    from fuzz.seeds import packed

    data = packed({"source": ["a"], "target": ["b"]}).replace(b"source", b"\xff\xfeurce")
    sentence, _ = refused("links.parquet", data, tmp_path)
    assert "links.parquet' is not a whole Parquet file" in sentence
