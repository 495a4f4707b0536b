"""One picture as an array, the way up that it is shown, of its first frame; what is clear in it lies on white."""

import warnings
from typing import Any

import numpy as np
from jaxtyping import Shaped

from minent.errors import BadInput, require

PICTURES = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".webp", ".avif", ".tif", ".tiff", ".ppm", ".pgm", ".pbm",
    ".pnm", ".jp2", ".tga", ".heic", ".heif",
)  # fmt: skip


def picture(source: Any, name: object, size: int | None = None) -> Shaped[np.ndarray, "height width channels"]:
    """One picture from a path, an open binary file, or a function that gives either: uint8, grey, or red, green and
    blue. Greys deeper than 8 bits keep their numbers (uint16, int32, float32).

    Where a `size` is wanted, a JPEG is decoded at a half, a quarter or an eighth of its own, at least twice as wide.
    Raises BadInput, which names it, for what cannot be read as a whole.
    """
    require("PIL", "gan", "read pictures")
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():  # of what is odd in a picture that can be read
            warnings.simplefilter("ignore")
            found: Any = source() if callable(source) else source
            with Image.open(found) as opened:
                if size is not None:
                    opened.draft(None, (2 * size, 2 * size))
                pixels = _pixels(ImageOps.exif_transpose(opened))
    except UnidentifiedImageError:
        raise BadInput(f"{str(name)!r} is no picture that can be read: it is of no format that Pillow knows") from None
    except Exception as error:  # decoders raise anything: OSError, ValueError, SyntaxError, struct.error, …
        told = getattr(error, "strerror", None) or error
        raise BadInput(f"{str(name)!r} is no picture that can be read: {told}") from None
    return pixels


def _pixels(image: Any) -> Shaped[np.ndarray, "height width channels"]:
    from PIL import Image, ImageCms

    clear = image.has_transparency_data
    if image.mode == "F" or image.mode.startswith("I"):
        values = np.asarray(image)
        if not np.isfinite(values).all():
            raise ValueError("its values must be finite")
        if clear:
            values = np.where(values == image.info["transparency"], values.dtype.type(65535), values)
        return values[..., None]
    grey = image.mode in ("1", "L", "LA", "La")
    if image.mode == "LAB":
        image = ImageCms.profileToProfile(
            image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    if clear:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.atleast_3d(np.asarray(image.convert("L" if grey else "RGB")))
