"""A small picture as the text of a page: the PNG format (ISO 15948) in a data URI, written with zlib alone."""

import base64
import struct
import zlib

import numpy as np

from minent.errors import BadInput


def picture(image: np.ndarray) -> str:
    """The data URI of an image (height, width), or (channel, height, width) of one or three channels, from its lowest
    number, black, to its highest. Raises BadInput for other shapes.

    >>> picture(np.eye(2))[:40]
    'data:image/png;base64,iVBORw0KGgoAAAANSU'
    """
    image = np.asarray(image, np.float64)
    image = image[0] if image.ndim == 3 and len(image) == 1 else image
    if image.ndim not in (2, 3) or (image.ndim == 3 and len(image) != 3):
        raise BadInput(f"an image is (height, width) or (3, height, width); got {image.shape}")
    pixels = image if image.ndim == 2 else np.moveaxis(image, 0, 2)
    low, high = pixels.min(), pixels.max()
    grey = np.round((pixels - low) / max(high - low, 1e-300) * 255).astype(np.uint8)
    height, width = grey.shape[:2]
    lines = b"".join(b"\0" + row.tobytes() for row in grey)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0 if grey.ndim == 2 else 2, 0, 0, 0)
    whole = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b"")
    return f"data:image/png;base64,{base64.b64encode(whole).decode()}"
