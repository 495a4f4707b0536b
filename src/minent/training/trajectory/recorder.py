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
from minent.training.trajectory.held import arrived, copied, ids_of, lengths_of
from minent.training.trajectory.modes import active, still
from minent.training.trajectory.moments import KNOWN, first_moments, options, second_moments, size_of
from minent.training.trajectory.shards import FORMAT, Step, cut, described, drop, write_shard
from minent.training.weights import weights, write

SHARD_BYTES = 64 * 2**20

log = logging.getLogger(__name__)


class Recorder:
    """Writes a trajectory into a folder.

    - `every`: the weights before every so many steps are kept; of the steps between, ids alone. The larger it is, the
      less explanations add up to the prediction: the gradients of the steps between are taken at weights not theirs.
    - `steps`: how many steps there will be, where that is known: for the estimate of the size.
    - `after`: go on after so many steps of the trajectory in the folder, of which later ones are dropped; None starts
      one where there is none.

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
        self._buffers = {name for name, _ in model.named_buffers()}
        self._trained = {name for called in self._names for name in called}
        self._held: list[Step] = []
        self._tensors: dict[str, Tensor] = {}
        self._bytes, self._fixed = 0, dict[str, tuple[tuple[int, int], Tensor]]()
        states = ((name, self.optimizer.state.get(p, {}).get("step", 0)) for p, name in self._parameters())
        self._counts = {name: int(taken) for name, taken in states}
        self._keep, self.number, self._modes = True, after or 0, ([], [])
        if after:
            self._go_on(after)
            return
        if after == 0:
            drop(self.folder)
        if (self.folder / "trajectory.json").exists():
            raise BadInput(f"{str(folder)!r} holds a trajectory already: choose another folder")
        refuse_small_disk(self.folder, model, optimizer, steps, every)
        self.folder.mkdir(parents=True, exist_ok=True)
        if begun := first_moments(optimizer, self._parameters()):
            write(self.folder / "start.safetensors", begun)
        self._describe(None)

    def step(
        self, *batches: Sequence[int] | np.ndarray | Tensor, states: Sequence[Tensor] | None = None,
        scale: Tensor | float = 1.0,
    ) -> None:  # fmt: skip
        """Record the step about to be taken on the gradients of examples, given by ids, micro-batch by micro-batch.

        `states`: of the random generators before each micro-batch, where the model drew anything. `scale`: what
        gradients are multiplied by in `.grad`, which the optimiser divides them by."""
        groups = self.optimizer.param_groups
        if [len(group["params"]) for group in groups] != [len(names) for names in self._names]:
            told = "add all parameters before recording, with requires_grad_(False) for those that wait"
            raise BadInput(f"the optimiser's groups of parameters changed before step {self.number + 1}: {told}")
        parts = [ids_of(batch) for batch in batches]
        ids = np.concatenate([*parts, np.zeros(0, np.int64)])
        if not len(ids):
            raise BadInput(f"a step follows examples; got no ids at step {self.number + 1}")
        if not self.number:
            self._modes = active(self.model), still(self.model)
            self._describe(None)
        self.number += 1
        kept = self._keep or (self.number - 1) % self.every == 0
        gradients = {name: p.grad for p, name in self._parameters()}
        idle = tuple(name for name, g in gradients.items() if g is None)
        for name in gradients.keys() - set(idle):
            self._counts[name] += 1
        most = max(self._counts.values())
        late = {name: count for name, count in self._counts.items() if count < most and name not in idle}
        sizes = tuple(len(part) for part in parts if len(part))
        unread = np.zeros(0)  # lengths come with the shard
        self._held.append(Step(self.number, ids, unread, sizes, most, options(self.optimizer), idle, kept, 0, late))
        if kept:
            for name, tensor in weights(self.model).items():
                if name in self._trained or self._moved(name, tensor, closely=name in self._buffers):
                    self._hold("weights", name, copied(tensor))
            for name, tensor in second_moments(self.optimizer, self._names, scale).items():
                self._hold("second", name, copied(tensor))
        self._hold("ids", "", torch.from_numpy(ids))
        self._hold("lengths", "", copied(lengths_of(list(gradients.values())) / scale))
        if states is not None:
            there = [state for part, state in zip(parts, states, strict=True) if len(part)]
            for number, state in enumerate(there):
                self._hold("random", str(number), state)
        self._keep = False
        if self._bytes >= SHARD_BYTES:
            self.flush()

    def _hold(self, kind: str, name: str, tensor: Tensor) -> None:
        self._tensors[f"{kind}/{self.number}/{name}".rstrip("/")] = tensor
        self._bytes += tensor.nbytes

    def _moved(self, name: str, tensor: Tensor, closely: bool = False) -> bool:
        """Whether what is not trained is new, or was written to since it was put down; `closely`: by its numbers, as
        batch normalisation, and statements that go through `.data`, leave no trace."""
        before, seen = self._fixed.get(name), (tensor.data_ptr(), tensor._version)
        if before is not None and before[0] == seen and not (closely and not torch.equal(before[1], tensor)):
            return False
        self._fixed[name] = seen, tensor.clone()
        return True

    def keep(self) -> None:
        """The weights before the next step are kept, whatever `every` is: they may be those that the run gives."""
        self._keep = True

    def flush(self) -> None:
        """Write all steps so far."""
        if self._held:
            arrived(list(self._tensors.values()))
            write_shard(self.folder, self._held, self._tensors)
            self._held, self._tensors, self._bytes = [], {}, 0

    def finish(self, end: int | None = None) -> None:
        """Write what is left; `end`: the run gave the weights after that step, the last if not given."""
        self.flush()
        if not self.number:
            raise BadInput("a trajectory has steps; none was taken")
        own = weights(self.model).items()
        last = {name: t.cpu() for name, t in own if name in self._trained or self._moved(name, t, closely=True)}
        write(self.folder / "end.safetensors", last)
        self._describe(self.number if end is None else end)

    def _describe(self, end: int | None) -> None:
        kind = KNOWN[type(self.optimizer)]
        about = {"format": FORMAT, "optimizer": kind, "every": self.every, "end": end, "parameters": self._names}
        about["active"], about["still"] = self._modes
        write_text(self.folder / "trajectory.json", json.dumps(about, indent=1))

    def _parameters(self) -> Iterator[tuple[Tensor, str]]:
        for group, names in zip(self.optimizer.param_groups, self._names, strict=True):
            yield from zip(group["params"], names, strict=True)

    def _go_on(self, after: int) -> None:
        about = described(self.folder)
        if about["parameters"] != self._names or about["every"] != self.every:
            raise BadInput(f"the trajectory in {str(self.folder)!r} is of another model or thinning; it cannot go on")
        self._modes = about["active"], about["still"]
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
