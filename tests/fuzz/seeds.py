"""Small files of every kind that is read, and what reads them: where the campaign begins."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from fuzz.runs import run_seeds
from PIL import Image

from minent.community.tree.files.reading import read as read_tree
from minent.data import read_graph, read_images, read_labelled, read_pairs, read_paths
from minent.data.networks.lines.attributes import read_attributes
from minent.data.points.vectors import read_vectors
from minent.nn.shape import Shape
from minent.text.writing.seq2seq import Seq2Seq


class Seed(NamedTuple):
    """A file by its name (that of the one that is changed, where it lies in a folder), and who reads its path; whether
    that takes long, as where a whole run is read."""

    name: str
    data: bytes
    read: Callable[[Path], Any]
    slow: bool = False


NETWORKS = {
    "list.txt": "a b 1\nb c 2.5\nc a 1\n# end\n", "list.csv": "source,target,weight\na,b,1\nb,c,2\n",
    "bare.txt": "1 2\n2 3\n3 1\n", "list.jsonl": '{"source": "a", "target": "b"}\n{"source": "b", "target": "c"}\n',
    "pajek.net": '*Vertices 3\n1 "a" 1.0\n2 "b"\n3 "c"\n*Edges\n1 2 1.5\n2 3\n*Arcs\n3 1\n',
    "states.net": '*Vertices 2\n1 "a"\n2 "b"\n*States\n1 1\n2 2\n3 2\n*Links\n1 2 1\n2 1\n3 1 2\n',
    "layers.net": '*Vertices 2\n1 "a"\n2 "b"\n*Intra\n1 1 2 1\n2 2 1 1\n*Inter\n1 1 2 1\n',
    "bipartite.net": "*Vertices 4\n*Bipartite 3\n*Edges\n1 3\n2 3\n2 4\n",
    "a.gml": 'graph [ node [ id 1 label "a" ] node [ id 2 ] edge [ source 1 target 2 value 2 ] ]',
    "a.graphml": '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="directed">'
    '<node id="a"/><node id="b"/><edge source="a" target="b"/></graph></graphml>',
    "a.gexf": '<gexf xmlns="http://gexf.net/1.3"><graph><nodes><node id="0" label="a"/><node id="1" label="b"/></nodes>'
    '<edges><edge source="0" target="1" weight="2"/></edges></graph></gexf>',
    "nodes.json": '{"nodes": [{"id": 1}, {"id": 2}], "links": [{"source": 1, "target": 2, "weight": 2.0}]}',
    "matrix.mtx": "%%MatrixMarket matrix coordinate real general\n3 3 2\n1 2 1.0\n2 3 2.0\n",
    "matrix.csv": ",a,b\na,0,1\nb,1,0\n",
}  # fmt: skip
TREES = {
    "a.tree": '# codelength 2.5 bits\n# path flow name node_id\n1:1 0.5 "a" 1\n1:2 0.25 "b" 2\n2:1 0.25 "c" 3\n',
    "a.ftree": '1:1 0.5 "a" 1\n1:2 0.5 "b" 2\n*Links undirected\n#*Links path enterFlow exitFlow numEdges numChildren\n'
    "*Links root 0 0 0 1\n*Links 1 0 0 1 2\n1 2 0.5\n",
    "a.clu": "# node_id module flow\n1 1 0.5\n2 1 0.3\n3 2 0.2\n",
    "a.csv": "path,flow,name,node_id\n1:1,0.5,a,1\n1:2,0.5,b,2\n",
    "a.json": json.dumps({"nodes": [{"path": [1, 1], "flow": 1.0, "name": "a", "id": 1}], "codelength": 1.0}),
}
TEXTS = {
    "labelled.tsv": "good\tit was fine\nbad\tit was not\n", "labelled.csv": 'label,text\ngood,"a, ""b"""\nbad,c\n',
    "labelled.jsonl": '{"label": 1, "text": "a b"}\n{"label": 0, "text": "c"}\n',
    "labelled.json": '[{"label": "x", "text": "春眠不觉晓"}, {"label": "y", "text": "b"}]',
}  # fmt: skip


def packed(table: dict[str, list[Any]]) -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.table(table), held)
    return held.getvalue()


def arrays(array: np.ndarray) -> bytes:
    held = io.BytesIO()
    np.save(held, array)
    return held.getvalue()


def picture(kind: str) -> bytes:
    held = io.BytesIO()
    Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3)).save(held, kind)
    return held.getvalue()


def idx() -> bytes:
    return b"\0\0\x08\x03" + b"".join(n.to_bytes(4, "big") for n in (2, 4, 4)) + bytes(range(32))


def seeds(folder: Path) -> Iterator[Seed]:
    """The seeds; a model is built in `folder`, of which one file after another is changed."""
    for name, text in NETWORKS.items():
        yield Seed(name, text.encode(), read_graph)
    yield Seed("chinese.txt", "北京 上海\n上海 广州\n".encode("gb18030"), read_graph)
    yield Seed("wide.txt", "a b\nb c\n".encode("utf-16"), read_graph)
    yield Seed("links.parquet", packed({"source": ["a", "b"], "target": ["b", "c"], "weight": [1.0, 2.0]}), read_graph)
    yield Seed("links.npy", arrays(np.array([[0, 1], [1, 2]])), read_graph)
    yield Seed("paths.txt", b"a b c\nb c a 2\n", read_paths)
    yield Seed("names.csv", b"a,x\nb,y\n", lambda path: read_attributes(path, ["a", "b"]))
    for name, text in TREES.items():
        yield Seed(name, text.encode(), read_tree)
    yield Seed("a.parquet", packed({"path": ["1:1", "1:2"], "flow": [0.5, 0.5], "name": ["a", "b"]}), read_tree)
    for name, text in TEXTS.items():
        yield Seed(name, text.encode(), read_labelled)
    yield Seed("labelled.parquet", packed({"label": ["x", "y"], "text": ["a", "b"]}), read_labelled)
    yield Seed("pairs.tsv", "a b\tc d\n甲\t乙\n".encode(), read_pairs)
    yield Seed("points.npy", arrays(np.ones((3, 2))), read_vectors)
    yield Seed("points.parquet", packed({"x": [1.0, 2.0], "y": [0.0, 1.0]}), read_vectors)
    for kind in ("png", "jpeg", "gif", "bmp", "webp"):
        yield Seed(f"class/one.{kind}", picture(kind), lambda path: read_images(str(path.parent.parent)))
    yield Seed("images.npy", arrays(np.zeros((2, 8, 8), np.uint8)), lambda path: read_images(str(path)))
    yield Seed("images-idx3-ubyte", idx(), lambda path: read_images(str(path)))
    Seq2Seq(12, Shape(dim=8, heads=2, layers=1, hidden=8)).save_pretrained(folder / "model")
    for name in ("config.json", "model.safetensors"):
        yield Seed(
            f"model/{name}",
            (folder / "model" / name).read_bytes(),
            lambda path: Seq2Seq.from_pretrained(path.parent),
        )
    for name, data, read in run_seeds(folder):
        yield Seed(name, data, read, slow=True)
