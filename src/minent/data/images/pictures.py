"""Pictures as arrays of one size: read, cut to the square in their middle, resampled."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from minent.errors import BadInput, require

PICTURES = ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"


def picture(source: Any, name: object) -> np.ndarray:
    """One picture as (h, w, c) the way up that it is shown: grey, of 16 bits the higher 8, or red, green and blue."""
    require("PIL", "gan", "read pictures")
    from PIL import Image, ImageOps

    try:
        with Image.open(source) as opened:
            turned = ImageOps.exif_transpose(opened)
            if turned.mode.startswith("I"):
                return (np.asarray(turned).clip(0, 65535) // 256).astype(np.uint8)[..., None]
            return np.atleast_3d(np.asarray(turned.convert("L" if turned.mode in ("1", "L", "LA", "F") else "RGB")))
    except OSError as error:
        raise BadInput(f"{str(name)!r} is no picture that can be read: {error}") from None


def stacked(pictures: Iterable[np.ndarray], size: int | None) -> np.ndarray:
    """Pictures (h, w, c) as one array (n, c, side, side), its side the given size or that of the smallest."""
    cut = [squares(one.transpose(2, 0, 1)[None], size) for one in pictures]  # as they come: photographs fill memory
    colours, side = max(one.shape[1] for one in cut), min(one.shape[2] for one in cut)
    return np.concatenate([squares(one, side).repeat(colours // one.shape[1], 1) for one in cut])


def squares(pixels: np.ndarray, size: int | None) -> np.ndarray:
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
