"""More images than memory is to hold are the same images, wherever they lie."""

import numpy as np
import pytest
from PIL import Image

from minent.data.images import held, read
from minent.data.images.read import read_images


@pytest.fixture
def folder(tmp_path):
    chance = np.random.default_rng(0)
    for i in range(12):
        shape = (9 + i % 4, 12, 3) if i % 3 else (10, 10)  # colours and greys, of several sizes
        Image.fromarray(chance.integers(0, 256, shape).astype(np.uint8)).save(tmp_path / f"{i}.png")
    Image.fromarray(chance.integers(0, 60000, (11, 11)).astype(np.uint16)).save(tmp_path / "deep.png")
    return tmp_path


@pytest.mark.parametrize("size", [None, 8])
@pytest.mark.parametrize("most", [0, 2000])
def test_what_memory_does_not_hold_is_read_from_files(folder, monkeypatch, size, most):
    in_memory = read_images(folder, size)
    monkeypatch.setattr(held, "HELD", most)
    on_disk = read_images(folder, size)
    assert mapped(on_disk.values) and not mapped(in_memory.values)
    np.testing.assert_array_equal(on_disk.values, in_memory.values)
    assert on_disk.batches(4).fingerprint() == in_memory.batches(4).fingerprint()
    for one, other in zip(on_disk.batches(4).epoch(1), in_memory.batches(4).epoch(1), strict=True):
        assert not mapped(one["x"]) and (one["x"] == other["x"]).all()


@pytest.mark.parametrize("shape", [(20, 6, 6), (20, 6, 6, 3), (20, 3, 6, 8)])
def test_a_large_array_of_pixels_stays_where_it_is(tmp_path, monkeypatch, shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    np.save(tmp_path / "a.npy", pixels)
    in_memory = read_images(tmp_path / "a.npy")
    monkeypatch.setattr(read, "HELD", 100)
    on_disk = read_images(tmp_path / "a.npy")
    assert mapped(on_disk.values) and not mapped(in_memory.values)
    np.testing.assert_array_equal(on_disk.values, in_memory.values)
    assert on_disk.batches(4).fingerprint() == in_memory.batches(4).fingerprint()


def mapped(array):
    while array is not None and not isinstance(array, np.memmap):
        array = getattr(array, "base", None)
    return array is not None
