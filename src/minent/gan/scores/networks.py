"""What images are compared by, in networks that the user has: what such a network says of them before it names classes.

    timm/NAME, torchvision/NAME    a model of these packages by its name there, with the weights that it is known with
    a folder, or owner/name        a vision model of transformers (DINOv2, CLIP, ViT, …), as it is saved or on the hub
    FILE.pt                        a TorchScript file, which is given pixels, uint8 (batch, 3, height, width), of the
                                   images' own size; such is NVIDIA's inception-2015-12-05.pt
Images are resampled (bicubic, antialiased) to the side that the network was trained on, grey ones in three channels.
Distances in features of networks that saw photographs: Heusel et al. 2017; in DINOv2's: Stein et al. 2023.
"""

import importlib
import json
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from minent.errors import BadInput, MissingExtra, require
from minent.training.devices import device_of
from minent.training.saved import is_path

PART = 32  # images that a network is given at once


class Network:
    """Vectors (images, dimension) of images (images, channels, height, width) in [-1, 1]; `told` says of what."""

    def __init__(self, told: str, vectors: Callable[[Tensor], Any], prepared: Callable[[Tensor], Tensor], device: str):
        self.told, self.vectors, self.prepared, self.device = told, vectors, prepared, device_of(device)

    @torch.no_grad()
    def __call__(self, images: Float[np.ndarray, "images channel height width"]) -> Float[np.ndarray, "images _"]:
        if images.ndim != 4 or images.shape[1] not in (1, 3):
            raise BadInput(f"features of a network are of grey or colour images; got samples of {images.shape[1:]}")
        parts = []
        for part in torch.from_numpy(images).split(PART):
            pixels = ((part + 1) / 2).clamp(0, 1).expand(-1, 3, -1, -1).to(self.device)
            try:
                found = self.vectors(self.prepared(pixels))
            except (RuntimeError, TypeError, ValueError) as error:
                lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
                raise BadInput(f"{self.told} take no images of {tuple(pixels.shape)}: {lines[-1]}") from None
            parts.append(_pooled(found).float().cpu().numpy())
        return np.concatenate(parts)


def features_of(name: str | os.PathLike[str], device: str = "auto") -> Network:
    """The features of that name, one of those above, for `score(…, features=…)`.

    Raises BadInput for what is none, and where weights are not here and cannot be fetched; MissingExtra."""
    place = Path(name)
    kind, _, rest = str(name).partition("/")
    if place.is_file():
        return _scripted(place, device)
    if kind in ("timm", "torchvision") and rest and not place.exists():
        return (_of_timm if kind == "timm" else _of_torchvision)(_imported(kind), rest, device)
    if place.is_dir() or (rest and not is_path(os.fspath(name))):
        return _of_transformers(name, device)
    raise BadInput(
        "features are a TorchScript file, a folder with a vision model of transformers, owner/name on the hub, "
        f"timm/NAME or torchvision/NAME; got {str(name)!r}, which is none of them"
    )


def _scripted(file: Path, device: str) -> Network:
    try:
        with warnings.catch_warnings():  # that TorchScript grows old is no news to who has such a file
            warnings.simplefilter("ignore", DeprecationWarning)
            model = torch.jit.load(str(file), map_location=device_of(device)).eval()
    except (RuntimeError, ValueError) as error:
        raise BadInput(f"{str(file)!r} is no TorchScript file: {str(error).splitlines()[0]}") from None
    known = {one.name for one in model.forward.schema.arguments} if hasattr(model.forward, "schema") else set()
    options = {"return_features": True} if "return_features" in known else {}  # else NVIDIA's would say classes
    return Network(
        f"features of {file.name}", lambda x: model(x, **options), lambda x: (x * 255).round().to(torch.uint8), device
    )


def _imported(package: str) -> Any:
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        raise MissingExtra(f"pip install {error.name} to score by features of {package}'s networks") from None
    except (RuntimeError, OSError, AttributeError) as error:  # of another build of torch
        raise BadInput(f"{package} is not for the torch that is installed: {error}") from None


