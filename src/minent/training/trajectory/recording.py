"""A training loop of one's own is recorded through a hook of its optimiser, and by naming the examples of each step."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from minent.errors import BadInput
from minent.training.trajectory.modes import original
from minent.training.trajectory.moments import KNOWN
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

    `model` may be compiled, or distributed: then every process records its own examples, and the first one writes.
    After an interruption, such as Ctrl-C, the folder holds a whole run of the steps that were taken, which may go on by
    `after`.

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
    while type(optimizer) not in KNOWN and isinstance(getattr(optimizer, "optimizer", None), torch.optim.Optimizer):
        optimizer = optimizer.optimizer  # type: ignore[attr-defined]  # as accelerate wraps one
    shared = isinstance(model, nn.parallel.DistributedDataParallel)
    named = Names(model, optimizer, replaced=shared)
    writes = not shared or torch.distributed.get_rank() == 0
    options = {"every": every, "steps": steps, "after": after}
    recorder = Recorder(path, original(model), optimizer, **options) if writes else None
    taken = after or 0

    def before(_: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if kwargs.get("closure", args[1] if len(args) > 1 else None) is not None:
            raise BadInput(
                "gradients are recorded before the step: call backward() yourself, and step() without a closure"
            )
        if not named.ids:
            raise BadInput(f"name the examples behind each step: r.batch(ids) before step {taken + 1}")
        # a fused optimiser divides gradients by a scaler's scale itself, and takes no step where one is not finite
        scale, overflow = (getattr(optimizer, name, None) for name in ("grad_scale", "found_inf"))
        if overflow is not None and overflow.item():
            named.skip()
            return
        ids, states = gathered(*named.taken()) if shared else named.taken()
        if recorder is not None:
            recorder.step(*ids, states=states, scale=1.0 if scale is None else scale)

    def after_it(*_: Any) -> None:
        nonlocal taken
        taken = recorder.number if recorder is not None else taken + 1

    hooks = [optimizer.register_step_pre_hook(before), optimizer.register_step_post_hook(after_it)]
    try:
        yield named
    except BaseException:
        if recorder is not None and recorder.number:  # a step that was not taken to its end is left out
            log.info("interrupted: the steps until then are kept in %s", path)
            known = taken and (taken == recorder.number or recorder.every == 1)
            recorder.finish(taken) if known else recorder.flush()
        raise
    else:
        if recorder is not None:
            recorder.finish()
    finally:
        named.done()
        for hook in hooks:
            hook.remove()
        if named.skipped:
            log.info("%s examples were passed over: their gradients were cleared before a step", named.skipped)


def gathered(ids: list[np.ndarray], states: list[Tensor] | None) -> tuple[list[np.ndarray], list[Tensor] | None]:
    """The names of all processes, in their order, and what was random in each."""
    found: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(found, (ids, states))
    everywhere = [state for _, several in found for state in several or []]
    whole = [one for several, _ in found for one in several]
    return whole, everywhere if len(everywhere) == len(whole) else None
