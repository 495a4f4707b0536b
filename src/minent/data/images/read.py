"""Images and points from folders, ZIPs, arrays, tables and IDX files, or by name."""

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from minent.data.bytes import opened
from minent.data.images.account import Account
from minent.data.images.arrays import read_digits, read_npy, read_npz
from minent.data.images.classes import classified
from minent.data.images.entries import Entry, hidden, walked, zipped
from minent.data.images.held import HELD
from minent.data.images.idx import is_idx
from minent.data.images.images import Images
from minent.data.images.listing import kind, listed, shards_of
from minent.data.images.pictures import PICTURES
from minent.data.images.shards import read_shards
from minent.data.images.stacked import squares, stacked
from minent.data.natural import natural
from minent.data.points import toys
from minent.errors import BadInput, require, some
from minent.kernels import log

UNLIKE = 100  # a spread beyond it, or below one part in it, is not what networks are made for
DARK = 32  # what is nowhere lighter was perhaps not meant in 256 shades

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def read_images(
    path: Paths, size: int | None = None, seed: int = 1, *, skip_bad: int = 0, split: str | None = None
) -> Images:
    """Images brought to `size` by `size` pixels, or points; `plan` of them says what was read, and what was not.

    a folder, a .zip  of pictures, or of one folder of pictures for each class (wants pillow); of Parquet files
    .parquet          a column of nested lists, or of pictures' bytes, called image or img, or the first that may be;
                      label, class or target: the classes
    .npy, .npz        (n, h, w), (n, h, w, c) or (n, c, h, w) with c of 1 or 3: pixels from 0 to 255, or of floats from
                      0 to 1; (n, d): points. In .npz called images, x or data, and labels, y or target
    …idx3-ubyte[.gz]  as MNIST's, with the classes of …labels-idx1-ubyte beside it
    digits            scikit-learn's 1,797 of 8 by 8 pixels
    gaussians, swiss-roll     points of `minent.data.points.toys`, drawn by `seed`

    Several files, in a list or as a pattern with *, are shards of Parquet, or pictures without classes. Where data are
    divided, `split` names one: train if not given, validation or test. As many pictures as `skip_bad` that cannot be
    read are passed over. Images that are no squares are cut to the square in their middle. Raises BadInput.

    >>> read_images("gaussians").values.shape, read_images("gaussians").plan
    ((100000, 2), '100,000 points of 2 numbers')
    """
    if skip_bad < 0:
        raise BadInput(f"skip_bad must be at least 0; got {skip_bad}")
    account = Account(split)
    images = _named(path, seed) or _read(path, size, skip_bad, account)
    if not len(images):
        raise BadInput(f"there are no images in {str(path)!r}")
    if account.split is not None:
        raise BadInput(f"split {split!r} is wanted, and {str(path)!r} is not divided into splits")
    if not images.size and size is not None:
        raise BadInput(
            f"images of {size} by {size} are wanted; {str(path)!r} holds points of {images.channels} numbers"
        )
    images = replace(images, values=squares(images.values, size)) if images.size else images
    if images.size and (lightest := int(images.values.max())) < DARK:
        account.facts.append(f"no pixel is lighter than {lightest} of 255")
    some_of = images.values[:: 1 + len(images) // 100_000]
    if not images.size and (spread := [one for one in some_of.std(0, dtype=np.float64) if one]):
        least, most = min(spread), max(spread)
        if least < 1 / UNLIKE or most > UNLIKE:
            account.facts.append(f"spreads from {least:.3g} to {most:.3g}: networks see numbers as they are")
    return replace(images, plan="; ".join([images.told(), *account.sentences()]))


def _named(name: Any, seed: int) -> Images | None:
    if name in ("gaussians", "swiss-roll"):
        return Images(toys.gaussians(seed=seed) if name == "gaussians" else toys.swiss_roll(seed=seed))
    if name != "digits":
        return None
    require("sklearn", "knn", "learn from scikit-learn's digits")
    from sklearn.datasets import load_digits

    data: Any = load_digits()
    pixels = np.rint(data.images * (255 / 16)).astype(np.uint8)[:, None]
    return Images(pixels, data.target.astype(np.int64), tuple("0123456789"))


def _read(path: Paths, size: int | None, skip_bad: int, account: Account) -> Images:
    files = _files(path)
    if len(files) == 1 and files[0].is_dir():
        return _folder(files[0], size, skip_bad, account)
    kinds = {file.suffix.lower() for file in files}
    if kinds == {".parquet"}:
        return read_shards(files, size, skip_bad, account)
    if kinds <= set(PICTURES):
        return Images(stacked(((file, file) for file in files), size, skip_bad, account).pixels)
    if len(files) > 1:
        raise BadInput(f"several files are Parquet, or pictures, all of them; got {some(files)}")
    return _file(files[0], size, skip_bad, account)


def _files(path: Paths) -> list[Path]:
    """The paths that are meant, those of a pattern in natural order."""
    if not isinstance(path, str | os.PathLike):
        if not path:
            raise BadInput("wanted files to read images from; got an empty list")
        return [Path(one) for one in path]
    if not glob.has_magic(str(path)) or Path(path).exists():
        return [Path(path)]
    found = [Path(one) for one in sorted(glob.glob(str(path), recursive=True), key=natural)]  # noqa: PTH207  also of absolute ones
    if not found:
        raise BadInput(f"there is no file like {str(path)!r}")
    return found


def _folder(folder: Path, size: int | None, skip_bad: int, account: Account) -> Images:
    entries = list(walked(folder))
    kinds = {kind(one) for one in entries if one.source is not None and not any(map(hidden, one.parts))}
    if ".parquet" in kinds and not kinds & set(PICTURES):
        return read_shards(shards_of(entries, folder, account), size, skip_bad, account)
    return _pictures(entries, folder, size, skip_bad, account)


def _pictures(entries: Iterable[Entry], root: Path, size: int | None, skip_bad: int, account: Account) -> Images:
    files, labels = listed(entries, root, account)
    log.info("reading %s pictures", f"{len(files):,}")
    pixels, kept = stacked(files, size, skip_bad, account, root)
    images = Images(pixels)
    return images if labels is None else classified(images, [labels[i] for i in kept], root)


def _begins(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def _file(path: Path, size: int | None, skip_bad: int, account: Account) -> Images:
    if path.is_file() and _begins(path) in (b"PK\3\4", b"PK\5\6"):
        try:
            with ZipFile(path) as archive:
                if {Path(name).suffix for name in archive.namelist()} == {".npy"}:
                    return read_npz(path, account)
                return _pictures(zipped(archive), path, size, skip_bad, account)
        except BadZipFile as error:
            raise BadInput(f"{str(path)!r} is not a whole ZIP: {error}") from None
    if path.is_file() and path.stat().st_size > HELD and _begins(path) == b"\x93NUM":
        return read_npy(None, path)
    data = opened(path).data
    if data.startswith(b"\x93NUMPY"):
        return read_npy(data, path)
    if data.startswith(b"PAR1"):
        return read_shards([path], size, skip_bad, account)
    if is_idx(data):
        return read_digits(data, path)
    raise BadInput(
        f"images are read from a folder or .zip of pictures, .npy, .npz, .parquet or IDX files, or are digits, "
        f"gaussians or swiss-roll; got {str(path)!r}"
    )
