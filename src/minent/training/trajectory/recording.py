"""A training loop of one's own is recorded through a hook of its optimiser, and by naming the examples of each step."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from minent.errors import BadInput
from minent.training.trajectory.named import Names
from minent.training.trajectory.recorder import Recorder

log = logging.getLogger(__name__)


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
    """Record a training loop of your own into a folder; options are those of `Recorder`, which raises BadInput, as do
    a step without examples and one by a closure. See `Names.batch` for naming examples; where gradients are cleared
    before a step is taken, as where a scaler skips it, their examples are passed over.

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
    recorder, named = Recorder(path, model, optimizer, every=every, steps=steps, after=after), Names(model, optimizer)

    def before(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if kwargs.get("closure", args[1] if len(args) > 1 else None) is not None:
            raise BadInput(
                "gradients are recorded before the step: call backward() yourself, and step() without a closure"
            )
        if not named.ids:
            raise BadInput(f"name the examples behind each step: r.batch(ids) before step {recorder.number + 1}")
        recorder.step(*named.taken())

    hook = optimizer.register_step_pre_hook(before)
    try:
        yield named
        recorder.finish()
    finally:
        recorder.flush()  # what was recorded until an interruption, to go on with by `after`
        named.done()
        hook.remove()
        if named.skipped:
            log.info("%s examples were passed over: their gradients were cleared before a step", named.skipped)
