"""A picture becomes what people see of it: every colour mode by a rule, and what is broken is one sentence."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from minent.data.images.pictures import picture
from minent.data.images.read import read_images
from minent.data.images.stacked import squares
from minent.errors import BadInput

Image = pytest.importorskip("PIL.Image")
RAMP = np.arange(64).reshape(8, 8)


def saved(path, *images, **options):
    images[0].save(path, **options)
    return read_images([path])


@pytest.mark.parametrize(
    "pixels, mode, wanted",
    [
        (np.array([[0, 255], [128, 7]], np.uint8), "L", [[0, 255], [128, 7]]),
        (np.array([[False, True], [True, False]]), "1", [[0, 255], [255, 0]]),
        (np.array([[[10, 20, 30]] * 2] * 2, np.uint8), "RGB", [[[10, 20, 30]] * 2] * 2),
        (np.array([[[10, 20, 30, 0], [10, 20, 30, 255]]] * 2, np.uint8), "RGBA", [[[255] * 3, [10, 20, 30]]] * 2),
        (np.array([[[0, 0], [0, 51]]] * 2, np.uint8), "LA", [[255, 204]] * 2),
        (np.array([[[0, 0, 0, 0]], [[255, 255, 0, 0]]], np.uint8), "CMYK", [[[255] * 3], [[0, 0, 255]]]),
    ],
)  # fmt: skip
def test_every_mode_has_a_rule(pixels, mode, wanted, tmp_path):
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    image = Image.fromarray(pixels)
    assert image.mode == mode or mode == "CMYK"
    (image if mode != "CMYK" else Image.frombytes("CMYK", (1, 2), pixels.tobytes())).save(path)
    assert picture(path, path).squeeze().tolist() == np.squeeze(wanted).tolist()


def test_palettes_are_their_colours_and_what_is_clear_in_them_is_white(tmp_path):
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), "P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.save(tmp_path / "a.png")
    image.save(tmp_path / "b.png", transparency=1)
    image.save(tmp_path / "c.gif", transparency=1)
    red, green, blue, white = [255, 0, 0], [0, 255, 0], [0, 0, 255], [255] * 3
    assert picture(tmp_path / "a.png", "").tolist() == [[red, green], [blue, green]]
    for name in ("b.png", "c.gif"):
        assert picture(tmp_path / name, "").tolist() == [[red, white], [blue, white]]


def test_of_animations_the_first_frame_is_taken_and_of_pages_the_first(tmp_path):
    frames = [Image.fromarray(np.full((8, 8), grey, np.uint8)) for grey in (50, 100, 150)]
    for name in ("a.gif", "a.png", "a.webp", "a.tif"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
        with Image.open(tmp_path / name) as opened:
            assert opened.n_frames == 3
        assert np.abs(picture(tmp_path / name, "").astype(int) - 50).max() <= 1, name


@pytest.mark.parametrize(
    "pixels, black, white",
    [
        (RAMP.astype(np.uint16), 0, 255),
        ((RAMP * 60).astype(np.uint16), 0, 4095),
        ((RAMP * 1040).astype(np.uint16), 0, 65535),
        ((RAMP * 4).astype(np.int32), 0, 255),
        ((RAMP * 100_000).astype(np.int32), 0, 2**23 - 1),
        ((RAMP - 30).astype(np.int32), -30, 33),
        ((RAMP / 63).astype(np.float32), 0, 1),
        ((RAMP * 4).astype(np.float32), 0, 255),
        ((RAMP / 50).astype(np.float32), 0, 1.26),
        ((RAMP - 0.5).astype(np.float32), -0.5, 62.5),
        (np.full((8, 8), -3, np.float32), -3, -2),
    ],
)
def test_greys_deeper_than_8_bits_are_scaled_by_what_they_hold(pixels, black, white, tmp_path):
    images = saved(tmp_path / "a.tif", Image.fromarray(pixels))
    wanted = np.rint((pixels.astype(np.float64) - black) * 255 / (white - black)).clip(0, 255)
    assert np.array_equal(images.values[0, 0], wanted)
    assert "1 picture of greys deeper than 8 bits: " in images.plan
    assert len(np.unique(picture(tmp_path / "a.tif", ""))) == len(np.unique(pixels))


@given(st.lists(arrays(np.uint16, (3, 3), elements=st.integers(0, 65535)), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_pictures_that_are_read_together_share_one_scale(tmp_path_factory, deep):
    folder = tmp_path_factory.mktemp("deep")
    Image.fromarray(np.full((3, 3), 77, np.uint8)).save(folder / "0.png")
    for i, pixels in enumerate(deep, 1):
        Image.fromarray(pixels).save(folder / f"{i}.png")
    values = read_images(folder).values[:, 0]
    assert (values[0] == 77).all()  # 8 bits are left alone
    white = max(255, *(int(pixels.max()) for pixels in deep))
    white = 2 ** white.bit_length() - 1
    assert np.array_equal(values[1:], np.rint(np.stack(deep).astype(np.float64) * 255 / white))


def test_values_that_are_not_finite_are_a_broken_picture(tmp_path):
    Image.fromarray(np.array([[0, np.nan]], np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(BadInput, match=r"a\.tif' is no picture that can be read: its values must be finite"):
        read_images([tmp_path / "a.tif"])


def test_a_jpeg_that_is_decoded_small_looks_as_if_it_were_not(tmp_path):
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 256, (12, 16, 3)).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    coarse.resize((640, 480), Image.Resampling.BICUBIC).save(tmp_path / "a.jpg", quality=95, exif=exif)
    whole, small = picture(tmp_path / "a.jpg", ""), picture(tmp_path / "a.jpg", "", 48)
    assert whole.shape == (640, 480, 3) and small.shape == (160, 120, 3)  # a quarter, and turned
    one, other = (squares(pixels.transpose(2, 0, 1)[None], 48).astype(int) for pixels in (whole, small))
    assert whole.std() > 40 and np.abs(one - other).mean() < 1 and np.abs(one - other).max() < 12
    for size in (1, 7, 32, 200, 479, 480, 1000):
        assert min(picture(tmp_path / "a.jpg", "", size).shape[:2]) >= min(480, 2 * size)


def test_bombs_are_a_sentence_and_large_pictures_no_warning(tmp_path, monkeypatch):
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert picture(tmp_path / "a.png", "a").shape == (40, 40, 1)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 700)
    with pytest.raises(BadInput, match=r"^'a' is no picture that can be read: Image size \(1600 pixels\) exceeds"):
        picture(tmp_path / "a.png", "a")


def encoded(kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 24, 3)).astype(np.uint8)).save(file, kind)
    return file.getvalue()


@given(st.sampled_from(["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"]), st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_bytes_are_a_picture_or_one_sentence(kind, data):
    whole = bytearray(encoded(kind))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))
    try:
        assert picture(io.BytesIO(whole[:cut]), "x").ndim == 3
    except BadInput as error:
        assert "\n" not in str(error) and str(error).startswith("'x' is no picture that can be read: ")
    if kind == "PNG" and whole[:cut][: len(whole) - 12] != encoded(kind)[:-12]:  # all but its end has checksums
        with pytest.raises(BadInput):
            picture(io.BytesIO(whole[:cut]), "x")


@pytest.mark.data
def test_good_files_of_pngsuite_are_read_and_broken_ones_named(data):
    good = read_images(data / "odd" / "pictures" / "pngsuite" / "good", 32)
    assert len(good) == 160 and good.channels == 3
    broken = sorted((data / "odd" / "pictures" / "pngsuite" / "broken").glob("x*.png"))
    assert len(broken) == 14
    for file in broken:
        with pytest.raises(BadInput, match=f"{file.name}' is no picture that can be read"):
            read_images([file])


@pytest.mark.data
def test_odd_files_of_pillow_are_read_but_for_eight(data):
    odd = sorted((data / "odd" / "pictures" / "pillow").iterdir())
    images = read_images(odd, 32, skip_bad=8)
    assert len(images) == len(odd) - 8 and "8 broken" in images.plan


def test_grey_with_transparency_of_16_bits_stays_grey(tmp_path):
    """Written by hand: Pillow writes none, and reads them as colours."""
    grey, alpha = np.full((8, 8), 0x4000), np.where(RAMP < 32, 0xFFFF, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in np.stack([grey, alpha], -1))
    parts = ((b"IHDR", struct.pack(">IIBBBBB", 8, 8, 16, 4, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    told = [struct.pack(">I", len(b)) + kind + b + struct.pack(">I", zlib.crc32(kind + b)) for kind, b in parts]
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(told))
    found = picture(tmp_path / "a.png", "")
    assert found.shape == (8, 8, 1) and np.array_equal(found[..., 0], np.where(RAMP < 32, 0x40, 255))
