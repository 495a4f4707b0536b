"""What a reader cannot take is refused in a sentence that names it: a line for each way that no other test goes."""

import io
import json
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from minent.data import Graph, as_graph, multilayer, read_graph
from minent.data.bytes import opened
from minent.data.images.classes import classified
from minent.data.images.images import Images
from minent.data.images.read import read_images
from minent.data.images.stacked import squares
from minent.data.tables.json_rows import array
from minent.data.texts.labelled import Labelled
from minent.errors import BadInput


def standard(**more):
    return json.dumps({"format": "infomap-network", "type": "standard", **more}).encode()


def zipped(*names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return file.getvalue()


NODES = [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.json", standard(nodes=NODES), 'an infomap-network needs a list of "edges"'),
        ("a.json", standard(nodes=[{"id": 1, "weight": -1}, {"id": 2}], edges=[]), "node weight must be .* -1 for 1"),
        ("a.json", standard(nodes=[{"id": 1}, {"id": 1}], edges=[]), "the id 1 stands twice among the nodes"),
        ("a.json", standard(nodes=3, edges=[]), '"nodes" must be a list of objects'),
        ("a.json", b'[{"source": 1, "target": 2}, [1, 2]]', r"links must be of one kind; got \[1, 2\] for link 1"),
        ("a.json", b"[" * 100_000, "'.*a.json' "),
        ("a.csv", zipped("xl/sheet1.xml"), "'.*a.csv' is a workbook: save its sheet as CSV"),
        ("a.csv", zipped("links.txt"), "'.*a.csv' is a zip archive: unpack it"),
        ("a.net", b"*Vertices 2\n1 \"\xff\"\n*Edges\n1 2\n", "must be UTF-8; got other .* on line 2 of '.*a.net'"),
        ("a.txt", b"1\n2\n", "source and a target|wanted"),
    ],
)  # fmt: skip
def test_networks(name, content, problem, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=problem):
        read_graph(tmp_path / name)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: multilayer([1], ["a", "b"], ["b", "c"]), "one for each link; their numbers differ"),
        (lambda: multilayer([1], ["a"], ["b"], relax_rate=1.5), "relax_rate is a probability, from 0 to 1; got 1.5"),
        (lambda: multilayer([1], ["a"], ["b"], relax_by="x"), "'strength' or 'jensen-shannon'; got 'x'"),
        (
            lambda: multilayer([1], ["a"], ["b"], relax_by="jensen-shannon", relax_rate=1.0),
            "relax_rate must be below 1",
        ),
        (lambda: multilayer([1], ["a"], ["b"], relax_limit=-1), "relax_limit must be at least 0, or None.*; got -1"),
        (lambda: multilayer(["x"], ["a"], ["b"], relax_limit=1), "layers are integers where relax_limit .*; got 'x'"),
        (lambda: as_graph(np.array([[0, 1], [1, 2]])), "may be two links or a matrix of two nodes"),
    ],
)
def test_objects(make, problem):
    with pytest.raises(BadInput, match=problem):
        make()


def test_parallel_links_of_an_index_are_summed_and_told(caplog):
    torch = pytest.importorskip("torch")
    with caplog.at_level("INFO", "minent"):
        network = as_graph(torch.tensor([[0, 0, 1], [1, 1, 2]]))
    assert isinstance(network, Graph) and network.number_of_links == 2


def test_pictures(tmp_path):
    with pytest.raises(BadInput, match="size must be at least 1; got 0"):
        squares(np.zeros((1, 1, 4, 4), np.uint8), 0)
    with pytest.raises(BadInput, match="classes must have different names; got a, a"):
        classified(Images(np.zeros((2, 1, 4, 4), np.uint8)), [0, 1], "here", ("a", "a"))
    with pytest.raises(BadInput, match=r"values are pixels, uint8 .*; got float64"):
        Images(np.zeros((2, 1, 4, 4)))
    with pytest.raises(BadInput, match=r"labels are numbers below 1.*one for each of 2 samples"):
        Images(np.zeros((2, 1, 4, 4), np.uint8), np.array([0, 1]), ("a",))
    images = Images(np.zeros((2, 1, 4, 6), np.uint8))
    with pytest.raises(BadInput, match="classes are wanted, and these samples have none"):
        images.batches(2, labels=True)
    with pytest.raises(BadInput, match="are squares; got 4 by 6"):
        images.batches(2)
    assert len(images.at(np.array([0]))) == 1 and Images(np.zeros((3, 2), np.float32)).told() == "3 points of 2 numbers"
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.png").write_bytes(b"no picture")
    with pytest.raises(BadInput, match=r"there are no pictures that can be read: a.png cannot be"):
        read_images(tmp_path / "x", skip_bad=1)
    for other in ("metadata.csv", "dataset.json"):
        (tmp_path / "x" / other).write_text("file_name,label\na.png,b\n" if other[-3:] == "csv" else "{}")
    with pytest.raises(BadInput, match=r"one file says of what classes pictures are; .* has dataset.json"):
        read_images(tmp_path / "x")
    pq.write_table(pa.table({"image": [[[1, 2], [3, 4]], [[1], [2]]]}), tmp_path / "a.parquet")
    with pytest.raises(BadInput, match="must be images of one shape"):
        read_images(tmp_path / "a.parquet")
    (tmp_path / "packed").write_bytes((tmp_path / "a.parquet").read_bytes())
    with pytest.raises(BadInput, match="must be images of one shape"):
        read_images(tmp_path / "packed")  # told by how it begins


def test_tables_and_texts(tmp_path):
    with pytest.raises(BadInput, match="'x' must hold an array of JSON objects, or one object a line"):
        list(array("{", "x"))
    with pytest.raises(BadInput, match="'x' must hold an array of JSON objects; got 3"):
        list(array("3", "x"))
    with pytest.raises(BadInput, match="cannot be read: "):
        opened(tmp_path)
    assert Labelled(["a", "b"], rows=[0, 2]).by_row(["x", "y"], "") == ["x", "", "y"]