def _of_timm(timm: Any, name: str, device: str) -> Network:
    with _fetching(f"timm/{name}"):
        model = timm.create_model(name, pretrained=True, num_classes=0)
    told = timm.data.resolve_model_data_config(model)
    return Network(f"features of timm's {name}", model.eval().to(device_of(device)),
                   _normalised(told["input_size"][-1], told["mean"], told["std"]), device)  # fmt: skip


def _of_torchvision(torchvision: Any, name: str, device: str) -> Network:
    models = torchvision.models
    with _fetching(f"torchvision/{name}"):
        known: Any = models.get_model_weights(name).DEFAULT
        model = models.get_model(name, weights=known)
    last = [one for one in model.modules() if isinstance(one, nn.Linear)]
    if not last:
        raise BadInput(f"features are what comes before classes are named; torchvision's {name} names none")
    told, held = known.transforms(), {}
    last[-1].register_forward_pre_hook(lambda _, given: held.update(x=given[0]))
    model.eval().to(device_of(device))

    def vectors(x: Tensor) -> Tensor:
        model(x)
        return held.pop("x")

    side = told.crop_size[0] if isinstance(told.crop_size, list | tuple) else told.crop_size
    return Network(f"features of torchvision's {name}", vectors, _normalised(side, told.mean, told.std), device)


def _of_transformers(name: str | os.PathLike[str], device: str) -> Network:
    require("transformers", "hub", "score by features of a model of transformers")
    from transformers import AutoModel
    from transformers.utils.hub import cached_file

    with _fetching(name):
        model: Any = AutoModel.from_pretrained(name)
        file = cached_file(name, "preprocessor_config.json")
        told = json.loads(Path(str(file)).read_text(encoding="utf-8"))
    if hasattr(model, "vision_model"):  # of a pair with texts
        model = model.vision_model
    if getattr(model, "main_input_name", "") != "pixel_values":
        raise BadInput(f"features are of a model of images; got {str(name)!r}, a {type(model).__name__}")
    size = told.get("crop_size") if told.get("do_center_crop") else told.get("size")
    size = next(iter(size.values())) if isinstance(size, dict) and size else size
    if not isinstance(size, int) or not {"image_mean", "image_std"} <= told.keys():
        raise BadInput(f"preprocessor_config.json of {str(name)!r} tells no size, mean and deviation of images")
    return Network(f"features of {name}", model.eval().to(device_of(device)),
                   _normalised(size, told["image_mean"], told["image_std"]), device)  # fmt: skip


def _normalised(side: int, mean: Any, deviation: Any) -> Callable[[Tensor], Tensor]:
    """Images from 0 to 1 as the network was trained on them."""

    def prepared(x: Tensor) -> Tensor:
        if x.shape[2:] != (side, side):
            x = F.interpolate(x, (side, side), mode="bicubic", antialias=True).clamp(0, 1)
        middle, width = (x.new_tensor(one).view(-1, 1, 1) for one in (mean, deviation))
        return (x - middle) / width

    return prepared


def _pooled(found: Any) -> Tensor:
    """One vector an image: what the network pools, or the mean over places, or its first token."""
    for key in ("pooler_output", "last_hidden_state", "logits"):
        if getattr(found, key, None) is not None:
            found = getattr(found, key)
            break
    found = found[0] if isinstance(found, list | tuple) and found else found
    if not isinstance(found, Tensor) or found.ndim not in (2, 3, 4):
        kind = f"shape {tuple(found.shape)}" if isinstance(found, Tensor) else f"a {type(found).__name__}"
        raise BadInput(f"features of images are one vector each, or one for each place; got {kind}")
    return found.mean((2, 3)) if found.ndim == 4 else found[:, 0] if found.ndim == 3 else found


@contextmanager
def _fetching(name: object) -> Iterator[None]:
    """What goes wrong where weights are looked for is said in a sentence."""
    try:
        yield
    except BadInput:
        raise
    except Exception as error:  # of the hub, of URLs, of files: each package raises its own
        said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise BadInput(f"the weights of {str(name)!r} are not on this machine, and were not fetched: {said}") from None
