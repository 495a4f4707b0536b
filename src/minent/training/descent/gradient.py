"""The gradient of a mean is summed first and divided once, however the targets are spread over batches and processes.

A step on batches b with loss sums L_b over n_b targets follows the gradient of sum_b L_b / sum_b n_b. The mean of the
batches' means is another one wherever the n_b differ (https://unsloth.ai/blog/gradient).
"""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from torch import Tensor, nn

from minent.errors import BadInput
from minent.training.batches import Arrays
from minent.training.devices import arithmetic, products
from minent.training.randomness import random_state
from minent.training.recipe import Recipe

Batch = dict[str, Tensor]
Loss = Callable[[Any, Batch], tuple[Tensor, int | Tensor]]
Key = tuple[int, ...]


def gradient(
    model: nn.Module,
    loss: Loss,
    batches: Iterable[tuple[Key, Arrays]],
    recipe: Recipe,
    processes: PartialState,
    scale: float = 1.0,
) -> tuple[float, float, float]:
    """Leave in `.grad` of each trained parameter the gradient of the mean loss over the targets of all processes.

    `batches` are those of this process, none or more, each with the key that its randomness is drawn from. Parameters
    that no loss reaches get zeros. On the way back the loss is `scale` times as large. A gradient longer than
    `recipe.clip` is scaled down to it (Pascanu et al. 2013). Returns the mean loss, the number of targets, and the
    length of the gradient before it was clipped; without targets or with numbers out of range the loss or the length is
    not finite.
    """
    device = next(model.parameters()).device
    sums, trained = torch.zeros(2, device=device), [one for one in model.parameters() if one.requires_grad]
    for parameter in trained:
        parameter.grad = None
    for key, batch in batches:
        tensors = {name: uploaded(array, device) for name, array in batch.items()}
        with seeded(device, *key), arithmetic(device, recipe.precision):
            total, number = pair(loss(model, tensors))
        with products(device, recipe.precision):
            (total if scale == 1 else total * scale).backward()
        sums[0] += total.detach()
        sums[1] += number
    gradients = [dense(parameter) for parameter in trained]
    if processes.num_processes > 1:
        summed([sums, *gradients])
    torch._foreach_div_(gradients, sums[1] * scale)  # pyright: ignore[reportPrivateImportUsage]
    norm = nn.utils.get_total_norm(gradients)
    if recipe.clip:
        nn.utils.clip_grads_with_norm_(model.parameters(), recipe.clip, norm)
    lost, targets, length = torch.cat([sums, norm[None]]).tolist()  # the one place of a step that waits for a GPU
    return lost / targets if targets else math.nan, targets, length


def pair(said: Any) -> tuple[Tensor, int | Tensor]:
    """What a loss returned. Raises BadInput for a mean alone: it does not tell of how many targets it is one."""
    if not (isinstance(said, tuple | list) and len(said) == 2):
        wanted = "a loss returns two things, the sum of the losses of a batch and how many they are"
        raise BadInput(f"{wanted}; got a {type(said).__name__}")
    return said[0], said[1]


def dense(parameter: nn.Parameter) -> Tensor:
    """The gradient of a parameter, zeros where no loss reaches it; that of a sparse embedding is filled up."""
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    elif parameter.grad.is_sparse:
        parameter.grad = parameter.grad.to_dense()
    return parameter.grad


def summed(tensors: list[Tensor]) -> None:
    """Sum each over all processes, in place; those of a kind travel together."""
    for dtype in dict.fromkeys(tensor.dtype for tensor in tensors):
        those = [tensor for tensor in tensors if tensor.dtype == dtype]
        flat = torch.cat([tensor.flatten() for tensor in those])
        torch.distributed.all_reduce(flat)
        for tensor, sum_ in zip(those, flat.split([tensor.numel() for tensor in those]), strict=True):
            tensor.copy_(sum_.view_as(tensor))


def uploaded(array: np.ndarray | Tensor, device: torch.device) -> Tensor:
    """A copy on the device, which a GPU makes while the CPU goes on."""
    tensor = array.detach().cpu().clone() if isinstance(array, Tensor) else torch.tensor(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


@contextmanager
def seeded(device: torch.device, *key: int) -> Iterator[None]:
    """Within the block torch's randomness is a function of `key` alone; after it, the caller's goes on."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        seed = int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0])
        torch.default_generator.manual_seed(seed)  # torch.manual_seed also notes a traceback for each absent device
        if device.type != "cpu":
            torch.get_device_module(device).manual_seed(seed)
        yield


def drawn(device: torch.device, *key: int) -> Tensor:
    """The state of the random generators that a batch's randomness is drawn from."""
    with seeded(device, *key):
        return random_state(device)
