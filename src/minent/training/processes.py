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
from minent.training.weights import weights

T = TypeVar("T")


def found() -> PartialState:
    """The processes that were started, this one's place among them, and its device: accelerate's, which looks for
    several on CPUs only where it is told that there is nothing else. Raises BadInput where it was asked before, and not
    told: each process would train alone."""
    processes, started = PartialState(cpu=not torch.accelerator.is_available()), os.environ.get("WORLD_SIZE", "1")
    if processes.num_processes != int(started):
        raise BadInput(
            f"torchrun started {started} processes; accelerate, asked before, found {processes.num_processes}"
        )
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
