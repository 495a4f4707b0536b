"""What images are compared by: the layer before the last of a small classifier that is trained here on their classes.

FID as it is known wants the weights of Inception; a classifier of the data's own classes gives a space in which what
counts for them is apart. Distances in it compare runs on the same data with the same classifier, and nothing else.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from minent.data.images.images import Images
from minent.errors import BadInput
from minent.training.loop import fit
from minent.training.recipe import Recipe
from minent.training.saved import Saved

HELD = 0.2  # of the images, on which accuracy is told
DIM = 64
PIXELS = 8  # of the side of images without classes
Space = Callable[[Float[np.ndarray, "samples ..."]], Float[np.ndarray, "samples dimension"]]


class Features(Saved):
    """A convolutional classifier; `accuracy` is its on images that it was not trained on."""

    def __init__(self, channels: int, size: int, classes: int, accuracy: float = 0.0):
        super().__init__()
        self.accuracy = accuracy
        self.body = nn.Sequential(
            nn.Conv2d(channels, 32, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, 1, 1), nn.ReLU(),
            nn.AdaptiveMaxPool2d(4), nn.Flatten(), nn.Linear(1024, DIM), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Linear(DIM, classes)

    def forward(self, x: Float[Tensor, "batch channel height width"]) -> Float[Tensor, "batch classes"]:
        return self.head(self.body(x))

    @property
    def told(self) -> str:
        """What vectors are of, in words."""
        return f"features of a classifier trained here, {100 * self.accuracy:.1f} % right on images held out"

    def of(self, images: Float[np.ndarray, "images channel height width"]) -> Float[np.ndarray, "images dimension"]:
        """The features of images with values in [-1, 1]."""
        with torch.no_grad():
            return torch.cat([self.body(part) for part in torch.from_numpy(images).split(256)]).numpy()

    def classes_of(self, images: Float[np.ndarray, "images channel height width"]) -> Int[np.ndarray, " images"]:
        """The class that each image most looks like."""
        with torch.no_grad():
            return torch.cat([self(part).argmax(1) for part in torch.from_numpy(images).split(256)]).numpy()


def train_features(images: Images, steps: int = 600, seed: int = 1, device: str = "auto") -> Features:
    """A classifier of the images' classes; the same images and seed give the same one. Raises BadInput without any."""
    if images.labels is None or len(images.classes) < 2:
        raise BadInput("features are those of a classifier, which wants images of two classes or more")
    order = np.random.default_rng(seed).permutation(len(images))
    held, rest = np.split(order, [max(1, int(HELD * len(images)))])
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Features(images.channels, images.size, len(images.classes))
    warmup = min(20, steps // 2)
    recipe = Recipe(
        steps=steps, learning_rate=2e-3, warmup=warmup, weight_decay=0.05, device=device, seed=seed
    )  # fmt: skip
    for _ in fit(model, _lost, images.at(rest).batches(64, seed, labels=True), recipe):
        pass
    right = model.cpu().classes_of(images.scaled(held)) == images.labels[held]
    with torch.random.fork_rng():
        found = Features(images.channels, images.size, len(images.classes), accuracy=float(right.mean()))
    found.load_state_dict(model.state_dict())
    return found.eval()


def _lost(model: Any, batch: dict[str, Tensor]) -> tuple[Tensor, int]:
    return F.cross_entropy(model(batch["x"].float() / 127.5 - 1), batch["label"], reduction="sum"), len(batch["x"])


def pixels(images: Float[np.ndarray, "samples ..."]) -> Float[np.ndarray, "samples dimension"]:
    """Images as vectors of at most 8 by 8 means of their pixels a channel; points as they are."""
    if images.ndim == 2:
        return images
    small = torch.from_numpy(images)
    if images.shape[2] > PIXELS:
        small = F.adaptive_avg_pool2d(small, PIXELS)
    return small.flatten(1).numpy()
