"""Where a command asks a model, and in which numbers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from minent.training.recipe import Precision

if TYPE_CHECKING:
    from torch import nn

Device = Annotated[
    str, Parameter(help="Where to compute: auto (a CUDA GPU where there is one), cpu, cuda, cuda:1, mps.")
]


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
