"""A recorder writes down each step of a training loop right before it is taken: see `Trajectory` for what, and where.

Steps that are linear in their gradients are understood: SGD, momentum and Nesterov (Sutskever et al. 2013), Adam and
AdamW (Loshchilov & Hutter 2019) with the second moment taken as given.
"""

import json
import logging
import math
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from minent.errors import BadInput
from minent.files import write_text
from minent.training.trajectory.moments import KNOWN, first_moments, options, second_moments, size_of
from minent.training.trajectory.shards import FORMAT, Step, cut, described, write_shard
from minent.training.weights import weights, write

SHARD_BYTES = 64 * 2**20

log = logging.getLogger(__name__)


class Recorder:
    """Writes a trajectory into a folder.

    - `every`: the weights before every so many steps are kept; of the steps between, ids alone. The larger it is, the
      less explanations add up to the prediction: the gradients of the steps between are taken at weights not theirs.
    - `steps`: how many steps there will be, where that is known: for the estimate of the size.
    - `after`: go on after so many steps of the trajectory in the folder, later ones are dropped; None starts one.

    Raises BadInput for an optimiser that is not understood, a folder that holds a trajectory already, and a disk that
    is too small.
    """

    def __init__(
        self,
        folder: str | Path,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        every: int = 1,
        steps: int | None = None,
        after: int | None = None,
    ):
        self.folder, self.model, self.optimizer, self.every = Path(folder), model, optimizer, every
        if type(optimizer) not in KNOWN:
            known = ", ".join(kind.__name__ for kind in KNOWN)
            raise BadInput(f"steps of {known} can be told apart by example; got {type(optimizer).__name__}")
        if every < 1:
            raise BadInput(f"every must be at least 1; got {every}")
        own = weights(model)
        names = {id(tensor): name for name, tensor in model.named_parameters() if name in own}
        if strange := [p for group in optimizer.param_groups for p in group["params"] if id(p) not in names]:
            raise BadInput(f"{len(strange)} tensors of the optimiser are no parameters of the model")
        self._names = [[names[id(p)] for p in group["params"]] for group in optimizer.param_groups]
        self._held: list[Step] = []
        self._tensors: dict[str, Tensor] = {}
        self._keep, self.number = True, after or 0
        if after is not None:
            self._go_on(after)
            return
        if (self.folder / "trajectory.json").exists():
            raise BadInput(f"{str(folder)!r} holds a trajectory already: choose another folder")
        refuse_small_disk(self.folder, model, optimizer, steps, every)
        self.folder.mkdir(parents=True, exist_ok=True)
        if begun := first_moments(optimizer, self._parameters()):
            write(self.folder / "start.safetensors", begun)
        self._describe(None)

    def step(self, ids: Sequence[int] | np.ndarray | Tensor) -> None:
        """Record the step about to be taken on the gradients of the examples `ids`."""
        ids = np.asarray(ids.cpu() if isinstance(ids, Tensor) else ids).astype(np.int64).reshape(-1)
        if not len(ids):
            raise BadInput(f"a step follows examples; got no ids at step {self.number + 1}")
        self.number += 1
        kept = self._keep or (self.number - 1) % self.every == 0
        gradients = {name: p.grad for p, name in self._parameters()}
        there = [g.norm() for g in gradients.values() if g is not None]
        norm = float(torch.stack(there).norm()) if there else 0.0
        idle = tuple(name for name, g in gradients.items() if g is None)
        counts = {name: int(self.optimizer.state.get(p, {}).get("step", 0)) + 1 for p, name in self._parameters()}
        most = max(counts.values())
        late = {name: count for name, count in counts.items() if count < most and name not in idle}
        step = Step(self.number, ids, norm, most, options(self.optimizer), idle, kept, 0, late)
        if kept:
            for name, tensor in weights(self.model).items():
                self._tensors[f"weights/{self.number}/{name}"] = tensor.cpu().clone()
            for name, tensor in second_moments(self.optimizer, self._names).items():
                self._tensors[f"second/{self.number}/{name}"] = tensor.cpu()
        self._tensors[f"ids/{self.number}"] = torch.from_numpy(ids)
        self._held.append(step)
        self._keep = False
        if sum(tensor.nbytes for tensor in self._tensors.values()) >= SHARD_BYTES:
            self.flush()

    def keep(self) -> None:
        """The weights before the next step are kept, whatever `every` is: they may be those that the run gives."""
        self._keep = True

    def flush(self) -> None:
        """Write all steps so far."""
        if self._held:
            write_shard(self.folder, self._held, self._tensors)
            self._held, self._tensors = [], {}

    def finish(self, end: int | None = None) -> None:
        """Write what is left; `end`: the run gave the weights after that step, the last if not given."""
        self.flush()
        if not self.number:
            raise BadInput("a trajectory has steps; none was taken")
        write(self.folder / "end.safetensors", {name: t.cpu() for name, t in weights(self.model).items()})
        self._describe(self.number if end is None else end)

    def _describe(self, end: int | None) -> None:
        kind = KNOWN[type(self.optimizer)]
        about = {"format": FORMAT, "optimizer": kind, "every": self.every, "end": end, "parameters": self._names}
        write_text(self.folder / "trajectory.json", json.dumps(about, indent=1))

    def _parameters(self) -> Iterator[tuple[Tensor, str]]:
        for group, names in zip(self.optimizer.param_groups, self._names, strict=True):
            yield from zip(group["params"], names, strict=True)

    def _go_on(self, after: int) -> None:
        about = described(self.folder)
        if about["parameters"] != self._names or about["every"] != self.every:
            raise BadInput(f"the trajectory in {str(self.folder)!r} is of another model or thinning; it cannot go on")
        cut(self.folder, after)
        (self.folder / "end.safetensors").unlink(missing_ok=True)
        self._describe(None)


def refuse_small_disk(
    folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer, steps: int | None, every: int
) -> None:
    """Raises BadInput where a trajectory, of one kept step at least, would not fit; else its size is logged."""
    size = size_of(model, optimizer, 1 if steps is None else math.ceil(steps / every))
    free = shutil.disk_usage(next(p for p in (folder.resolve(), *folder.resolve().parents) if p.exists())).free
    what = "each kept step" if steps is None else f"{steps:,} steps, every {every}th kept,"
    log.info("a trajectory in %s: %s takes %.1f MB", folder, what, size / 1e6)
    if size > free:
        room = f"{free / 1e9:.1f} GB are free at {str(folder)!r}"
        raise BadInput(f"{what} would take {size / 1e9:.1f} GB; {room}: record fewer steps by a larger `every`")
