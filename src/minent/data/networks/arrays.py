"""The numbers of an array: of numpy, or of torch on any device and of any precision."""

from typing import Any

import numpy as np

from minent.errors import BadInput


def array_of(array: Any) -> np.ndarray:
    """The numbers of an array or tensor. Raises BadInput where some are masked, or where a tensor holds none.

    >>> array_of(np.ma.array([1, 2], mask=[False, True]))
    Traceback (most recent call last):
    minent.errors.BadInput: 1 of 2 entries are masked: leave those links out, as with .compressed()
    """
    if hasattr(array, "detach"):
        tensor = plain_tensor(array)
        try:
            return np.asarray(tensor)
        except TypeError:  # numpy knows no bfloat16
            return np.asarray(tensor.double())
    if isinstance(array, np.ma.MaskedArray) and (masked := int(np.ma.count_masked(array))):
        raise BadInput(f"{masked} of {array.size} entries are masked: leave those links out, as with .compressed()")
    return np.asarray(array)


def plain_tensor(tensor: Any) -> Any:
    """A tensor on the CPU without its gradient. Raises BadInput for one that holds no plain numbers."""
    if getattr(tensor, "is_meta", False):
        raise BadInput("a tensor on the device meta has a shape, but holds no numbers")
    if getattr(tensor, "is_quantized", False):
        raise BadInput("a quantised tensor holds no plain numbers: pass tensor.dequantize()")
    if tensor.is_complex():
        raise BadInput(f"links and weights must be plain numbers; got a tensor of {tensor.dtype}")
    return tensor.detach().cpu()
