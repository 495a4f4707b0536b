"""Images and points that a generator learns to draw: 8-bit pixels, or vectors, perhaps with classes."""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped

from minent.data import toys
from minent.data.text_file import read_bytes
from minent.errors import BadInput, require

PICTURES = ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"
IDX = {0x08: np.uint8, 0x09: np.int8, 0x0B: np.int16, 0x0C: np.int32, 0x0D: np.float32, 0x0E: np.float64}


@dataclass(frozen=True)
class Images:
    """`values`: uint8 pixels (images, channels, height, width), or float32 points (points, dimension); of each its
    class as a number (None: there are none), and what the classes are called.

    >>> images = Images(np.zeros((4, 1, 8, 8), np.uint8))
    >>> len(images), images.size, images.scaled().min()
    (4, 8, np.float32(-1.0))
    """

    values: Shaped[np.ndarray, "samples ..."]
    labels: Int[np.ndarray, " samples"] | None = None
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    @property
    def channels(self) -> int:
        """Of images; of points their dimension."""
        return self.values.shape[1]

    @property
    def size(self) -> int:
        """Width and height of images in pixels; 0 of points."""
        return self.values.shape[2] if self.values.ndim == 4 else 0

    def at(self, ids: Int[np.ndarray, " ids"]) -> "Images":
        """Some of them."""
        return replace(self, values=self.values[ids], labels=None if self.labels is None else self.labels[ids])

    def scaled(self, ids: Any = slice(None)) -> Float[np.ndarray, "samples ..."]:
        """Pixels from -1 to 1; points as they are. float32."""
        values = self.values[ids]
        return values.astype(np.float32) / np.float32(127.5) - 1 if self.size else values

    def batches(self, examples: int, seed: int = 1, labels: bool = False) -> "_Batches":
        """Batches of so many ("x", with `labels` "label" too; and "id"), shuffled anew each epoch."""
        if labels and self.labels is None:
            raise BadInput("classes are wanted, and these samples have none")
        return _Batches(self, min(examples, len(self)), seed, labels)


@dataclass(frozen=True)
class _Batches:
    images: Images
    examples: int
    seed: int
    labels: bool

    def __len__(self) -> int:
        return len(self.images) // self.examples

    def epoch(self, number: int) -> Iterator[dict[str, np.ndarray]]:
        """What does not fill a batch waits for another epoch."""
        order = np.random.default_rng([self.seed, number]).permutation(len(self.images))
        for i in range(len(self)):
            ids = order[i * self.examples : (i + 1) * self.examples]
            batch = {"x": self.images.scaled(ids), "id": ids}
            if self.labels and self.images.labels is not None:
                batch["label"] = self.images.labels[ids]
            yield batch


def read_images(path: str | os.PathLike[str], size: int | None = None, seed: int = 1) -> Images:
    """Images brought to `size` by `size` pixels, or points.

    a folder          of pictures, or of one folder of pictures for each class (wants pillow)
    .npy              (n, h, w), (n, h, w, c) or (n, c, h, w) with c of 1 or 3: pixels from 0 to 255, or of floats from
                      0 to 1; (n, d): points
    .parquet          a column of such nested lists, or of pictures' bytes, called image, or the first that is no label;
                      label, class or target: the classes
    …idx3-ubyte[.gz]  as MNIST's, with the classes of …labels-idx1-ubyte beside it
    digits            scikit-learn's 1,797 of 8 by 8 pixels
    gaussians, swiss-roll     points of `minent.data.toys`, drawn by `seed`

    Images that are no squares are cut to the square in their middle. Raises BadInput.

    >>> read_images("gaussians").values.shape, read_images("gaussians").channels
    ((100000, 2), 2)
    """
    images = _named(str(path), seed) or _read(Path(path))
    if not len(images):
        raise BadInput(f"there are no images in {str(path)!r}")
    if not images.size:
        if size is not None:
            raise BadInput(f"a size is for images; {str(path)!r} holds points of {images.channels} numbers")
        return images
    return replace(images, values=_squares(images.values, size))


def _named(name: str, seed: int) -> Images | None:
    if name in ("gaussians", "swiss-roll"):
        return Images(toys.gaussians(seed=seed) if name == "gaussians" else toys.swiss_roll(seed=seed))
    if name != "digits":
        return None
    require("sklearn", "knn", "learn from scikit-learn's digits")
    from sklearn.datasets import load_digits

    data: Any = load_digits()
    pixels = np.rint(data.images * (255 / 16)).astype(np.uint8)[:, None]
    return Images(pixels, data.target.astype(np.int64), tuple("0123456789"))


def _read(path: Path) -> Images:
    if path.is_dir():
        return _folder(path)
    data, _ = read_bytes(path)
    if data.startswith(b"\x93NUMPY"):
        try:
            values = np.load(io.BytesIO(data), allow_pickle=False)
        except ValueError as error:
            raise BadInput(f"{str(path)!r} is not a whole array of numbers: {error}") from None
        return _array(values, path)
    if data.startswith(b"PAR1"):
        return _parquet(data, path)
    if data[:2] == b"\0\0" and data[2:3] and data[2] in IDX:
        name = path.name.replace("images-idx3", "labels-idx1").replace("images.idx3", "labels.idx1")
        images, beside = _array(_idx(data, path), path), path.with_name(name)
        if beside == path or not beside.exists():
            return images
        return _labelled(images, _idx(read_bytes(beside)[0], beside).tolist(), beside)
    raise BadInput(
        f"images are read from a folder of pictures, .npy, .parquet or IDX files, or are digits, gaussians or "
        f"swiss-roll; got {str(path)!r}"
    )


