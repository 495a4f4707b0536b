"""A recorder writes down each step of a training loop right before it is taken: see `Trajectory` for what, and where.

Steps that are linear in their gradients are understood: SGD, momentum and Nesterov (Sutskever et al. 2013), Adam and
AdamW (Loshchilov & Hutter 2019) with the second moment taken as given.
"""

import json
import logging
import math
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from minent.errors import BadInput
from minent.files import whole_file, write_text
from minent.training.trajectory.trajectory import FORMAT, SHARD, Step, described, read_steps, shards, told
from minent.training.weights import read, weights, write

KNOWN = {torch.optim.SGD: "SGD", torch.optim.Adam: "Adam", torch.optim.AdamW: "Adam"}
OPTIONS = (
    "lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize", "betas", "eps", "decoupled_weight_decay",
)  # fmt: skip
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
        size = size_of(model, optimizer, 1 if steps is None else math.ceil(steps / every))
        free = shutil.disk_usage(next(p for p in (self.folder.resolve(), *self.folder.resolve().parents) if p.exists()))
        what = "each kept step" if steps is None else f"{steps:,} steps, every {every}th kept,"
        log.info("a trajectory in %s: %s takes %.1f MB", self.folder, what, size / 1e6)
        if size > free.free:
            room = f"{free.free / 1e9:.1f} GB are free at {str(folder)!r}"
            raise BadInput(f"{what} would take {size / 1e9:.1f} GB; {room}: record fewer steps by a larger `every`")
        self.folder.mkdir(parents=True, exist_ok=True)
        begun = {}
        for p, name in self._parameters():
            state = optimizer.state.get(p, {})
            buffer = state.get("momentum_buffer", state.get("exp_avg"))
            if buffer is not None:
                begun[name] = buffer
        if begun:
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
        groups = tuple(
            {key: _plain(group[key]) for key in OPTIONS if key in group} for group in self.optimizer.param_groups
        )
        counts = {name: int(self.optimizer.state.get(p, {}).get("step", 0)) + 1 for p, name in self._parameters()}
        most = max(counts.values())
        late = {name: count for name, count in counts.items() if count < most and name not in idle}
        step = Step(self.number, ids, norm, most, groups, idle, kept, 0, late)
        if kept:
            for name, tensor in weights(self.model).items():
                self._tensors[f"weights/{self.number}/{name}"] = tensor.cpu().clone()
            for name, tensor in self._second_moments().items():
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
            path = self.folder / SHARD.format(self._held[0].number)
            with whole_file(path) as temporary:
                metadata = {"steps": json.dumps([told(step) for step in self._held])}
                save_file({k: v.contiguous() for k, v in self._tensors.items()}, temporary, metadata)
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

    def _second_moments(self) -> dict[str, Tensor]:
        """Adam's, as the step about to be taken will make them."""
        found = {}
        for group, names in zip(self.optimizer.param_groups, self._names, strict=True):
            for p, name in zip(group["params"], names, strict=True):
                if "betas" not in group or p.grad is None:
                    continue
                decays = group["weight_decay"] and not group["decoupled_weight_decay"]
                g = -p.grad if group["maximize"] else p.grad
                g = g + group["weight_decay"] * p.detach() if decays else g
                state, beta = self.optimizer.state.get(p, {}), group["betas"][1]
                found[name] = beta * state.get("exp_avg_sq", torch.zeros_like(p)).detach() + (1 - beta) * g.square()
                if group["amsgrad"]:
                    found[name] = torch.maximum(found[name], state.get("max_exp_avg_sq", torch.zeros_like(p)))
        return found

    def _go_on(self, after: int) -> None:
        about = described(self.folder)
        if about["parameters"] != self._names or about["every"] != self.every:
            raise BadInput(f"the trajectory in {str(self.folder)!r} is of another model or thinning; it cannot go on")
        read_so_far = 0
        for path in shards(self.folder):
            steps = read_steps(path)
            if steps[0].number > after:
                path.unlink()
                continue
            if steps[-1].number > after:
                kept = [step for step in steps if step.number <= after]
                numbers = {str(step.number) for step in kept}
                self._held = [replace(step, shard=0) for step in kept]
                self._tensors = {k: v.clone() for k, v in read(path).items() if k.split("/")[1] in numbers}
                self.flush()
            read_so_far = min(steps[-1].number, after)
        if read_so_far != after:
            raise BadInput(f"wanted a trajectory of {after} steps to go on with; got {read_so_far} in {self.folder}")
        (self.folder / "end.safetensors").unlink(missing_ok=True)
        self._describe(None)


def size_of(model: nn.Module, optimizer: torch.optim.Optimizer, kept: int) -> int:
    """Bytes that so many kept steps take on disk.

    >>> model = nn.Linear(9, 1)
    >>> [size_of(model, kind(model.parameters()), 10) for kind in (torch.optim.SGD, torch.optim.Adam)]
    [400, 800]
    """
    moments = sum(p.nbytes for group in optimizer.param_groups if "betas" in group for p in group["params"])
    return kept * (moments + sum(tensor.nbytes for tensor in weights(model).values()))


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Tensor) else value
