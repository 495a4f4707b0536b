"""Links of a folder are those of one file, bit for bit, however they are cut, named and interrupted."""

import gzip
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import dataset, parquet

from minent.community import find
from minent.data import Graph, read_graph
from minent.data.networks.choices import Choices
from minent.data.networks.folders import keys, named, parts, rows, scratch
from minent.data.networks.folders.files import files_of
from minent.data.networks.folders.folder import Stored, memory_of, stored
from minent.errors import BadInput

ENDS = np.random.default_rng(0).integers(0, 300, (2, 2000)) * 7 - 100


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Everything in many parts, in a scratch of its own."""
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    for module, name, value in (
        (parts, "ROWS", 500),
        (parts, "PIECE", 4000),
        (rows, "GROUP", 700),
        (rows, "FINEST", 5),
    ):
        monkeypatch.setattr(module, name, value)
    return tmp_path


def table(kind: str, weighted: bool, ends: np.ndarray = ENDS) -> pa.Table:
    source, target = ends if kind == "integers" else ([f"n{end}" for end in one.tolist()] for one in ends)
    weight = {"weight": np.random.default_rng(1).random(len(source))} if weighted else {}
    return pa.table({"source": source, "target": target, **weight})


def write(folder: Path, links: pa.Table, cuts: tuple[int, ...] = (0, 800, 801, 2000)) -> Path:
    folder.mkdir()
    for number, (first, last) in enumerate(pairwise(cuts)):
        parquet.write_table(links.slice(first, last - first), folder / f"part-{number}.parquet", row_group_size=300)
    return folder


def same(one: Graph, other: Graph) -> None:
    for name in ("indptr", "indices", "weights"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert (mine is None) == (theirs is None)
        assert mine is None or (mine.dtype == theirs.dtype and np.array_equal(mine, theirs))
    assert one.nodes == other.nodes


@pytest.mark.parametrize("kind", ["integers", "text"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("directed", [False, True])
def test_a_folder_holds_the_network_of_one_file(kind: str, weighted: bool, directed: bool, small: Path):
    links = table(kind, weighted)
    parquet.write_table(links, small / "one.parquet")
    whole = read_graph(small / "one.parquet", directed)
    assert whole.weights is not None and (whole.links()[0] == whole.links()[1]).any()  # repeated links, self-links
    with stored(write(small / "links", links), directed=directed) as (network, _):
        same(network, whole)
        assert isinstance(network, Stored) and (network.back is not None) == directed
        if network.back is not None:
            other = links.rename_columns({"source": "target", "target": "source"})
            parquet.write_table(other, small / "other.parquet")
            same(Graph(*network.back, True, network.names), read_graph(small / "other.parquet", True))
    assert not list((small / "scratch").iterdir())


@settings(max_examples=25)
@given(st.data())
def test_links_are_counted_as_by_hand(data: st.DataObject):
    names = st.sampled_from(["a", "7", "-7", "007", "北京", "", "x" * 9, "x" * 8, "a b"]).filter(bool)
    links = data.draw(st.lists(st.tuples(names, names), min_size=1, max_size=30))
    tables = [pa.table({"source": [a], "target": [b]}) for a, b in links]
    counted = Counter(tuple(sorted(link)) for link in links)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "_row_groups", lambda one: [(1, lambda one=one: iter([one])) for one in tables])
        network = ingested(tables)
    source, target, weight = network.links()
    weight = np.ones(len(source)) if weight is None else weight
    found = {
        tuple(sorted((network.nodes[a], network.nodes[b]))): w for a, b, w in zip(source, target, weight, strict=True)
    }
    assert found == dict(counted) and network.nodes == sorted({name for link in links for name in link})


def ingested(tables: list[pa.Table]) -> Graph:
    """The network of links in tables, each a part of its own."""
    import tempfile

    made = [parts.Part(f"00000-{k:05d}", 1, lambda one=one: iter([one])) for k, one in enumerate(tables)]
    with tempfile.TemporaryDirectory() as folder:
        there = scratch.Scratch(Path(folder))
        names, called = named.names_of(there, lambda: iter(made), len(made), 4)
        (indptr, indices, weights), _ = rows.rows_of(there, lambda: iter(made), 1, names, False, rows.Thin(False, 0.0))
        copied = [None if one is None else np.array(one) for one in (indptr, indices, weights)]
        return Graph(*copied, False, np.array(called.tolist(), object))


def test_text_whose_keys_are_one_is_told_apart_by_other_keys(monkeypatch: pytest.MonkeyPatch):
    def coarse(words: pa.Array, seed: int) -> np.ndarray:
        return keys.keys_of_words(words, seed) >> 60 if seed == 0 else keys.keys_of_words(words, seed)

    monkeypatch.setattr(named, "keys_of_words", coarse)
    network = ingested([pa.table({"source": [f"a{i}"], "target": [f"b{i}"]}) for i in range(40)])
    assert network.number_of_nodes == 80 and network.number_of_links == 40


def test_integers_in_one_file_and_text_in_another_are_the_same_names(small: Path):
    folder = small / "mixed"
    folder.mkdir()
    parquet.write_table(pa.table({"source": [1, 2], "target": [2, 3]}), folder / "a.parquet")
    parquet.write_table(pa.table({"source": ["3", "x"], "target": ["1", "1"]}), folder / "b.parquet")
    with stored(folder) as (network, _):
        assert network.nodes == ["1", "2", "3", "x"] and network.number_of_links == 4


def test_lines_are_read_as_those_of_one_file(small: Path):
    lines = [f"{a}\t{b}\t{k % 5 + 1}\n" for k, (a, b) in enumerate(ENDS.T.tolist())]
    (small / "one.tsv").write_text("source\ttarget\tweight\n" + "".join(lines))
    whole = read_graph(small / "one.tsv")
    folder = small / "lines"
    folder.mkdir()
    (folder / "part-0.tsv").write_text("source\ttarget\tweight\n" + "".join(lines[:700]))
    with gzip.open(folder / "part-1.tsv.gz", "wt") as file:
        file.write("source\ttarget\tweight\n" + "".join(lines[700:]))
    (folder / "part-2.tsv").write_text("source\ttarget\tweight\n")  # only a header
    (folder / "part-3.tsv").touch()
    with stored(folder) as (network, _):
        same(network, whole)
        assert "2 empty files passed over" in str(network.plan)


def test_a_line_at_fault_is_named_in_any_piece(small: Path):
    folder = small / "lines"
    folder.mkdir()
    lines = [f"{a},{b},1\n" for a, b in ENDS.T.tolist()]
    lines[1234] = "3,4,-1\n"
    (folder / "a.csv").write_text("source,target,weight\n" + "".join(lines))
    with pytest.raises(BadInput, match=r"negative; got -1 on line 1236 of .*a.csv"), stored(folder):
        pass


def test_what_engines_leave_beside_their_files_is_passed_over(small: Path):
    links = table("integers", False)
    folder = write(small / "links", links)
    (folder / "_SUCCESS").touch()
    (folder / ".part-0.parquet.crc").write_bytes(b"crc\0")
    (folder / "_delta_log").mkdir()
    (folder / "_delta_log" / "0.json").write_text("{}")
    (folder / "day=1").mkdir()
    (folder / "part-0.parquet").rename(folder / "day=1" / "part-0.parquet")
    assert len(files_of(folder)) == 3
    with stored(folder) as (network, _), stored(dataset.dataset(folder, partitioning="hive")) as (again, _):
        same(network, again)
    with stored(f"file://{folder}") as (again, _):
        assert again.number_of_links == network.number_of_links


@pytest.mark.parametrize(
    "spoil, said",
    [
        (lambda f: (f / "part-1.parquet").write_bytes(b"PAR1 and no more"), "part-1.parquet"),
        (lambda f: parquet.write_table(pa.table({"u": [1], "v": [2]}), f / "z.parquet"), "z.parquet"),
        (lambda f: parquet.write_table(pa.table({"source": [1, None], "target": [2, 3]}), f / "z.parquet"), "row 1"),
        (
            lambda f: parquet.write_table(pa.table({"source": [1.5], "target": [2]}), f / "z.parquet"),
            "integers or text",
        ),
        (lambda f: (f / "z.csv").write_text("source,target\n1,2\n"), "z.csv"),
        (lambda f: (f / "z.net").write_text("*Vertices 2\n*Edges\n1 2\n"), "z.net"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_nothing_left(spoil, said: str, small: Path):
    folder = write(small / "links", table("integers", False))
    spoil(folder)
    with pytest.raises(BadInput, match=said), stored(folder):
        pass
    assert not list((small / "scratch").iterdir())


def test_a_weight_that_is_none_is_refused(small: Path):
    folder = write(small / "links", pa.table({"source": [1, 2], "target": [2, 3], "weight": [1.0, -1.0]}), (0, 2))
    with pytest.raises(BadInput, match="negative"), stored(folder):
        pass


def test_what_is_left_out_is_counted_as_in_memory(small: Path):
    from minent.data.networks.thinned import thinned

    links = table("integers", True)
    parquet.write_table(links, small / "one.parquet")
    whole, left = thinned(read_graph(small / "one.parquet"), True, 0.3)
    with stored(write(small / "links", links), no_self_links=True, weight_threshold=0.3) as (network, said):
        same(network, whole)
        assert said == str(left) and "self-links" in said and "threshold" in said


def arrays(network: Graph) -> tuple[np.ndarray | None, ...]:
    back = network.back if isinstance(network, Stored) and network.back is not None else ()
    return network.indptr, network.indices, network.weights, *back


@pytest.mark.parametrize("directed", [False, True])
def test_a_run_that_was_ended_goes_on(directed: bool, small: Path, monkeypatch: pytest.MonkeyPatch):
    folder, write_ = write(small / "links", table("integers", True)), scratch.Scratch.write
    with stored(folder, directed=directed) as (whole, _):
        left, wanted = 1, tuple(np.array(one) for one in arrays(whole))
        assert len(wanted) == (6 if directed else 3)
    ended = 0
    while True:
        count = iter(range(7 * left))

        def ends_soon(self, name, *given, count=count):
            if next(count, None) is None:
                raise KeyboardInterrupt
            write_(self, name, *given)

        monkeypatch.setattr(scratch.Scratch, "write", ends_soon)
        try:
            with stored(folder, directed=directed) as (network, _):
                assert all(map(np.array_equal, arrays(network), wanted))
            break
        except KeyboardInterrupt:
            ended, left = ended + 1, left + (ended % 3 == 2)
            assert list((small / "scratch").iterdir())
    assert ended > 3


def test_a_scratch_that_is_none_is_refused(small: Path, monkeypatch: pytest.MonkeyPatch):
    folder = write(small / "links", table("integers", False))
    monkeypatch.setattr(scratch, "scratch_folder", lambda key: small / "mine")
    (small / "mine").mkdir()
    (small / "mine" / "photo.jpg").touch()
    with pytest.raises(BadInput, match="no scratch of minent"), stored(folder):
        pass
    assert (small / "mine" / "photo.jpg").exists()


def test_a_full_disk_is_said_and_what_is_done_stays(small: Path, monkeypatch: pytest.MonkeyPatch):
    folder = write(small / "links", table("text", False))

    def full(self, name, *given):
        raise OSError(28, "No space left on device", str(self.folder / name))

    with monkeypatch.context() as patch:
        patch.setattr(scratch.Scratch, "write", full)
        with pytest.raises(BadInput, match=r"is full.*TMPDIR"), stored(folder):
            pass
    assert list((small / "scratch").iterdir())
    with stored(folder) as (network, _):
        assert network.number_of_links > 1000


def test_a_place_that_cannot_be_written_to_is_said(small: Path, monkeypatch: pytest.MonkeyPatch):
    folder = write(small / "links", table("integers", False))
    for place in (small / "nowhere", folder / "part-0.parquet"):
        monkeypatch.setenv("TMPDIR", str(place))
        with pytest.raises(BadInput, match=r"cannot be written to.*TMPDIR"), stored(folder):
            pass


def test_more_than_memory_holds_is_refused(small: Path):
    folder = write(small / "links", table("integers", False))
    with pytest.raises(BadInput, match="nodes want about"), stored(folder, memory=1000):
        pass
    with stored(folder, memory=50_000):  # directed links take more for a node
        pass
    with pytest.raises(BadInput, match="nodes want about"), stored(folder, directed=True, memory=50_000):
        pass
    with (
        pytest.raises(BadInput, match="links in such a walk are searched in memory"),
        stored(folder, directed=True, memory="100KB", on_disk=False),
    ):
        pass
    for wrong in ("lots", "-1GB", "0", ""):
        with pytest.raises(BadInput, match="memory must be"):
            memory_of(wrong)


def test_layers_and_directions_by_link_are_not_of_folders(small: Path):
    for extra, said in (({"layer": [1, 2]}, "layers"), ({"Type": ["Directed", "Undirected"]}, "--directed")):
        folder = write(small / f"links{said[:3]}", pa.table({"source": [1, 2], "target": [2, 3], **extra}), (0, 2))
        choices = Choices(layer="layer" if "layer" in extra else None)
        with pytest.raises(BadInput, match=said), stored(folder, choices):
            pass


def test_integers_and_text_in_one_file_are_text_in_memory_and_on_disk(tmp_path: Path):
    (tmp_path / "links").mkdir()
    table = pa.table({"source": [5, 6, 7], "target": ["6", "7", "a"]})
    parquet.write_table(table, tmp_path / "links" / "l.parquet")
    for links in (tmp_path / "links" / "l.parquet", table, tmp_path / "links"):
        assert find(links).node_names == ["5", "6", "7", "a"]


def test_what_differs_between_files_is_named(tmp_path: Path):
    (tmp_path / "a.csv").write_text("source,target\n1,2\n")
    (tmp_path / "b.csv").write_text("source;target\n2;3\n")
    with pytest.raises(BadInput, match=r"divided by ';' and by ','"):
        find(tmp_path)


@pytest.mark.filterwarnings("error")
def test_weights_beyond_a_number_are_refused_without_a_warning(tmp_path: Path):
    parquet.write_table(
        pa.table({"source": [1, 2], "target": [2, 3], "weight": [1e308, 1e308]}), tmp_path / "l.parquet"
    )
    with pytest.raises(BadInput, match="beyond 1e308"):
        find(tmp_path)
