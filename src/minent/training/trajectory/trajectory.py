"""A trajectory is what training was: the weights before each step, its learning rate, and whose gradients it followed.

    trajectory.json             parameters, optimiser, thinning; once training has ended, the step whose weights it gave
    start.safetensors           momentum or moments from before the first step, where there were any
    steps-00000001.safetensors  a shard: from that step on, the ids of each step, and the weights before each kept one
    end.safetensors             the weights after the last step

What is not trained, as a frozen backbone, is written once, and again before a step by which it moved. Of Adam, the
second moment that a kept step divides by lies beside the weights; momentum is a sum of gradients and needs no file.
What was drawn at random, as by dropout, is known by the state of the generators before each pass. Every file is
written whole or not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from minent.data.whole import whole
from minent.errors import BadInput
from minent.training.trajectory.shards import SHARD, Step, described, held, kept_in, read_steps, shards
from minent.training.weights import read


@dataclass(frozen=True)
class Trajectory:
    """A recorded run, read from its folder as far as it is asked for; see `recording` for making one.

    `parameters` are the names of the trained ones in each group of the optimiser ("SGD" or "Adam"); `end` is how many
    steps lie before the weights that the run gave. Tensors are read to `device`.
    """

    folder: Path
    optimizer: str
    parameters: tuple[tuple[str, ...], ...]
    every: int
    end: int
    steps: tuple[Step, ...]
    active: tuple[str, ...] = ()
    """Modules that did in training what they do not when the model is explained, by kind and name: dropout, batch
    normalisation."""
    still: tuple[str, ...] = ()
    """Names of the modules that were in evaluation mode."""
    device: torch.device | str = "cpu"
    fixed: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict, repr=False)
    """Where tensors that are not trained lie, by name: each step and shard before which they had moved."""

    def to(self, device: torch.device | str) -> "Trajectory":
        """The same, whose tensors are read to that device."""
        return replace(self, device=device)

    @classmethod
    def open(cls, folder: "str | Path | Trajectory") -> "Trajectory":
        """The trajectory in a folder, or in its folder "trajectory". Raises BadInput for none, or none with an end."""
        if isinstance(folder, Trajectory):
            return folder
        folder = Path(folder)
        if not (folder / "trajectory.json").exists() and (folder / "trajectory" / "trajectory.json").exists():
            folder = folder / "trajectory"
        about = described(folder)
        with whole(folder / "trajectory.json", "a trajectory"):
            if about["end"] is None:
                raise BadInput(f"the run recorded in {str(folder)!r} has not ended: wanted a whole one; resume it")
            steps = tuple(step for shard in shards(folder) for step in read_steps(shard))
            if [step.number for step in steps] != list(range(1, len(steps) + 1)) or about["end"] > len(steps):
                raise BadInput(f"steps are missing in {str(folder)!r}: wanted {about['end']}; got {len(steps)}")
            groups = tuple(map(tuple, about["parameters"]))
            fixed, trained = dict[str, list[tuple[int, int]]](), {name for names in groups for name in names}
            for shard in shards(folder):
                for name, step in kept_in(shard):
                    if name not in trained:
                        fixed.setdefault(name, []).append((step, int(shard.stem.removeprefix("steps-"))))
            return cls(
                folder, about["optimizer"], groups, about["every"], about["end"], steps, tuple(about["active"]),
                tuple(about["still"]), fixed=fixed,
            )  # fmt: skip

    def weights(self, before: int) -> dict[str, Tensor]:
        """The weights before the step of that number, which must be kept; those of the end before `end` + 1."""
        last = before > len(self.steps)
        own = read(self.folder / "end.safetensors", self.device) if last else self._tensors(before, "weights")
        for name, places in self.fixed.items():
            if name not in own:
                step, shard = [place for place in places if place[0] <= before][-1]
                own[name] = self._tensor(shard, f"weights/{step}/{name}")
        return own

    def second_moments(self, step: int) -> dict[str, Tensor]:
        """What a kept step of Adam divides by the root of, bias uncorrected; by name of the parameter."""
        return self._tensors(step, "second")

    def start(self) -> dict[str, Tensor]:
        """Momentum, or first moments, from before the first step; empty for a new optimiser."""
        file = self.folder / "start.safetensors"
        return read(file, self.device) if file.exists() else {}

    def segments(self) -> list[tuple[int, int]]:
        """Kept steps, each with the next kept one, or the end: between them the path is taken to be straight."""
        kept = [step.number for step in self.steps[: self.end] if step.kept]
        return list(zip(kept, [*kept[1:], self.end + 1], strict=True))

    def random_states(self, step: int) -> list[Tensor] | None:
        """Of the random generators, before each micro-batch of a step; None where the model drew nothing."""
        found = self._tensors(step, "random", kept=False)
        return [found[str(number)].cpu() for number in range(len(found))] or None

    def _tensors(self, step: int, kind: str, kept: bool = True) -> dict[str, Tensor]:
        one = self.steps[step - 1]
        if kept and not one.kept:
            raise BadInput(f"the weights before step {step} were not kept: every {self.every}th was")
        file, names = held(self.folder / SHARD.format(one.shard))
        own = names.get(f"{kind}/{step}", [])
        return {name: file.get_tensor(f"{kind}/{step}/{name}").to(self.device) for name in own}

    def _tensor(self, shard: int, name: str) -> Tensor:
        return held(self.folder / SHARD.format(shard))[0].get_tensor(name).to(self.device)
