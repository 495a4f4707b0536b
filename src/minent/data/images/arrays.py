"""Images and points as arrays of numbers: .npy, .npz whose arrays have names, and IDX."""

from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from minent.data.bytes import opened
from minent.data.images.account import Account, split_of
from minent.data.images.classes import classified
from minent.data.images.idx import read_idx
from minent.data.images.images import Images
from minent.data.whole import whole
from minent.errors import BadInput, some

IMAGES = ("images", "image", "imgs", "x", "data", "pixels")
LABELS = ("labels", "label", "y", "targets", "target", "classes")


def read_npy(data: bytes | None, path: Path) -> Images:
    """Images or points of a .npy file; of one without `data` here, as they lie there. Raises BadInput."""
    with whole(path, "an array of numbers"):
        values = np.load(path if data is None else BytesIO(data), "r" if data is None else None, allow_pickle=False)
    if values.ndim == 3 and (3 in (values.shape[0], values.shape[2]) or values.shape[2] in (1, 4)):
        many = "{} images of {} by {} pixels".format(*values.shape)
        wanted = "say which by a fourth axis, (1, h, w, c) or (n, h, w, 1)"
        raise BadInput(f"{str(path)!r} may hold one picture with colours, or {many}: {wanted}; got {values.shape}")
    return pixels_of(values, path)


def read_npz(path: Path, account: Account) -> Images:
    """Images of a .npz file by the names of its arrays: images, x, data, …, or the only one; with labels, y, target, …
    their classes. train_images, x_train and the like are of splits. Raises BadInput."""
    with whole(path, "arrays of numbers"), np.load(path, allow_pickle=False) as held:
        image, label = _named(list(held.files), path, account)
        images = pixels_of(held[image], path)
        labels = None if label is None else held[label]
    if labels is None:
        return images
    if labels.ndim > 1 and labels.size == len(labels):
        labels = labels.reshape(-1)
    if labels.ndim != 1:
        raise BadInput(f"every image has one class; {label} in {str(path)!r} is of shape {labels.shape}")
    return classified(images, labels.tolist(), path)


def _named(names: list[str], path: Path, account: Account) -> tuple[str, str | None]:
    """Which array is of images, and which of their classes."""
    found: dict[tuple[str, str], str] = {}  # by split and kind
    splits: dict[str, str] = {}
    for name in names:
        words = name.lower().split("_")
        split = next((word for word in words if split_of(word)), "")
        rest = "_".join(word for word in words if word != split)
        kind = "images" if rest in IMAGES else "labels" if rest in LABELS else rest
        if (split, kind) in found:
            raise BadInput(f"one array is of {kind}; {str(path)!r} has {found[split, kind]} and {name}")
        found[split, kind] = name
        splits |= {split: split} if split and kind == "images" else {}
    split = account.chosen(list(splits), path)[0] if splits else ""
    if not splits and len(names) == 1:
        return names[0], None
    if (split, "images") not in found:
        raise BadInput(f"wanted an array called {some(IMAGES, 9)} in {str(path)!r}; got {some(names, 9)}")
    image, label = found[split, "images"], found.get((split, "labels"))
    if other := [name for (of, _), name in found.items() if name not in (image, label) and of in ("", split)]:
        account.passed.append(f"other arrays ({some(other)})")
    return image, label


def read_digits(data: bytes, path: Path) -> Images:
    """Images of an IDX file, with the classes of the one beside it whose name says so. Raises BadInput."""
    name = path.name.replace("images-idx3", "labels-idx1").replace("images.idx3", "labels.idx1")
    images, beside = pixels_of(read_idx(data, path), path), path.with_name(name)
    if beside == path or not beside.exists():
        return images
    return classified(images, read_idx(opened(beside).data, beside).tolist(), beside)


def pixels_of(values: Shaped[np.ndarray, "..."], path: object) -> Images:
    """Images, or points, of an array of numbers. Raises BadInput for what is of neither shape, or no pixels."""
    if values.dtype.kind not in "iufb" or values.ndim not in (2, 3, 4):
        shape = f"{values.dtype} of shape {values.shape}"
        names = "; pictures whose names these may be are read from a list of them" * (values.dtype.kind == "U")
        raise BadInput(f"wanted numbers of shape (n, h, w), (n, h, w, c), (n, c, h, w) or (n, d) in {str(path)!r}; "
                       f"got {shape}{names}")  # fmt: skip
    with np.errstate(over="ignore"):
        points = values.astype(np.float32) if values.ndim == 2 else None
    given = values if points is None else points
    if given.dtype.kind == "f" and not np.isfinite(given).all():
        raise BadInput(f"values must be finite, as float32 has them; those in {str(path)!r} are not")
    if points is not None:
        return Images(points)
    values = values[:, None] if values.ndim == 3 else values
    if values.shape[1] not in (1, 3):
        values = values.transpose(0, 3, 1, 2)
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if values.shape[1] not in (1, 3) or low < 0 or high > (1 if values.dtype.kind == "f" else 255):
        raise BadInput(
            f"images have 1 or 3 channels, with pixels from 0 to 255, or of floats from 0 to 1; got "
            f"{given.dtype} of shape {given.shape} from {low:g} to {high:g} in {str(path)!r}"
        )
    if high == 1 and values.dtype.kind in "iu":
        raise BadInput(
            f"whole numbers of 0 and 1 in {str(path)!r} may be black and white, or two shades of black: say which, as "
            "booleans (1 is white) or as floats from 0 to 1"
        )
    scale = 255 if values.dtype.kind in "fb" else 1
    return Images(np.rint(values * scale).astype(np.uint8) if scale > 1 else values.astype(np.uint8, copy=False))
