"""Pictures as one array: each cut to the square in its middle, resampled, and greys deeper than 8 bits scaled.

These are scaled alike in all pictures that are read together, by what they hold: of whole numbers 0 is black and
2ᵇ − 1 white, b ≥ 8 the bits that the largest of all has; of floats from 0 to 1, 1 is white; of any others the lowest of
all is black and the highest white.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped, UInt8

from minent.data.images.account import Account, counted
from minent.data.images.held import Shelf, room
from minent.data.images.pictures import picture, white_of
from minent.errors import BadInput, some
from minent.kernels import log

TOLD = 500  # pictures between two lines on how far it is


class Stack(NamedTuple):
    """Pictures as pixels, and the places of these among all that were to be read."""

    pixels: UInt8[np.ndarray, "pictures channel side side"]
    kept: list[int]


def stacked(
    sources: Iterable[tuple[Any, Any]], size: int | None, skip_bad: int, account: Account, root: Path | None = None
) -> Stack:
    """Pictures, each with its name (below a root), as one array, its side the given size or that of the smallest; as
    many as `skip_bad` that cannot be read are passed over. Raises BadInput, which names it, for the first beyond these.
    """
    whole, floats = _Scale(), _Scale()
    cut, scales, kept, bad, small, colours, side = Shelf(), list[_Scale | None](), list[int](), [], 0, 1, 2**30
    widest = 0
    for i, (name, source) in enumerate(sources):
        if i and not i % TOLD:
            log.info("read %s pictures", f"{i:,}")
        try:
            one = picture(source, name if root is None else f"{root}/{name}", size)
        except BadInput as error:
            bad.append(name)
            if len(bad) > skip_bad:
                more = f"; {skip_bad} such may be passed over, and {some(bad[:-1])} have been" if skip_bad else ""
                raise BadInput(f"{error}{more}") from None
            continue
        scale = None if one.dtype == np.uint8 else floats if one.dtype.kind == "f" else whole
        if scale is not None:
            scale.hold(one)
        small += size is not None and min(one.shape[:2]) < size
        square = squares(one.transpose(2, 0, 1)[None], size)
        cut.append(square)  # as they come: photographs fill memory
        scales.append(scale)
        colours, side = max(colours, square.shape[1]), min(side, square.shape[2])
        widest = max(widest, square.shape[2])
        kept.append(i)
    account.passed += [f"{len(bad):,} broken ({some(bad)})"] * bool(bad)
    if not kept:
        raise BadInput("there are no pictures" + f" that can be read: {some(bad)} cannot be" * bool(bad))
    account.facts += [f"{counted(small, 'picture')} smaller than {size} pixels, enlarged"] * bool(small)
    if size is None and side < widest:
        account.facts.append(f"sides of {side:,} to {widest:,} pixels, brought to {side:,}, the smallest")
    account.facts += [scale.told() for scale in (whole, floats) if scale.pictures]
    pixels = room((len(kept), colours, side, side))
    for i, (one, scale) in enumerate(zip(cut, scales, strict=True)):
        pixels[i] = squares(one if scale is None else scale(one), side)[0]  # one colour is all three
    return Stack(pixels, kept)


@dataclass
class _Scale:
    """What greys deeper than 8 bits hold, and what of it is black and white."""

    pictures: int = 0
    low: float = inf
    high: float = -inf
    whole: bool = True

    def hold(self, values: Shaped[np.ndarray, "..."]) -> None:
        self.pictures += 1
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))
        self.whole &= values.dtype.kind != "f" or (self.high > 1 and bool((values == np.rint(values)).all()))

    @property
    def ends(self) -> tuple[float, float]:
        if self.low >= 0 and self.whole:
            return 0.0, float(white_of(self.high))
        return (0.0, 1.0) if self.low >= 0 and self.high <= 1 else (self.low, self.high)

    def __call__(self, values: Shaped[np.ndarray, "..."]) -> UInt8[np.ndarray, "..."]:
        black, white = self.ends
        scaled = (values.astype(np.float64) - black) * (255 / (white - black or 1))
        return np.rint(scaled).clip(0, 255).astype(np.uint8)

    def told(self) -> str:
        black, white = self.ends
        return f"{counted(self.pictures, 'picture')} of greys deeper than 8 bits: {black:g} is black, {white:g} white"


def squares(pixels: Shaped[np.ndarray, "images channel high wide"], size: int | None) -> Shaped[np.ndarray, "..."]:
    """The square in the middle, each side resampled by a triangle as wide as an output pixel, so that none is lost.
    uint8 stays so; other numbers become float32 where they are resampled."""
    side = min(pixels.shape[2:])
    top, left = ((whole - side) // 2 for whole in pixels.shape[2:])
    pixels = pixels[:, :, top : top + side, left : left + side]
    if size is None or size == side:
        return pixels
    if size < 1:
        raise BadInput(f"size must be at least 1; got {size}")
    scale = side / size
    middle = (np.arange(size)[:, None] + 0.5) * scale - 0.5
    weight = np.maximum(0, 1 - np.abs(middle - np.arange(side)) / max(scale, 1)).astype(np.float32)
    weight /= weight.sum(1, keepdims=True)
    shape = (*pixels.shape[:2], size, size)
    found = room(shape) if pixels.dtype == np.uint8 else np.empty(shape, np.float32)
    for i in range(0, len(pixels), 256):
        part = weight @ pixels[i : i + 256].astype(np.float32) @ weight.T
        found[i : i + 256] = np.rint(part).clip(0, 255) if pixels.dtype == np.uint8 else part
    return found
