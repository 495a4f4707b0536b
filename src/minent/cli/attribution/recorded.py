"""A recorded run as commands are given it: the model is made, and what it was trained on is read."""

import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from minent.data.tables.columns import LabelledColumns
from minent.errors import BadInput, require


@dataclass(frozen=True)
class Explaining:
    """What a recorded run is explained from."""

    train: Path | None = None
    """What the model learned from, by its ids: .npz (x, y) or .csv (numbers, label). Text classifiers remember it."""

    model: str | None = None
    """A function that makes the model, as file.py:function or module:function. A text classifier needs none."""

    labels: str | None = None
    """What the outputs of --model stand for, in their order, where labels are names: cat,bird,ant."""

    memory: float = 1.0
    """GiB for what grows with the number of inputs: less takes longer."""

    rule: Literal["secant", "left", "midpoint", "gauss-legendre"] = "secant"
    """How a step is weighed: secant adds up exactly."""

    anyway: Annotated[bool, Parameter(negative="", show_default=False)] = False
    """Show what is not to be trusted too: sums that lack more than a tenth of what training changed."""

    device: str = "auto"
    """Where to compute: auto (a CUDA GPU where there is one), cpu, cuda, cuda:1, mps."""


@dataclass(frozen=True)
class Run:
    """A recorded model with what it was trained on, and how any of that is read and shown."""

    model: Any
    trajectory: Any
    train: tuple[Any, Any]
    labels: tuple[str, ...]
    taught: list[str]
    shown: Any
    read: Any
    loss: Any
    rows: Sequence[int | str]
    """What training examples are called by: the numbers of their rows in what the user gave, of several files with the
    file's name."""

    texts: list[str] | None = None
    """The examples themselves, where they are texts."""

    average: Any = None
    """What mean of the run's weights the model holds, as `explain` has it; None: the last."""

    batches: Any = None
    """A data set of `train`, where batches are not rows of it as they are."""

    def there(self, inputs: Any) -> Any:
        """Inputs on the device of the model."""
        from minent.attribution.walk.passes import moved

        return moved(inputs, next(self.model.parameters()).device)

    @property
    def taken(self) -> Any:
        """What the run learned from, batch by batch as it did."""
        return self.train if self.batches is None else self.batches


def opened(run: Path, options: Explaining) -> Run:
    """The run in a folder, its model on the device that is asked for. Raises BadInput for what is missing, and for what
    does not fit together."""
    if options.memory <= 0:
        raise BadInput(f"memory is so many GiB, more than 0; got {options.memory}")
    require("torch", "torch", "explain models")
    from minent.training.devices import device_of
    from minent.training.trajectory import Trajectory

    device = device_of(options.device)
    trajectory, train, model = Trajectory.open(run), options.train, options.model
    if model is None and not (run / "config.json").exists():
        told = f"{str(run)!r} is no folder of a text classifier, which would need none"
        raise BadInput(f"--model is wanted, a function that makes the model, as file.py:function: {told}")
    if model is None:
        from minent.cli.attribution.texts import classified

        found = classified(run, trajectory, train)
        found.model.to(device)
        return found
    import torch

    from minent.attribution.examples import read_examples

    network = made(model)
    own, last = network.state_dict(), trajectory.weights(trajectory.end + 1)
    fitting = {name: one for name, one in last.items() if name in own and own[name].shape == one.shape}
    network.load_state_dict(fitting, strict=False)
    if train is None:
        raise BadInput("--train is wanted: what the model was trained on, in the order of its ids")
    examples, labels, data, loss = trained_on(train, options.labels, network, model)

    def read(path: Path, columns: LabelledColumns | None) -> Any:
        if columns is not None:
            raise BadInput(f"--text, --label, --encoding and --skip-bad are for texts; {str(path)!r} holds numbers")
        asked = read_examples(path, labels)
        _outputs(network, asked, path)
        truth = None if asked.y is None else [asked.labels[i] for i in asked.y]
        return torch.from_numpy(asked.x), truth, asked.shown

    taught = [examples.labels[i] for i in examples.y]
    network.to(device)
    return Run(network, trajectory, data, labels, taught, examples.shown, read, loss, list(range(len(examples))))


def trained_on(train: Path, labels: str | None, network: Any, model: str) -> tuple[Any, tuple[str, ...], Any, Any]:
    """Training examples, what the outputs stand for, inputs and targets, and the loss. Raises BadInput."""
    import torch
    import torch.nn.functional as F

    from minent.attribution.examples import read_examples

    named = None if labels is None else [label.strip() for label in labels.split(",")]
    examples = read_examples(train, named)
    if examples.y is None:
        raise BadInput(f"training examples have labels; {str(train)!r} has none")
    outputs, found = _outputs(network, examples, train), len(examples.labels)
    if found > max(outputs, 2):
        one = "one output, which is a logit of two labels (a regression is explained in Python)"
        wanted = one if outputs == 1 else f"{outputs} outputs"
        raise BadInput(f"{model!r} has {wanted}; got {found} labels in {str(train)!r}")
    names = (*examples.labels, *map(str, range(found, max(outputs, 2))))  # of some there is no example

    def logit(said: Any, targets: Any) -> Any:
        return F.binary_cross_entropy_with_logits(said[:, 0], targets.to(said.dtype))

    data = torch.from_numpy(examples.x), torch.from_numpy(examples.y)
    return examples, names, data, F.cross_entropy if outputs > 1 else logit


def made(model: str) -> Any:
    from torch import nn

    where, _, name = model.rpartition(":")
    if not where:
        raise BadInput(f"--model is file.py:function or module:function; got {model!r}")
    try:
        if where.endswith(".py"):
            spec = importlib.util.spec_from_file_location(Path(where).stem, where)
            assert spec is not None and spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
        else:
            module = importlib.import_module(where)
        found = getattr(module, name)()
    except Exception as error:  # whatever goes wrong in there is not ours
        raise BadInput(f"{model!r} makes no model: {type(error).__name__}: {error}") from error
    if not isinstance(found, nn.Module):
        raise BadInput(f"{model!r} should make a torch module; got {type(found).__name__}")
    return found.eval()


def _outputs(model: Any, examples: Any, path: Path) -> int:
    """How many numbers the model says of an example. Raises BadInput for examples that it does not read."""
    import torch

    try:
        with torch.no_grad():
            said = model(torch.from_numpy(examples.x[:1]).to(next(model.parameters()).device))
    except (RuntimeError, ValueError, IndexError) as error:
        raise BadInput(f"the model does not read the examples in {str(path)!r}: {error}") from error
    if said.ndim != 2:
        raise BadInput(f"a model says numbers (example, output); got {tuple(said.shape)} of one in {str(path)!r}")
    return said.shape[1]
