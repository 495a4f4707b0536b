"""A training loop of one's own is recorded through a hook of its optimiser, and by naming the examples of each step."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from minent.errors import BadInput
from minent.training.trajectory.recorder import Recorder


class Names:
    """What `record` hands over: `batch(ids)` names the examples behind the next step."""

    def __init__(self) -> None:
        self.ids: list[np.ndarray] = []

    def batch(self, ids: Sequence[int] | np.ndarray | Tensor) -> None:
        """These examples' gradients are in `.grad`, or will be; calls before one step add up."""
        self.ids.append(np.asarray(ids.cpu() if isinstance(ids, Tensor) else ids).astype(np.int64).reshape(-1))


@contextmanager
def record(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    path: str | Path,
    *,
    every: int = 1,
    steps: int | None = None,
    after: int | None = None,
) -> Iterator[Names]:
    """Record a training loop of your own into a folder; options are those of `Recorder`. Raises BadInput as it does,
    and for a step without examples or by a closure.

    >>> import tempfile
    >>> from minent.training.trajectory.trajectory import Trajectory
    >>> model, x = nn.Linear(2, 1), torch.eye(2)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with record(model, optimizer, folder) as r:
    ...         for _ in range(3):
    ...             optimizer.zero_grad()
    ...             model(x).square().mean().backward()
    ...             r.batch([0, 1])
    ...             optimizer.step()
    ...     trajectory = Trajectory.open(folder)
    ...     trajectory.end, [step.ids.tolist() for step in trajectory.steps]
    (3, [[0, 1], [0, 1], [0, 1]])
    """
    recorder, named = Recorder(path, model, optimizer, every=every, steps=steps, after=after), Names()

    def before(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if kwargs.get("closure", args[1] if len(args) > 1 else None) is not None:
            raise BadInput(
                "gradients are recorded before the step: call backward() yourself, and step() without a closure"
            )
        if not named.ids:
            raise BadInput(f"name the examples behind each step: r.batch(ids) before step {recorder.number + 1}")
        recorder.step(np.concatenate(named.ids))
        named.ids.clear()

    hook = optimizer.register_step_pre_hook(before)
    try:
        yield named
        recorder.finish()
    finally:
        hook.remove()
