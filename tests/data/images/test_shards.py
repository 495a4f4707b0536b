"""Pictures in Parquet: shards, splits, names of classes as datasets of Hugging Face have them; empty rows are named."""

import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from minent.data.images.read import read_images
from minent.errors import BadInput

Image = pytest.importorskip("PIL.Image")
NAMES = ["truck", "cat", "airplane"]


def encoded(grey: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((8, 8), grey, np.uint8)).save(file, "PNG")
    return file.getvalue()


def shard(path: Path, greys, labels=None, *, image="img", label="label", features=None) -> Path:
    """As a dataset's to_parquet writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [None if grey is None else {"bytes": encoded(grey) if grey >= 0 else None, "path": None} for grey in greys]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({"id": list(range(len(greys))), image: pa.array(rows, kind)})
    told = {"id": {"_type": "Value"}, image: {"_type": "Image"}}
    if labels is not None:
        table = table.append_column(label, pa.array(labels, pa.int64()))
        told[label] = {"names": NAMES, "_type": "ClassLabel"}
    told |= features or {}
    pq.write_table(table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": told}})}), path)
    return path


def test_shards_of_a_split_are_one_set_and_classes_have_their_names(tmp_path):
    for i in range(11):  # shard 10 comes after shard 9
        shard(tmp_path / "data" / f"train-{i}-of-11.parquet", [i, 100 + i], [i % 2, 2])
    shard(tmp_path / "data" / "test-0-of-1.parquet", [200], [1])
    (tmp_path / "README.md").write_text("a card")
    (tmp_path / ".cache").mkdir()
    images = read_images(tmp_path)
    assert images.values[:, 0, 0, 0].tolist() == [grey for i in range(11) for grey in (i, 100 + i)]
    assert images.classes == tuple(NAMES) and images.labels.tolist() == [x for i in range(11) for x in (i % 2, 2)]
    assert images.plan == (
        "22 images of 3 classes: truck, cat, airplane; split train; passed over: 1 hidden, split test"
    )
    assert read_images(tmp_path, split="test").classes == ("cat",)
    listed = sorted((tmp_path / "data").glob("train-*"))
    for path in (str(tmp_path / "data" / "train-*.parquet"), listed):
        assert sorted(read_images(path).values[:, 0, 0, 0]) == sorted(images.values[:, 0, 0, 0])
    with pytest.raises(BadInput, match=r"there is no file like '.*valid.*'"):
        read_images(str(tmp_path / "data" / "valid-*.parquet"))


@pytest.mark.parametrize("empty", [None, -1])
def test_empty_rows_are_named_or_passed_over(empty, tmp_path):
    path = shard(tmp_path / "a.parquet", [10, empty, 30], [0, 1, 2])
    with pytest.raises(BadInput, match=r"'row 1 of .*a\.parquet' is no picture that can be read: it is empty"):
        read_images(path)
    images = read_images(path, skip_bad=1)
    assert images.labels.tolist() == [0, 1] and images.classes == ("truck", "airplane")
    assert images.plan.endswith(f"passed over: 1 broken (row 1 of {path})")


def test_empty_rows_of_lists_are_too(tmp_path):
    pixels = np.arange(128).reshape(2, 8, 8).tolist()
    pq.write_table(pa.table({"image": [pixels[0], None, pixels[1]], "label": ["a", None, "b"]}), tmp_path / "a.parquet")
    with pytest.raises(BadInput, match=r"'row 1 of .*' is no image: it is empty"):
        read_images(tmp_path / "a.parquet")
    assert read_images(tmp_path / "a.parquet", skip_bad=1).classes == ("a", "b")


def test_a_missing_label_is_an_error_not_a_class(tmp_path):
    with pytest.raises(BadInput, match="from 0 to 2 as the data name them; got -1 for image 1"):
        read_images(shard(tmp_path / "a.parquet", [1, 2], [0, -1]))
    with pytest.raises(BadInput, match="got none for image 1"):
        read_images(shard(tmp_path / "b.parquet", [1, 2], [0, None]))


def test_two_kinds_of_classes_are_none_and_told(tmp_path):
    coarse = {"coarse_label": {"names": ["a"], "_type": "ClassLabel"}}
    path = shard(tmp_path / "a.parquet", [101, 102], [0, 1], label="fine_label", features=coarse)
    table = pq.read_table(path)
    pq.write_table(table.append_column("coarse_label", pa.array([0, 0])), path)
    images = read_images(path)
    assert images.labels is None
    assert images.plan == "2 images; no classes, for there are several kinds (fine_label, coarse_label)"


def test_shards_are_alike_and_lie_in_one_folder(tmp_path):
    shard(tmp_path / "plain" / "0.parquet", [1], [0])
    shard(tmp_path / "other" / "0.parquet", [1], [0], image="photo")
    with pytest.raises(BadInput, match=r"Parquet lies in several folders of .*: other, plain; name one"):
        read_images(tmp_path)
    with pytest.raises(BadInput, match=r"all shards have the columns img, label; .* has no 'img'"):
        read_images([tmp_path / "plain" / "0.parquet", tmp_path / "other" / "0.parquet"])
    with pytest.raises(BadInput, match=r"several files are Parquet, or pictures, all of them; got .*a\.npy"):
        read_images([tmp_path / "a.npy", tmp_path / "plain" / "0.parquet"])
    with pytest.raises(BadInput, match="got an empty list"):
        read_images([])


def test_a_column_of_text_is_no_image(tmp_path):
    pq.write_table(pa.table({"image": ["a.png", "b.png"]}), tmp_path / "a.parquet")
    with pytest.raises(BadInput, match="wanted numbers of shape"):
        read_images(tmp_path / "a.parquet")
