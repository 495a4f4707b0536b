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
    from PIL import ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():  # of what is odd in a picture that can be read
            warnings.simplefilter("ignore")
            with _opened(source() if callable(source) else source) as opened:
                if size is not None:
                    opened.draft(None, (2 * size, 2 * size))
                deep = any(tile[-1] == "LA;16B" for tile in opened.tile)  # grey and clear, colours to Pillow
                ImageOps.exif_transpose(opened, in_place=True)
                pixels = _pixels(opened, deep)
    except UnidentifiedImageError:
        raise BadInput(f"{str(name)!r} is no picture that can be read: it is of no format that Pillow knows") from None
    except Exception as error:  # decoders raise anything: OSError, ValueError, SyntaxError, struct.error, …
        told = getattr(error, "strerror", None) or error
        raise BadInput(f"{str(name)!r} is no picture that can be read: {told}") from None
    return pixels


def white_of(highest: float) -> int:
    """What is white where the highest of whole numbers is this one: all bits that it needs are set, 8 at least."""
    return 2 ** max(8, int(highest).bit_length()) - 1


def _opened(file: Any) -> Any:
    """The picture in a file, not yet decoded; the checksums of a PNG hold, some of which decoding would not look at."""
    from PIL import Image

    image = Image.open(file)
    if image.format != "PNG" or not image.tile:
        return image
    with image:
        image.verify()
    if hasattr(file, "seek"):
        file.seek(0)
    return Image.open(file)


def _pixels(image: Any, grey: bool) -> Shaped[np.ndarray, "height width channels"]:
    from PIL import Image, ImageCms

    clear = image.has_transparency_data
    if image.mode == "F" or image.mode.startswith("I"):
        values = np.asarray(image)
        if not np.isfinite(values).all():
            raise ValueError("its values must be finite")
        if clear:
            seen = values != image.info["transparency"]
            values = np.where(seen, values, white_of(float(values.max(initial=0, where=seen))))
        return values[..., None]
    grey = grey or image.mode in ("1", "L", "LA", "La")
    if image.mode == "LAB":
        image = ImageCms.profileToProfile(
            image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    if clear:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    wanted = "L" if grey else "RGB"
    return np.atleast_3d(np.asarray(image if image.mode == wanted else image.convert(wanted)))
