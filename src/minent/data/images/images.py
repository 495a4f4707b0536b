"""Images and points that a generator learns to draw: 8-bit pixels, or vectors, perhaps with classes."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped, UInt8

from minent.errors import BadInput, some


@dataclass(frozen=True)
class Images:
    """`values`: uint8 pixels (images, channels, height, width), or float32 points (points, dimension); of each its
    class as a number (None: there are none), what the classes are called, and `plan`: what was read, and what was not.
    Raises BadInput for values of another kind, and labels that are not one of the classes each.

    >>> images = Images(np.zeros((4, 1, 8, 8), np.uint8))
    >>> len(images), images.size, images.scaled().min()
    (4, 8, np.float32(-1.0))
    """

    values: Shaped[np.ndarray, "samples ..."]
    labels: Int[np.ndarray, " samples"] | None = None
    classes: tuple[str, ...] = ()
    plan: str = ""

    def __post_init__(self) -> None:
        values, labels = self.values, self.labels
        if (values.ndim != 4 or values.dtype != np.uint8) and (values.ndim != 2 or values.dtype != np.float32):
            raise BadInput(
                "values are pixels, uint8 (images, channels, height, width), or points, float32 (points, dimension); "
                f"got {values.dtype} {values.shape}"
            )
        refuse_channels_last(values)
        if labels is not None and not self.classes:
            raise BadInput("labels are places among classes; what these are called is missing (classes=…)")
        if labels is not None and (
            labels.shape != values.shape[:1] or labels.dtype.kind not in "iu"
            or (len(labels) and not 0 <= labels.min() <= labels.max() < len(self.classes))
        ):  # fmt: skip
            raise BadInput(
                f"labels are numbers below {len(self.classes)}, the number of classes, one for each of {len(values)} "
                f"samples; got {labels.dtype} {labels.shape}"
            )

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

    def told(self) -> str:
        """How many there are, of which classes.

        >>> Images(np.zeros((2, 1, 8, 8), np.uint8), np.arange(2), ("cat", "dog")).told()
        '2 images of 2 classes: cat, dog'
        """
        if not self.size:
            return f"{len(self):,} points of {self.channels} numbers"
        counted = f"{len(self):,} image{'s' * (len(self) != 1)}"
        if self.labels is None:
            return counted
        return f"{counted} of {len(self.classes):,} class{'es' * (len(self.classes) != 1)}: {some(self.classes, 10)}"

    def at(self, ids: Int[np.ndarray, " ids"]) -> "Images":
        """Some of them."""
        return replace(self, values=self.values[ids], labels=None if self.labels is None else self.labels[ids])

    def scaled(self, ids: Any = slice(None)) -> Float[np.ndarray, "samples ..."]:
        """Pixels from -1 to 1; points as they are. float32."""
        values = self.values[ids]
        return scaled(values) if self.size else values

    def batches(self, examples: int, seed: int = 1, labels: bool = False) -> "_Batches":
        """Batches of so many ("x", of images pixels as they are, uint8; with `labels` "label" too; and "id"), shuffled
        anew each epoch."""
        if labels and self.labels is None:
            raise BadInput("classes are wanted, and these samples have none")
        if self.size and self.values.shape[2] != self.values.shape[3]:
            raise BadInput(
                f"images that are learned from are squares; got {self.values.shape[2]} by {self.values.shape[3]}"
            )
        return _Batches(self, min(examples, len(self)), seed, labels)


def refuse_channels_last(values: Shaped[np.ndarray, "samples ..."]) -> None:
    """Raises BadInput for images whose colours plainly stand last."""
    if values.ndim == 4 and values.shape[3] in (1, 3, 4) and values.shape[1] not in (1, 3, 4):
        raise BadInput(
            f"images are (images, channels, height, width); got {values.shape}, whose channels come last: "
            "transpose(0, 3, 1, 2)"
        )


def scaled(pixels: UInt8[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Pixels from -1 to 1, float32."""
    return pixels.astype(np.float32) / np.float32(127.5) - 1


@dataclass(frozen=True)
class _Batches:
    images: Images
    examples: int
    seed: int
    labels: bool

    def __len__(self) -> int:
        return len(self.images) // self.examples

    def fingerprint(self) -> dict[str, Any]:
        """What tells these from others: a run is resumed on the same."""
        digest = hashlib.blake2b(digest_size=16)
        for i in range(0, len(self.images), 1024):  # there may be more than memory holds
            digest.update(np.ascontiguousarray(self.images.values[i : i + 1024]).data)
        digest.update(b"" if self.images.labels is None else np.ascontiguousarray(self.images.labels).data)
        return {"samples": len(self.images), "data": digest.hexdigest(), "batch": self.examples}

    def epoch(self, number: int) -> Iterator[dict[str, np.ndarray]]:
        """What does not fill a batch waits for another epoch."""
        order = np.random.default_rng([self.seed, number]).permutation(len(self.images))
        for i in range(len(self)):
            ids = order[i * self.examples : (i + 1) * self.examples]
            batch = {"x": self.images.values[ids], "id": ids}
            if self.labels and self.images.labels is not None:
                batch["label"] = self.images.labels[ids]
            yield batch
