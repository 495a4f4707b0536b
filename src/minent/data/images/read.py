"""Images and points from folders, arrays, tables and IDX files, or by name."""

import io
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from minent.data.bytes import opened
from minent.data.images.idx import is_idx, read_idx
from minent.data.images.images import Images
from minent.data.images.pictures import PICTURES, picture, squares, stacked
from minent.data.points import toys
from minent.data.tables.parquet import read_parquet
from minent.errors import BadInput, require


def read_images(path: str | os.PathLike[str], size: int | None = None, seed: int = 1) -> Images:
    """Images brought to `size` by `size` pixels, or points.

    a folder          of pictures, or of one folder of pictures for each class (wants pillow)
    .npy              (n, h, w), (n, h, w, c) or (n, c, h, w) with c of 1 or 3: pixels from 0 to 255, or of floats from
                      0 to 1; (n, d): points
    .parquet          a column of such nested lists, or of pictures' bytes, called image, or the first that is no label;
                      label, class or target: the classes
    …idx3-ubyte[.gz]  as MNIST's, with the classes of …labels-idx1-ubyte beside it
    digits            scikit-learn's 1,797 of 8 by 8 pixels
    gaussians, swiss-roll     points of `minent.data.points.toys`, drawn by `seed`

    Images that are no squares are cut to the square in their middle. Raises BadInput.

    >>> read_images("gaussians").values.shape, read_images("gaussians").channels
    ((100000, 2), 2)
    """
    images = _named(str(path), seed) or _read(Path(path), size)
    if not len(images):
        raise BadInput(f"there are no images in {str(path)!r}")
    if not images.size:
        if size is not None:
            raise BadInput(
                f"images of {size} by {size} are wanted; {str(path)!r} holds points of {images.channels} numbers"
            )
        return images
    return replace(images, values=squares(images.values, size))


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


def _read(path: Path, size: int | None) -> Images:
    if path.is_dir():
        return _folder(path, size)
    data = opened(path).data
    if data.startswith(b"\x93NUMPY"):
        try:
            values = np.load(io.BytesIO(data), allow_pickle=False)
        except ValueError as error:
            raise BadInput(f"{str(path)!r} is not a whole array of numbers: {error}") from None
        return _array(values, path)
    if data.startswith(b"PAR1"):
        return _parquet(data, path, size)
    if is_idx(data):
        name = path.name.replace("images-idx3", "labels-idx1").replace("images.idx3", "labels.idx1")
        images, beside = _array(read_idx(data, path), path), path.with_name(name)
        if beside == path or not beside.exists():
            return images
        return _labelled(images, read_idx(opened(beside).data, beside).tolist(), beside)
    raise BadInput(
        f"images are read from a folder of pictures, .npy, .parquet or IDX files, or are digits, gaussians or "
        f"swiss-roll; got {str(path)!r}"
    )


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
    if None in labels:
        raise BadInput(f"every image has a class; got none for image {labels.index(None)} in {str(path)!r}")
    classes = sorted(set(labels))
    place = {name: i for i, name in enumerate(classes)}
    return replace(images, labels=np.array([place[x] for x in labels], np.int64), classes=tuple(map(str, classes)))


def _folder(folder: Path, size: int | None) -> Images:
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in PICTURES)
    if not files:
        raise BadInput(f"{str(folder)!r} must hold pictures ({', '.join(PICTURES)}); there are none")
    images = Images(stacked((picture(file, file) for file in files), size))
    names = [file.relative_to(folder).parts[0] for file in files if file.parent != folder]
    return _labelled(images, names, folder) if len(names) == len(files) else images


def _parquet(data: bytes, path: Path, size: int | None) -> Images:
    table = read_parquet(data, path)
    label = next((name for name in table.column_names if name in ("label", "class", "target")), None)
    rest = [name for name in table.column_names if name != label]
    if not rest:
        raise BadInput(f"wanted a column of images in {str(path)!r}; got {table.column_names}")
    rows = table.column("image" if "image" in rest else rest[0]).to_pylist()
    if rows and isinstance(rows[0], dict):  # as Hugging Face's datasets have them
        rows = [row.get("bytes") for row in rows]
    if rows and isinstance(rows[0], bytes):
        images = Images(stacked((picture(io.BytesIO(row), f"row {i} of {path}") for i, row in enumerate(rows)), size))
    else:
        try:
            values = np.array(rows)
        except ValueError:
            raise BadInput(f"rows of {str(path)!r} must be images of one shape") from None
        images = _array(values, path)
    return images if label is None else _labelled(images, table.column(label).to_pylist(), path)
