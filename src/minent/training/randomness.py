"""The state of torch's random generators, as bytes: what is drawn from it is drawn again where it is set."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

CPU = len(torch.get_rng_state())  # bytes


def random_state(device: torch.device) -> Tensor:
    """That of the CPU, and behind it that of the device if this is another."""
    state = torch.get_rng_state()
    return torch.cat([state, torch.cuda.get_rng_state(device)]) if device.type == "cuda" else state


@contextmanager
def replayed(state: Tensor | None, device: torch.device) -> Iterator[None]:
    """Within the block torch draws what it drew from that state on; None: what it likes. After it, all is as it was.

    >>> state = random_state(torch.device("cpu"))
    >>> drawn = torch.rand(2)
    >>> with replayed(state, torch.device("cpu")):
    ...     torch.equal(torch.rand(2), drawn)
    True
    """
    if state is None:
        yield
        return
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.set_rng_state(state[:CPU])
        if device.type == "cuda" and len(state) > CPU:
            torch.cuda.set_rng_state(state[CPU:].clone(), device)
        yield
