"""`minent attribution`: why a model says what it says, from the command line."""

import importlib
import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from minent.cli.kept import check, kept
from minent.errors import BadInput, require
from minent.files import whole_file

attribution = App(name="attribution", help="Why a model says what it says: sums over its training examples.")
Maker = Annotated[str | None, Parameter(show_default=False)]


@dataclass(frozen=True)
class _Run:
    """A recorded model with what it was trained on, and how any of that is read and shown."""

    model: Any
    trajectory: Any
    train: tuple[Any, Any]
    labels: tuple[str, ...]
    taught: list[str]
    shown: Any
    read: Any
    loss: Any


@attribution.command
def explain(
    run: Path,
    /,
    *,
    data: Path,
    train: Path | None = None,
    model: Maker = None,
    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("because.html"),
    first: int = 20,
    rule: Literal["secant", "left", "midpoint", "gauss-legendre"] = "secant",
    memory: float = 1.0,
) -> None:
    """Explain predictions as sums over training examples, on one page.

    Parameters
    ----------
    run
        Folder with a trajectory: what `minent text train --task classify --record` wrote, or
        `minent.training.recording.record`.
    data
        What to explain: texts as for training, .npz (x, y), or .csv (numbers, label).
    train
        What the model was trained on, in the order of its ids; texts are remembered by the run.
    model
        A function that makes the model, as file.py:function or module:function; a text classifier needs none.
    output
        The page to write.
    first
        How many of the inputs to explain.
    rule
        How a step is weighed: secant adds up exactly.
    memory
        GiB for what grows with the number of inputs.
    """
    _at_least_one("first", first)
    opened = _opened(run, train, model)
    from minent.attribution import explain
    from minent.attribution.because import because
    from minent.attribution.passes import taken
    from minent.terminal import progress

    inputs, truth, shown = opened.read(data)
    with progress() as say:
        say("explaining")
        parts = explain(
            opened.model, opened.trajectory, taken(inputs, slice(first)), train=opened.train, loss=opened.loss,
            rule=rule, memory=memory,
        )  # fmt: skip
    if _another():
        return
    page = because(
        parts, shown, opened.shown, labels=opened.labels, truth=truth, taught=opened.taught, title=f"why {run.name}"
    )
    page.write(output)
    _told(parts)
    print(f"wrote {output}: open it in a browser")


@attribution.command
def mislabels(
    run: Path,
    /,
    *,
    train: Path | None = None,
    model: Maker = None,
    first: int = 20,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], show_default=False)] = None,
    memory: float = 1.0,
) -> None:
    """List training examples that the others contradict: the likeliest to be mislabelled first.

    Parameters
    ----------
    run
        Folder with a trajectory.
    train
        What the model was trained on, in the order of its ids; texts are remembered by the run.
    model
        A function that makes the model, as file.py:function or module:function.
    first
        How many to list.
    output
        A .csv with all of them.
    memory
        GiB for what grows with the number of examples.
    """
    _at_least_one("first", first)
    if output is not None and output.suffix != ".csv":
        raise BadInput(f"output must end with .csv; got {str(output)!r}")
    opened = _opened(run, train, model)
    from minent.attribution.explanation import of_labels

    parts = _of_itself(opened, memory)
    if _another():
        return
    labels = opened.train[1].numpy()
    order, score = parts.mislabels(labels)
    others = of_labels(parts.others()).argmax(1)
    print("example\tlabel\tothers say\tscore")
    for i in order[:first]:
        print(f"{i}\t{opened.taught[i]}\t{opened.labels[others[i]]}\t{score[i]:.4f}")
    if output is not None:
        import pandas as pd

        columns = {"example": order, "label": [opened.taught[i] for i in order]}
        columns |= {"others": [opened.labels[others[i]] for i in order], "score": score[order]}
        with whole_file(output) as temporary:
            pd.DataFrame(columns).to_csv(temporary, index=False)
        print(f"wrote {output}")
    _told(parts)


@attribution.command
def groups(
    run: Path,
    /,
    *,
    train: Path | None = None,
    model: Maker = None,
    neighbours: int = 10,
    seed: int = 1,
    output: Annotated[tuple[Path, ...], Parameter(name=["--output", "-o"], negative="", show_default=False)] = (),
    memory: float = 1.0,
) -> None:
    """Find groups of training examples that teach the same thing: modules of the network of like contributions.

    Parameters
    ----------
    run
        Folder with a trajectory.
    train
        What the model was trained on, in the order of its ids; texts are remembered by the run.
    model
        A function that makes the model, as file.py:function or module:function.
    neighbours
        How many examples each is linked to.
    seed
        The same seed finds the same groups.
    output
        Where to write the tree: .tree .ftree .clu .json .csv .parquet .nwk; may be given again.
    memory
        GiB for what grows with the number of examples.
    """
    _at_least_one("neighbours", neighbours)
    check(output, None)
    opened = _opened(run, train, model)
    from minent import community
    from minent.terminal import summary

    parts = _of_itself(opened, memory)
    if _another():
        return
    network = parts.graph(neighbours)
    tree = community.find(network, seed=seed)
    for path in output:
        tree.write(path)
    summary(network, tree)
    kept(output, None)


