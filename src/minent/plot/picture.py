"""Pictures: images side by side, points where they lie; as PNG (W3C, third edition), written with zlib alone."""

import base64
import math
import os
import struct
import zlib

import numpy as np
from jaxtyping import Float, UInt8

from minent.errors import BadInput
from minent.files import whole_file

GAP = 2  # pixels between images
SIDE = 480  # least pixels of a picture
INK = np.array([31, 78, 156], np.float32)


def grid(images: Float[np.ndarray, "images channels height width"], columns: int | None = None) -> np.ndarray:
    """Images with values in [-1, 1] as one of uint8 (height, width, 3), row by row, magnified by a whole number.

    >>> grid(np.zeros((4, 1, 8, 8), np.float32)).shape
    (486, 486, 3)
    """
    count, channels, height, width = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = -(-count // columns)
    pixels = np.rint((np.clip(images, -1, 1) + 1) * 127.5).astype(np.uint8).transpose(0, 2, 3, 1)
    pixels = np.broadcast_to(pixels, (count, height, width, 3)) if channels == 1 else pixels
    scale = max(1, SIDE // max(rows * height, columns * width))
    pixels = pixels.repeat(scale, 1).repeat(scale, 2)
    height, width = height * scale + GAP, width * scale + GAP
    canvas = np.full((rows * height + GAP, columns * width + GAP, 3), 255, np.uint8)
    for i, image in enumerate(pixels):
        top, left = GAP + i // columns * height, GAP + i % columns * width
        canvas[top : top + height - GAP, left : left + width - GAP] = image
    return canvas


def points(drawn: Float[np.ndarray, "points 2"], *, low: float, high: float) -> UInt8[np.ndarray, "height width 3"]:
    """Points of the square from `low` to `high` both ways as a picture, the darker the more there are.

    >>> points(np.zeros((5, 2)), low=-1.0, high=1.0).shape
    (480, 480, 3)
    """
    count, _, _ = np.histogram2d(-drawn[:, 1], drawn[:, 0], SIDE // 2, ((-high, -low), (low, high)))
    ink = np.where(count > 0, 0.35 + 0.65 * np.minimum(count / max(1.0, np.quantile(count[count > 0], 0.9)), 1), 0) \
        if count.any() else count  # fmt: skip
    return np.rint(255 + ink[..., None] * (INK - 255)).astype(np.uint8).repeat(2, 0).repeat(2, 1)


def picture(image: np.ndarray) -> str:
    """The data URI of an image (height, width), or (channel, height, width) of one or three channels, from its lowest
    number, black, to its highest. Raises BadInput for other shapes.

    >>> picture(np.eye(2))[:40]
    'data:image/png;base64,iVBORw0KGgoAAAANSU'
    """
    image = np.asarray(image, np.float64)
    image = image[None] if image.ndim == 2 else image
    if image.ndim != 3 or len(image) not in (1, 3):
        raise BadInput(f"an image is (height, width) or (3, height, width); got {image.shape}")
    low, high = image.min(), image.max()
    pixels = np.round((image - low) / max(high - low, 1e-300) * 255).astype(np.uint8)
    return data_uri(np.broadcast_to(np.moveaxis(pixels, 0, 2), (*image.shape[1:], 3)))


def data_uri(pixels: UInt8[np.ndarray, "height width 3"]) -> str:
    """A picture as a part of a page."""
    return f"data:image/png;base64,{base64.b64encode(png(pixels)).decode()}"


def write_png(path: str | os.PathLike[str], pixels: UInt8[np.ndarray, "height width 3"]) -> None:
    """Write a picture, whole or not at all. Raises BadInput for a name that does not end with .png."""
    if not str(path).lower().endswith(".png"):
        raise BadInput(f"a picture is written as .png; got {str(path)!r}")
    with whole_file(path) as temporary:
        temporary.write_bytes(png(pixels))


def png(pixels: UInt8[np.ndarray, "height width 3"]) -> bytes:
    """A picture as a file holds it."""
    height, width, _ = pixels.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], 1)  # filter 0: as they are
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))]
    parts += [(b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
