"""The files of a trajectory: what is known of each step stands in shards, and of them all in trajectory.json.

A shard holds the steps from the one in its name on: their ids, the weights before each kept one and, in its metadata,
the rest. Every file is written whole or not at all.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from minent.data.whole import read_json, whole
from minent.errors import BadInput
from minent.files import whole_file
from minent.training.weights import read

FORMAT = 3
SHARD = "steps-{:08d}.safetensors"


@dataclass(frozen=True)
class Step:
    """What is known of one step; `groups` are the options of each group of parameters at that step."""

    number: int
    """From 1."""

    ids: Int64[np.ndarray, " examples"]
    """Whose gradients it followed."""

    lengths: Float64[np.ndarray, " parameters"]
    """The length of the gradient that was followed, as clipped and scaled as it was, of each parameter in the order of
    the trajectory's; 0 where there was none."""

    parts: tuple[int, ...]
    """How many of the examples came together, one micro-batch after another."""

    count: int
    """The steps that the optimiser had taken after it; more than `number` where it was not new."""

    groups: tuple[dict[str, Any], ...]
    idle: tuple[str, ...]
    """Parameters without a gradient: they stay as they are."""

    kept: bool
    """Whether the weights before it are on disk."""

    shard: int
    late: Mapping[str, int] = field(default_factory=dict)
    """Parameters that had been without a gradient before, each with its own `count`."""

    @property
    def gradient_norm(self) -> float:
        """The length of the whole gradient that was followed."""
        return float(np.linalg.norm(self.lengths))


def described(folder: Path) -> dict[str, Any]:
    """What trajectory.json says. Raises BadInput."""
    file = folder / "trajectory.json"
    if not file.exists():
        if not folder.exists():
            raise BadInput(f"wanted a folder with a trajectory; there is no {str(folder)!r}")
        how = "record one by minent text train --record 1, or minent.training.record"
        raise BadInput(f"wanted a folder with a trajectory; got {str(folder)!r}, which has none: {how}")
    about = read_json(file, "a trajectory")
    if (found := about.get("format")) != FORMAT:
        raise BadInput(f"wanted a trajectory of format {FORMAT}; got {found} in {str(folder)!r}")
    return about


def shards(folder: Path) -> list[Path]:
    """The files of steps, in their order."""
    return sorted(folder.glob("steps-*.safetensors"))


def opened(path: Path, framework: str) -> Any:
    """A safetensors file to read parts of. Raises BadInput where it is not whole."""
    try:
        return safe_open(path, framework=framework)
    except SafetensorError as error:
        raise BadInput(f"{path.name} in {str(path.parent)!r} is not a whole safetensors file: {error}") from None


def held(path: Path) -> tuple[Any, Mapping[str, Sequence[str]]]:
    """A shard that stays open, and the names in it by their kind/number: a header is read once, not for each step."""
    told = path.stat()
    return _held(path, told.st_mtime_ns, told.st_size)


@lru_cache(maxsize=4)
def _held(path: Path, _changed: int, _size: int) -> tuple[Any, Mapping[str, Sequence[str]]]:
    file, names = opened(path, "pt"), dict[str, list[str]]()
    for name in file.keys():  # noqa: SIM118 (it is no dict)
        kind, number, *own = name.split("/", 2)
        names.setdefault(f"{kind}/{number}", []).extend(own)
    return file, names


def read_steps(shard: Path) -> list[Step]:
    """What a shard says of its steps."""
    with opened(shard, "np") as file, whole(shard, "steps of a trajectory"):
        told = json.loads(file.metadata()["steps"])
        first = told[0]["number"]
        return [
            Step(
                **{**one, **{name: tuple(one[name]) for name in ("groups", "idle", "parts")}},
                ids=file.get_tensor(f"ids/{one['number']}"),
                lengths=file.get_tensor(f"lengths/{one['number']}"),
                shard=first,
            )
            for one in told
        ]


def kept_in(shard: Path) -> list[tuple[str, int]]:
    """The names of the weights in a shard, and the step before which they were so."""
    with opened(shard, "np") as file, whole(shard, "steps of a trajectory"):
        parts = [name.split("/", 2) for name in file.keys()]  # noqa: SIM118 (it is no dict)
        return sorted(((one[2], int(one[1])) for one in parts if one[0] == "weights"), key=lambda one: one[1])


def write_shard(folder: Path, steps: Sequence[Step], tensors: Mapping[str, Tensor]) -> None:
    """Write steps, one at least, with their tensors, each named kind/number of the step, or kind/number/name."""
    apart = "ids", "lengths", "shard"
    told = [{name: value for name, value in asdict(step).items() if name not in apart} for step in steps]
    with whole_file(folder / SHARD.format(steps[0].number)) as temporary:
        save_file({k: v.contiguous() for k, v in tensors.items()}, temporary, {"steps": json.dumps(told)})


def unfinished(folder: Path) -> bool:
    """Whether a folder holds a trajectory of a run that was cut short."""
    return (folder / "trajectory.json").exists() and described(folder).get("end", 0) is None


def drop(folder: Path) -> None:
    """Delete the trajectory in a folder, if there is one; what else is there stays."""
    ends = [folder / name for name in ("start.safetensors", "end.safetensors", "trajectory.json")]
    for path in (*shards(folder), *ends):  # what says that there is one goes last
        path.unlink(missing_ok=True)


def cut(folder: Path, after: int) -> None:
    """Drop the steps after that one. Raises BadInput where there are fewer."""
    last = 0
    for path in shards(folder):
        steps = read_steps(path)
        if steps[0].number > after:
            path.unlink()
            continue
        if steps[-1].number > after:
            kept = [replace(step, shard=0) for step in steps if step.number <= after]
            numbers = {str(step.number) for step in kept}
            tensors = {k: v.clone() for k, v in read(path).items() if k.split("/")[1] in numbers}
            write_shard(folder, kept, tensors)
        last = min(steps[-1].number, after)
    if last != after:
        raise BadInput(f"wanted a trajectory of {after} steps to go on with; got {last} in {folder}")
