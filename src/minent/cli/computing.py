"""Where a command asks a model, in which numbers, and on how many threads."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from minent.errors import BadInput
from minent.training.recipe import Precision

if TYPE_CHECKING:
    from torch import nn

Device = Annotated[
    str, Parameter(help="Where to compute: auto (a CUDA GPU where there is one), cpu, cuda, cuda:1, mps.")
]
Threads = Annotated[
    int,
    Parameter(
        help="Threads on a CPU; 0: as many as OMP_NUM_THREADS says, else one for each 2.5e9 operations of a step, and "
        "no more than cores."
    ),
]
SHARE = 2.5e9  # operations of a step that each thread is to have: with less to do, threads wait for one another
MOST = 1024


def check_threads(threads: int) -> None:
    """Raises BadInput for threads that none can be."""
    if not 0 <= threads <= MOST:
        raise BadInput(f"threads must be from 1 to {MOST}, or 0 for as many as suit the model; got {threads}")


def compute_on(threads: int, operations: float) -> None:
    """Have torch compute on so many threads; 0: see `Threads`, for steps of so many operations."""
    import torch

    if threads or "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(threads or max(1, int(min(torch.get_num_threads(), operations / SHARE))))


@dataclass(frozen=True)
class Computing:
    """Options of commands whose model may be asked in numbers of less than 32 bits."""

    device: str = "auto"
    """Where to compute: auto (a CUDA GPU where there is one), cpu, cuda, cuda:1, mps."""

    precision: Precision = "fp32"
    """Arithmetic of the layers, bf16 and tf32 for GPUs of today, fp16 for older ones."""

    @contextmanager
    def of(self, model: "nn.Module") -> Iterator[None]:
        """Within the block the model is where it is to be, and computes so. Raises BadInput for a device that is not
        there."""
        from minent.training.devices import arithmetic, device_of

        device = device_of(self.device)
        model.to(device)
        with arithmetic(device, self.precision):
            yield
