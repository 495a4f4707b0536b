"""Processes that train one model together sum their gradients and agree on everything else with the first of them.

They are started by torchrun; accelerate finds them, and the device of each. Gradients are summed once a step, by hand:
a loss may then call any method of the model, reach any of its parameters, or have no batch at all on some process.
"""

import os
from typing import TypeVar

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list, gather_object
from torch import nn

from minent.errors import BadInput
from minent.training.devices import device_of
from minent.training.weights import weights

T = TypeVar("T")


def found(device: str | None = None) -> PartialState:
    """The processes that were started, this one's place among them, and its device: that of a name (see `device_of`),
    of several processes each its own of the kind. accelerate looks for several on CPUs only where it is told that there
    is nothing else. Raises BadInput where it was asked before, and not told: each process would train alone."""
    wanted = device_of("auto" if device is None else device)
    processes, started = PartialState(cpu=wanted.type == "cpu"), os.environ.get("WORLD_SIZE", "1")
    if processes.num_processes != int(started):
        raise BadInput(
            f"torchrun started {started} processes; accelerate, asked before, found {processes.num_processes}"
        )
    if device is not None:
        given = processes.device or wanted
        if processes.num_processes > 1 and (given.type != wanted.type or ":" in device):
            raise BadInput(f"of several processes each has a device of its own, here {given}; got {device!r}")
        processes.device = given if processes.num_processes > 1 else wanted
    return processes


def agree_on(model: nn.Module, processes: PartialState) -> None:
    """Give the model the weights that it has on the first process."""
    if processes.num_processes > 1:
        for tensor in weights(model).values():
            torch.distributed.broadcast(tensor, 0)


def share(number: int, processes: PartialState) -> range:
    """Which of so many things are this process's: all processes together have each once, in their order."""
    place, together = processes.process_index, processes.num_processes
    return range(number * place // together, number * (place + 1) // together)


def gathered(values: list[T], processes: PartialState) -> list[T]:
    """What all processes hold, in their order, on each of them; arrays and other values that are no tensors."""
    return gather_object(values) if processes.num_processes > 1 else values


def agreed(value: T, processes: PartialState) -> T:
    """What `value`, a plain one, is on the first process."""
    return broadcast_object_list([value])[0] if processes.num_processes > 1 else value