def _another() -> bool:
    """Whether another of torchrun's processes speaks for all."""
    return os.environ.get("RANK", "0") != "0"


def _at_least_one(name: str, number: int) -> None:
    if number < 1:
        raise BadInput(f"{name} must be at least 1; got {number}")


def _of_itself(opened: _Run, memory: float) -> Any:
    from minent.attribution import explain
    from minent.terminal import progress

    with progress() as say:
        say("explaining")
        return explain(
            opened.model, opened.trajectory, opened.train[0], train=opened.train, loss=opened.loss, memory=memory
        )


def _told(parts: Any) -> None:
    print(f"{parts!r}", file=sys.stderr)
    for note in parts.notes:
        print(f"note: {note}", file=sys.stderr)


def _opened(run: Path, train: Path | None, model: str | None) -> _Run:
    require("torch", "torch", "explain models")
    from minent.training.trajectory import Trajectory

    trajectory = Trajectory.open(run)
    if model is None:
        return _text(run, trajectory, train)
    import torch
    import torch.nn.functional as F

    from minent.attribution.examples import read_examples

    made = _made(model)
    if train is None:
        raise BadInput("--train is wanted: what the model was trained on, in the order of its ids")
    examples = read_examples(train)
    if examples.y is None:
        raise BadInput(f"training examples have labels; {str(train)!r} has none")
    outputs, found = _outputs(made, examples, train), len(examples.labels)
    if found > max(outputs, 2):
        told = "" if outputs > 1 else ", which is a logit of two labels (a regression is explained in Python)"
        raise BadInput(f"{model!r} has {outputs} outputs{told}; got {found} labels in {str(train)!r}")
    labels = (*examples.labels, *map(str, range(found, max(outputs, 2))))  # of some there is no example

    def logit(said: Any, targets: Any) -> Any:
        return F.binary_cross_entropy_with_logits(said[:, 0], targets.to(said.dtype))

    def read(path: Path) -> Any:
        asked = read_examples(path, labels)
        _outputs(made, asked, path)
        truth = None if asked.y is None else [asked.labels[i] for i in asked.y]
        return torch.from_numpy(asked.x), truth, asked.shown

    taught = [examples.labels[i] for i in examples.y]
    data = torch.from_numpy(examples.x), torch.from_numpy(examples.y)
    loss = F.cross_entropy if outputs > 1 else logit
    return _Run(made, trajectory, data, labels, taught, examples.shown, read, loss)


def _text(run: Path, trajectory: Any, train: Path | None) -> _Run:
    from html import escape

    import torch
    import torch.nn.functional as F
    from torch.nn.utils.rnn import pad_sequence

    from minent.cli.text import read_texts
    from minent.data import Labelled, read_labelled
    from minent.text.classifier import Classifier

    classifier = Classifier.from_pretrained(run)
    remembered = trajectory.folder / "train.jsonl"
    if train is None and not remembered.exists():
        raise BadInput(f"--train is wanted: {str(run)!r} does not hold what the model was trained on")
    examples = read_labelled(train or remembered)
    place = {label: i for i, label in enumerate(classifier.labels)}
    if unknown := sorted(set(examples.labels or [""]) - set(place)):
        raise BadInput(f"the classifier knows the labels {', '.join(place)}; got {unknown[0]!r}")
    taught = list(examples.labels or [])

    def padded(texts: Labelled) -> tuple[Any, Any]:
        ids = [torch.from_numpy(one).long() for one in classifier.tokens(texts.texts)]
        masks = [torch.ones_like(one, dtype=torch.bool) for one in ids]
        return pad_sequence(ids, batch_first=True), pad_sequence(masks, batch_first=True)

    def shown(texts: Labelled) -> Any:
        return lambda i: escape(texts.texts[i][:300]) + (" …" if len(texts.texts[i]) > 300 else "")

    def read(path: Path) -> Any:
        asked = read_texts(str(path))
        return padded(asked), asked.labels, shown(asked)

    targets = torch.tensor([place[label] for label in taught])
    return _Run(
        classifier, trajectory, (padded(examples), targets), tuple(classifier.labels), taught, shown(examples), read,
        F.cross_entropy,
    )  # fmt: skip


def _made(model: str) -> Any:
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
        made = getattr(module, name)()
    except Exception as error:  # whatever goes wrong in there is not ours
        raise BadInput(f"{model!r} makes no model: {type(error).__name__}: {error}") from error
    if not isinstance(made, nn.Module):
        raise BadInput(f"{model!r} should make a torch module; got {type(made).__name__}")
    return made.eval()


def _outputs(model: Any, examples: Any, path: Path) -> int:
    """How many numbers the model says of an example. Raises BadInput for examples that it does not read."""
    import torch

    try:
        with torch.no_grad():
            said = model(torch.from_numpy(examples.x[:1]))
    except (RuntimeError, ValueError, IndexError) as error:
        raise BadInput(f"the model does not read the examples in {str(path)!r}: {error}") from error
    if said.ndim != 2:
        raise BadInput(f"a model says numbers (example, output); got {tuple(said.shape)} of one in {str(path)!r}")
    return said.shape[1]