def _idx(data: bytes, path: Path) -> np.ndarray:
    """http://yann.lecun.com/exdb/mnist: two zeros, type, number of sides, sides as big-endian int32, values."""
    kind, sides = IDX.get(data[2]), data[3]
    shape = np.frombuffer(data, ">i4", sides, 4) if len(data) >= 4 + 4 * sides else np.zeros(0, int)
    whole = 4 + 4 * sides + int(np.prod(shape, dtype=np.int64)) * np.dtype(kind).itemsize
    if kind is None or not len(shape) or len(data) != whole:
        raise BadInput(f"{str(path)!r} is not a whole IDX file")
    return np.frombuffer(data, np.dtype(kind).newbyteorder(">"), offset=4 + 4 * sides).reshape(shape)


def _array(values: np.ndarray, path: object) -> Images:
    if values.dtype.kind not in "iufb" or values.ndim not in (2, 3, 4):
        shape = f"{values.dtype} of shape {values.shape}"
        raise BadInput(f"wanted numbers of shape (n, h, w), (n, h, w, c), (n, c, h, w) or (n, d) in {str(path)!r}; "
                       f"got {shape}")  # fmt: skip
    if not np.isfinite(values).all():
        raise BadInput(f"values must be finite; those in {str(path)!r} are not")
    if values.ndim == 2:
        return Images(values.astype(np.float32))
    values = values[:, None] if values.ndim == 3 else values
    if values.shape[1] not in (1, 3):
        values = values.transpose(0, 3, 1, 2)
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if values.shape[1] not in (1, 3) or low < 0 or high > (1 if values.dtype.kind == "f" else 255):
        raise BadInput(
            f"images have 1 or 3 channels, with pixels from 0 to 255, or of floats from 0 to 1; got "
            f"{values.shape[1]} channels from {low:g} to {high:g} in {str(path)!r}"
        )
    scale = 255 if values.dtype.kind in "fb" else 1
    return Images(np.rint(values * scale).astype(np.uint8) if scale > 1 else values.astype(np.uint8))


def _labelled(images: Images, labels: list[Any], path: object) -> Images:
    if len(labels) != len(images):
        raise BadInput(f"every image has a class; got {len(labels)} for {len(images)} images in {str(path)!r}")
    classes = sorted(set(labels))
    place = {name: i for i, name in enumerate(classes)}
    return replace(images, labels=np.array([place[x] for x in labels], np.int64), classes=tuple(map(str, classes)))


def _folder(folder: Path) -> Images:
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in PICTURES)
    if not files:
        raise BadInput(f"{str(folder)!r} must hold pictures ({', '.join(PICTURES)}); there are none")
    images = _stacked([_picture(file, file) for file in files])
    names = [file.relative_to(folder).parts[0] for file in files if file.parent != folder]
    return _labelled(images, names, folder) if len(names) == len(files) else images


def _picture(source: Any, name: object) -> np.ndarray:
    """One picture as (h, w, c): grey, or red, green and blue."""
    require("PIL", "gan", "read pictures")
    from PIL import Image

    try:
        with Image.open(source) as picture:
            grey = picture.mode in ("1", "L", "LA", "I", "I;16", "F")
            return np.atleast_3d(np.asarray(picture.convert("L" if grey else "RGB")))
    except OSError as error:
        raise BadInput(f"{str(name)!r} is no picture that can be read: {error}") from None


def _stacked(pictures: list[np.ndarray]) -> Images:
    colour = max(picture.shape[2] for picture in pictures)
    side = min(min(picture.shape[:2]) for picture in pictures)
    one = [picture.repeat(colour // picture.shape[2], 2).transpose(2, 0, 1)[None] for picture in pictures]
    return Images(np.concatenate([_squares(picture, side) for picture in one]))


def _parquet(data: bytes, path: Path) -> Images:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(data))
    except pa.ArrowException as error:
        raise BadInput(f"{str(path)!r} is not a whole Parquet file: {error}") from None
    label = next((name for name in table.column_names if name in ("label", "class", "target")), None)
    rest = [name for name in table.column_names if name != label]
    if not rest:
        raise BadInput(f"wanted a column of images in {str(path)!r}; got {table.column_names}")
    rows = table.column("image" if "image" in rest else rest[0]).to_pylist()
    if rows and isinstance(rows[0], dict):  # as Hugging Face's datasets have them
        rows = [row.get("bytes") for row in rows]
    if rows and isinstance(rows[0], bytes):
        images = _stacked([_picture(io.BytesIO(row), f"row {i} of {path}") for i, row in enumerate(rows)])
    else:
        try:
            values = np.array(rows)
        except ValueError:
            raise BadInput(f"rows of {str(path)!r} must be images of one shape") from None
        images = _array(values, path)
    return images if label is None else _labelled(images, table.column(label).to_pylist(), path)


def _squares(pixels: np.ndarray, size: int | None) -> np.ndarray:
    """The square in the middle, each side resampled by a triangle as wide as an output pixel, so that none is lost."""
    side = min(pixels.shape[2:])
    top, left = ((whole - side) // 2 for whole in pixels.shape[2:])
    pixels = pixels[:, :, top : top + side, left : left + side]
    if size is None or size == side:
        return np.ascontiguousarray(pixels)
    if size < 1:
        raise BadInput(f"size must be at least 1; got {size}")
    scale = side / size
    middle = (np.arange(size)[:, None] + 0.5) * scale - 0.5
    weight = np.maximum(0, 1 - np.abs(middle - np.arange(side)) / max(scale, 1)).astype(np.float32)
    weight /= weight.sum(1, keepdims=True)
    parts = [weight @ part.astype(np.float32) @ weight.T for part in np.array_split(pixels, -(-len(pixels) // 256))]
    return np.rint(np.concatenate(parts)).clip(0, 255).astype(np.uint8)
