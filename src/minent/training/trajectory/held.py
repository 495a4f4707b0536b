"""Copies of tensors that wait for a shard to be full: nothing waits for a device until they are written."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from minent.errors import BadInput


def copied(tensor: Tensor) -> Tensor:
    """A copy on the CPU; that of what a GPU holds is there after `torch.cuda.synchronize()`."""
    tensor = tensor.detach()
    if tensor.device.type != "cuda":
        return tensor.cpu().clone()
    return torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True).copy_(tensor, non_blocking=True)


def arrived(tensors: Sequence[Tensor]) -> None:
    """Wait for all copies."""
    if any(tensor.is_pinned() for tensor in tensors[:1]) and torch.cuda.is_available():
        torch.cuda.synchronize()


def ids_of(batch: Sequence[int] | np.ndarray | Tensor) -> np.ndarray:
    """The numbers of examples. Raises BadInput for what are none.

    >>> ids_of([True])
    Traceback (most recent call last):
    minent.errors.BadInput: ids are rows of the training examples, whole numbers from 0; got bool
    """
    ids = np.asarray(batch.detach().cpu() if isinstance(batch, Tensor) else batch).reshape(-1)
    whole = ids.dtype.kind in "iu" or (ids.dtype.kind == "f" and (ids == np.floor(ids)).all())
    if not whole or (len(ids) and ids.min() < 0):
        got = ids.dtype if ids.dtype.kind not in "iuf" else next(one for one in ids if one < 0 or one != np.floor(one))
        raise BadInput(f"ids are rows of the training examples, whole numbers from 0; got {got}")
    return ids.astype(np.int64)


def lengths_of(gradients: Sequence[Tensor | None]) -> Tensor:
    """The length of each gradient, 0 for none, on the device of the first."""
    there = [one.coalesce().values() if one.is_sparse else one for one in gradients if one is not None]
    if not there:
        return torch.zeros(len(gradients), dtype=torch.float64)
    place = there[0].device
    norms = iter([torch.linalg.vector_norm(one).double().to(place) for one in there])
    none = torch.zeros((), dtype=torch.float64, device=place)
    return torch.stack([none if gradient is None else next(norms) for gradient in gradients])
