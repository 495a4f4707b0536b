"""Where things are computed, and in which numbers."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from minent.errors import BadInput
from minent.training.recipe import Precision

HALVES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def device_of(name: str = "auto") -> torch.device:
    """The device of that name, where this machine has it: "auto", a CUDA GPU where there is one, else the CPU; "cpu",
    "cuda", "cuda:1", "mps". Raises BadInput for one that is not there.

    >>> device_of("cpu")
    device(type='cpu')
    """
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return torch.device("cuda", torch.cuda.current_device()) if gpus else torch.device("cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = torch.device("meta")
    if device.type not in ("cpu", "cuda", "mps"):
        raise BadInput(f"device must be auto, cpu, cuda, cuda:1 (the second GPU, and so on) or mps; got {name!r}")
    if device.type == "cuda" and (device.index or 0) >= gpus:
        found = f"{gpus} GPU{'s' * (gpus != 1)}" if gpus else "no CUDA GPU"
        built = "" if gpus or torch.version.cuda else f", which is built for CPUs ({torch.__version__})"
        raise BadInput(f"torch{built} finds {found} on this machine; got the device {name!r}")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise BadInput(f"torch finds no Apple GPU on this machine; got the device {name!r}")
    return torch.device("cuda", torch.cuda.current_device()) if name == "cuda" else device


@contextmanager
def arithmetic(device: torch.device, precision: Precision) -> Iterator[None]:
    """Layers compute in bfloat16 (bf16) or float16 (fp16) within the block, or multiply matrices of float32 with the 10
    bits of TF32 (tf32: GPUs from Ampere on); weights and sums stay in float32. fp32 changes nothing: products are
    whole, and convolutions on a GPU as torch.backends.cudnn has them, which is TF32 unless told otherwise."""
    half = torch.autocast(device.type, HALVES.get(precision, torch.bfloat16), enabled=precision in HALVES)
    with half, products(device, precision):
        yield


@contextmanager
def products(device: torch.device, precision: Precision) -> Iterator[None]:
    """Of `arithmetic` what holds on the way back, too: how matrices of float32 are multiplied."""
    if precision != "tf32" or device.type != "cuda":
        yield
        return
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
