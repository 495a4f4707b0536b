"""Images come in as folders, arrays, tables, IDX files and names; what is none of them says so."""

import gzip
import struct
from io import BytesIO
from zipfile import ZipFile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from minent.data.images.images import Images
from minent.data.images.read import read_images
from minent.data.points.toys import MEANS, SPREAD, gaussians, swiss_roll
from minent.errors import BadInput

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 8, 8)).astype(np.uint8)


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape) + array.tobytes()


def test_all_formats_hold_the_same_images(tmp_path):
    image = pytest.importorskip("PIL.Image")
    for i, pixels in enumerate(PIXELS):
        folder = tmp_path / "folder" / "ab"[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        image.fromarray(pixels).save(folder / f"{i}.png")
    np.save(tmp_path / "a.npy", PIXELS)
    np.save(tmp_path / "unit.npy", PIXELS / 255)
    np.save(tmp_path / "last.npy", PIXELS[..., None])
    names = [str(i % 2) for i in range(6)]
    pq.write_table(pa.table({"label": names, "pixels": [one.tolist() for one in PIXELS]}), tmp_path / "a.parquet")
    rows = [{"bytes": (tmp_path / "folder" / "ab"[i % 2] / f"{i}.png").read_bytes(), "path": None} for i in range(6)]
    pq.write_table(pa.table({"image": rows, "label": names}), tmp_path / "hub.parquet")
    (tmp_path / "x-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(PIXELS)))
    (tmp_path / "x-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.arange(6, dtype=np.uint8) % 2)))
    for name in ("a.npy", "unit.npy", "last.npy", "a.parquet", "hub.parquet", "x-images-idx3-ubyte.gz"):
        images = read_images(tmp_path / name)
        assert np.array_equal(images.values, PIXELS[:, None]), name
        if name.endswith(".npy"):
            assert images.labels is None
        else:
            assert images.labels.tolist() == [0, 1, 0, 1, 0, 1] and images.classes == ("0", "1")
    images = read_images(tmp_path / "folder")
    assert images.classes == ("a", "b") and images.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert np.array_equal(images.values[:, 0], PIXELS[[0, 2, 4, 1, 3, 5]])


def test_pictures_are_turned_as_they_are_shown_and_keep_their_greys(tmp_path):
    image = pytest.importorskip("PIL.Image")
    (tmp_path / "turned").mkdir()
    exif = image.Exif()
    exif[0x0112] = 6  # to be shown turned by a quarter, clockwise
    image.fromarray(PIXELS[0]).save(tmp_path / "turned" / "a.png", exif=exif)
    assert np.array_equal(read_images(tmp_path / "turned").values[0, 0], np.rot90(PIXELS[0], -1))
    (tmp_path / "deep").mkdir()
    image.fromarray(PIXELS[0].astype(np.uint16) * 257).save(tmp_path / "deep" / "a.png")
    assert np.array_equal(read_images(tmp_path / "deep").values[0, 0], PIXELS[0])


def test_pictures_of_several_sizes_and_colours_become_alike(tmp_path):
    image = pytest.importorskip("PIL.Image")
    image.fromarray(np.full((20, 12), 50, np.uint8)).save(tmp_path / "a.png")
    image.fromarray(np.full((9, 16, 3), (10, 20, 30), np.uint8)).save(tmp_path / "b.png")
    for size, side in ((None, 9), (8, 8), (16, 16)):
        images = read_images(tmp_path, size)
        assert images.values.shape == (2, 3, side, side)
        assert (images.values[0] == 50).all() and images.values[1, :, 3, 3].tolist() == [10, 20, 30]
    assert read_images(tmp_path).plan == "2 images; sides of 9 to 12 pixels, brought to 9, the smallest"


def test_resampling_keeps_what_is_flat_and_the_mean(tmp_path):
    flat = np.full((2, 12, 20), 77, np.uint8)
    np.save(tmp_path / "flat.npy", flat)
    assert (read_images(tmp_path / "flat.npy", 8).values == 77).all()
    assert read_images(tmp_path / "flat.npy", 8).values.shape == (2, 1, 8, 8)
    np.save(tmp_path / "a.npy", np.random.default_rng(1).integers(0, 256, (4, 32, 32)).astype(np.uint8))
    whole, small = read_images(tmp_path / "a.npy").values, read_images(tmp_path / "a.npy", 8).values
    assert small.mean() == pytest.approx(whole.mean(), rel=0.03) and small.std() < whole.std() / 2


def test_batches_hold_each_image_once_an_epoch_in_an_order_that_the_seed_draws():
    images = Images(PIXELS[:, None], np.arange(6) % 2, ("a", "b"))
    batches = images.batches(2, seed=3, labels=True)
    first = [batch["id"].tolist() for batch in batches.epoch(1)]
    assert sorted(id for ids in first for id in ids) == list(range(6)) and len(batches) == 3
    assert first == [batch["id"].tolist() for batch in batches.epoch(1)]
    assert first != [batch["id"].tolist() for batch in batches.epoch(2)]
    batch = next(iter(batches.epoch(1)))
    assert batch["x"].dtype == np.uint8  # pixels travel as bytes
    assert np.array_equal(batch["label"], images.labels[batch["id"]])


def test_toys_lie_where_they_should():
    points = gaussians(20_000, seed=2)
    nearest = np.linalg.norm(points[:, None] - MEANS, axis=2)
    assert np.unique(nearest.argmin(1)).size == 25
    assert np.mean(nearest.min(1) <= 3 * SPREAD) == pytest.approx(1 - np.exp(-4.5), abs=0.003)
    assert np.linalg.norm(swiss_roll(5000), axis=1).max() == pytest.approx(3 * 1.5 * np.pi / 7.5, abs=0.15)


@pytest.mark.parametrize(
    "content, problem",
    [
        (np.zeros((3, 5, 8, 8)), "1 or 3 channels"),
        (np.full((5, 8, 8), 300), "from 0 to 255"),
        (np.full((5, 8, 8), 2.0), "floats from 0 to 1"),
        (np.full((5, 8, 8), np.nan), "must be finite"),
        (np.zeros(3), "wanted numbers of shape"),
        (np.array(["a.png", "b.png"]), "pictures whose names these may be are read from a list"),
        (np.full((5, 2), 1e300), "must be finite, as float32 has them"),
        (np.zeros((5, 4, 8, 8), np.uint8), r"got uint8 of shape \(5, 4, 8, 8\)"),
        (np.arange(2 * 64).reshape(2, 8, 8) % 2, "say which, as booleans"),
        (np.zeros((0, 8, 8)), "there are no images"),
    ],
)
def test_what_is_no_image_says_so(tmp_path, content, problem):
    np.save(tmp_path / "a.npy", content)
    with pytest.raises(BadInput, match=problem) as told:
        read_images(tmp_path / "a.npy")
    assert "not a whole array" not in str(told.value)


def test_files_that_are_not_whole_say_so(tmp_path):
    (tmp_path / "a.idx3-ubyte").write_bytes(idx(PIXELS)[:-1])
    (tmp_path / "b.txt").write_text("no image")
    (tmp_path / "empty").mkdir()
    for name, problem in (
        ("a.idx3-ubyte", "not a whole IDX"),
        ("b.txt", "are read from"),
        ("empty", "pictures"),
    ):
        with pytest.raises(BadInput, match=problem):
            read_images(tmp_path / name)
    with pytest.raises(BadInput, match="images of 8 by 8 are wanted"):
        read_images("gaussians", 8)


@pytest.mark.data
def test_mnist_is_read_with_its_classes(data):
    images = read_images(data / "images" / "mnist" / "t10k-images-idx3-ubyte.gz")
    assert images.values.shape == (10_000, 1, 28, 28) and len(images.classes) == 10


def test_an_image_without_a_class_is_named(tmp_path):
    pq.write_table(pa.table({"label": [1, None, 2], "pixels": [PIXELS[0].tolist()] * 3}), tmp_path / "a.parquet")
    with pytest.raises(BadInput, match="got none for image 1 in"):
        read_images(tmp_path / "a.parquet")


def test_black_and_white_are_read_where_they_are_told_and_what_is_dark_is_told(tmp_path):
    checks = np.arange(2 * 64).reshape(2, 1, 8, 8) % 3 > 0
    for name, values in (("a", checks), ("b", checks.astype(np.float32)), ("c", (checks * 16).astype(np.uint8))):
        np.save(tmp_path / f"{name}.npy", values)
    white, floats, dark = (read_images(tmp_path / f"{name}.npy") for name in "abc")
    assert np.array_equal(white.values, checks * 255) and np.array_equal(floats.values, checks * 255)
    assert white.plan == "2 images" and dark.plan == "2 images; no pixel is lighter than 16 of 255"


def test_images_whose_channels_stand_last_are_refused():
    with pytest.raises(BadInput, match=r"got \(4, 8, 8, 3\), whose channels come last"):
        Images(np.zeros((4, 8, 8, 3), np.uint8))
    with pytest.raises(BadInput, match="what these are called is missing"):
        Images(np.zeros((4, 3, 8, 8), np.uint8), np.zeros(4, np.int64))


def test_of_two_files_of_one_name_in_a_zip_the_last_counts(tmp_path):
    image = pytest.importorskip("PIL.Image")
    with ZipFile(tmp_path / "a.zip", "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        for grey in (100, 200):
            held = BytesIO()
            image.fromarray(np.full((8, 8), grey, np.uint8)).save(held, "PNG")
            archive.writestr("a.png", held.getvalue())
    assert read_images(tmp_path / "a.zip").values.ravel().tolist() == [200] * 64
