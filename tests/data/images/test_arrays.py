"""Arrays by their names, as .npz files of data sets have them."""

import numpy as np
import pytest

from minent.data.images.read import read_images
from minent.errors import BadInput

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 8, 8)).astype(np.uint8)


@pytest.mark.parametrize("names", [("images", "labels"), ("x", "y"), ("data", "target"), ("X", "Y")])
def test_images_and_labels_have_the_usual_names(names, tmp_path):
    np.savez(tmp_path / "a.npz", **{names[0]: PIXELS, names[1]: np.array([3, 3, 10, 10, 2, 2])[:, None]})
    images = read_images(tmp_path / "a.npz")
    assert np.array_equal(images.values[:, 0], PIXELS)
    assert images.classes == ("2", "3", "10") and images.labels.tolist() == [1, 1, 2, 2, 0, 0]


@pytest.mark.parametrize("form", ["{split}_images {split}_labels", "x_{split} y_{split}"])
def test_splits_of_arrays_are_chosen(form, tmp_path):
    held = {}
    for i, split in enumerate(("train", "val", "test")):
        image, label = form.format(split=split).split()
        held |= {image: PIXELS[2 * i : 2 * i + 2], label: np.array([0, 1], np.uint8)}
    np.savez(tmp_path / "a.npz", **held)
    images = read_images(tmp_path / "a.npz")
    assert np.array_equal(images.values[:, 0], PIXELS[:2]) and images.classes == ("0", "1")
    assert images.plan == "2 images of 2 classes: 0, 1; split train; passed over: split val, test"
    assert np.array_equal(read_images(tmp_path / "a.npz", split="validation").values[:, 0], PIXELS[2:4])


def test_an_array_alone_needs_no_name_and_others_are_told(tmp_path):
    np.savez(tmp_path / "a.npz", PIXELS)
    assert read_images(tmp_path / "a.npz").plan == "6 images"
    np.savez(tmp_path / "b.npz", images=PIXELS, masks=PIXELS)
    assert read_images(tmp_path / "b.npz").plan == "6 images; passed over: other arrays (masks)"


@pytest.mark.parametrize(
    "held, problem",
    [
        ({"a": PIXELS, "b": PIXELS}, "wanted an array called images, image, .* in '.*'; got a, b"),
        ({"images": PIXELS, "x": PIXELS}, "one array is of images; .* has images and x"),
        ({"images": PIXELS, "labels": np.eye(6)}, r"one class; labels in .* is of shape \(6, 6\)"),
        ({"images": PIXELS, "labels": np.array([0, 1, np.nan, 0, 1, 0])}, "got none for image 2"),
        ({"images": PIXELS, "labels": np.array([0, 1, 0.5, 0, 1, 0])}, "got 0.5 for image 2"),
        ({"images": np.array([PIXELS, None], object)}, "not whole, or not arrays of numbers"),
    ],
)
def test_what_is_no_image_or_class_says_so(held, problem, tmp_path):
    np.savez(tmp_path / "a.npz", **held)
    with pytest.raises(BadInput, match=problem):
        read_images(tmp_path / "a.npz")


def test_a_torn_file_says_so(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", images=PIXELS)
    whole = (tmp_path / "a.npz").read_bytes()
    for torn in (whole[:-30], whole[:60] + b"\xff" * 60 + whole[120:]):
        (tmp_path / "a.npz").write_bytes(torn)
        with pytest.raises(BadInput):
            read_images(tmp_path / "a.npz")


@pytest.mark.parametrize("shape", [(8, 8, 3), (3, 8, 8), (8, 8, 4), (8, 8, 1)])
def test_one_picture_is_not_taken_for_many(shape, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(shape, np.uint8))
    with pytest.raises(BadInput, match=r"may hold one picture with colours, or .* say which by a fourth axis"):
        read_images(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", np.zeros((5, 8, 8), np.uint8))
    assert read_images(tmp_path / "a.npy").values.shape == (5, 1, 8, 8)


def test_points_of_unlike_sizes_are_told(tmp_path):
    points = np.array([[1.0, 20_000.0, 7.0], [2.0, 60_000.0, 7.0]])
    np.save(tmp_path / "a.npy", points)
    told = "2 points of 3 numbers; spreads from 0.5 to 2e+04: networks see numbers as they are"
    assert read_images(tmp_path / "a.npy").plan == told
    np.save(tmp_path / "b.npy", points[:, [0, 2]])
    assert read_images(tmp_path / "b.npy").plan == "2 points of 2 numbers"
