"""FID as it is known: the Fréchet distance of 2,048 features of Inception (Heusel et al. 2017), by torchmetrics.

The weights are the user's to have: nothing is fetched. Published figures are of 50,000 drawn images beside all that
were learned from; the fewer are compared, the larger is FID, of real images too.
"""

import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Shaped
from torch import Tensor, nn

from minent.errors import BadInput, require

WEIGHTS = "weights-inception-2015-12-05-6726825d.pth, which github.com/toshas/torch-fidelity releases"
Samples = Shaped[np.ndarray, "_ ..."]


def inception(weights: str | os.PathLike[str]) -> nn.Module:
    """The network of a file of weights: pixels (batch, 3, height, width), uint8, to features (batch, 2048); it brings
    images to 299 by 299 pixels as the network of Heusel et al. did, which no antialiasing does.

    Raises BadInput for another file than `WEIGHTS`; MissingExtra without torchmetrics and torch-fidelity."""
    for package in ("torchmetrics", "torchvision", "torch_fidelity"):
        require(package, "inception", "score by Inception's features")
    from torchmetrics.image.fid import FrechetInceptionDistance

    if not Path(weights).is_file():
        raise BadInput(f"there is no file {str(weights)!r}; Inception's weights are {WEIGHTS}")
    try:
        torch.load(weights, map_location="cpu", weights_only=True)  # torch-fidelity would run what else a pickle holds
        found = FrechetInceptionDistance(2048, feature_extractor_weights_path=str(weights), antialias=False).inception
    except (RuntimeError, pickle.UnpicklingError, EOFError, TypeError):
        raise BadInput(f"{str(weights)!r} does not hold Inception's weights: they are {WEIGHTS}") from None
    return found


def inception_fid(real: Samples, network: nn.Module) -> Callable[[Samples], float]:
    """FID of drawn images beside real ones, whose features are taken once. Values are in [-1, 1], and become the pixels
    that they were; of grey images all three channels are the grey.

    Raises BadInput for points; MissingExtra without torchmetrics."""
    require("torchmetrics", "inception", "score by Inception's features")
    from torchmetrics.image.fid import FrechetInceptionDistance

    if real.ndim != 4:
        raise BadInput("Inception's features are of images; got points")
    distance = FrechetInceptionDistance(network, reset_real_features=False)
    for part in _pixels(real):
        distance.update(part, real=True)

    def fid(drawn: Samples) -> float:
        distance.reset()
        for part in _pixels(drawn):
            distance.update(part, real=False)
        return float(distance.compute())

    return fid


def _pixels(images: Samples) -> Iterator[Tensor]:
    """Parts of them, uint8, in three channels; by torchmetrics' own way (normalize=True) a quarter would lose 1."""
    pixels = images if images.dtype == np.uint8 else np.rint((images + 1) * 127.5).astype(np.uint8)
    for part in torch.from_numpy(pixels).split(64):
        yield part.expand(-1, 3, -1, -1)
