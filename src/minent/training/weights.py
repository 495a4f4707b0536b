"""The weights of a model are its parameters and persistent buffers, each once: names that are tied are one tensor."""

import logging
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, device, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from minent.errors import BadInput
from minent.files import whole_file

T = TypeVar("T", bound=nn.Module)
log = logging.getLogger(__name__)
HALVES = torch.bfloat16, torch.float16
SLACK = 10  # weights that are made for one that is stored: of tied ones one is, and a layer may replace another


def weights(model: nn.Module) -> dict[str, Tensor]:
    """Tensors by name, of tied ones the first name only; they share memory with the model.

    >>> model = nn.Sequential(nn.Linear(2, 3), nn.Linear(2, 3))
    >>> model[1].weight = model[0].weight
    >>> list(weights(model))
    ['0.weight', '0.bias', '1.bias']
    """
    first: dict[int, tuple[str, Tensor]] = {}
    for name, tensor in model.state_dict(keep_vars=True).items():
        first.setdefault(id(tensor), (name, tensor.detach()))
    return dict(first.values())


def check_trained(model: nn.Module) -> None:
    """Raises BadInput for a model of which nothing is trained. Weights of 16 bits are told: a step that is smaller than
    a few thousandths of a weight is rounded away."""
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    if not trained:
        raise BadInput("a model has weights that are trained; of this one all are frozen (requires_grad_(False))")
    if halves := sorted({str(weight.dtype)[6:] for weight in trained if weight.dtype in HALVES}):
        log.warning(
            "weights in %s are trained as they are, and small steps are rounded away: model.float() keeps them, and "
            "the recipe's precision computes in 16 bits",
            " and ".join(halves),
        )


def built(file: Path, make: Callable[[], T]) -> T:
    """What `make` makes, where it takes not many more weights than a safetensors file holds: a few bytes of config.json
    may ask for a model that fills all memory. Raises BadInput, before that, where it does."""
    with opened(file) as held:
        stored = sum(prod(held.get_slice(name).get_shape()) for name in held.keys())  # noqa: SIM118
    left = SLACK * stored + 100_000

    def count(module: nn.Module, name: str, parameter: Any) -> None:
        nonlocal left
        left -= 0 if parameter is None else parameter.numel()
        if left < 0:
            wanted = f"config.json asks for more weights than {file.name} holds"
            raise BadInput(f"{wanted} in {str(file.parent)!r}: it is another model's, or damaged; got {stored:,}")

    with torch.device("meta"):
        hook = register_module_parameter_registration_hook(count)
        try:
            make()
        finally:
            hook.remove()
    return make()


def opened(path: Path) -> Any:
    """A safetensors file, whose tensors are read when they are asked for. Raises BadInput as `read` does."""
    try:
        return safe_open(path, framework="pt")
    except FileNotFoundError:
        raise BadInput(f"there is no {path.name} in {str(path.parent)!r}") from None
    except SafetensorError as error:
        raise BadInput(f"{path.name} in {str(path.parent)!r} is not a whole safetensors file: {error}") from None


def fill(own: dict[str, Tensor], tensors: dict[str, Tensor], source: object) -> None:
    """Copy `tensors` into those of `own`. Raises BadInput, and copies nothing, where names or shapes are others."""
    problems = (
        [f"{name!r} is missing" for name in own.keys() - tensors]
        + [f"{name!r} is not wanted" for name in tensors.keys() - own]
        + [
            f"{name!r} has shape {tuple(tensors[name].shape)}, not {tuple(own[name].shape)}"
            for name in own.keys() & tensors
            if own[name].shape != tensors[name].shape
        ]
    )
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise BadInput(f"{str(source)!r} holds the weights of another model: tensor {min(problems)}{more}")
    for name, tensor in own.items():
        tensor.copy_(tensors[name])


def write(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write a safetensors file, whole or not at all."""
    with whole_file(path) as temporary:
        save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, temporary)


def read(path: Path, to: device | str = "cpu") -> dict[str, Tensor]:
    """The tensors of a safetensors file, by name. Raises BadInput where there is none or it is not whole."""
    try:
        return load_file(path, device=str(to))
    except FileNotFoundError:
        raise BadInput(f"there is no {path.name} in {str(path.parent)!r}") from None
    except SafetensorError as error:
        raise BadInput(f"{path.name} in {str(path.parent)!r} is not a whole safetensors file: {error}") from None
