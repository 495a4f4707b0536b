"""A recorded run as commands are given it: the model is made, and what it was trained on is read."""

import importlib
import importlib.util
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

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

    anyway: Annotated[bool, Parameter(negative="", show_default=False)] = False
    """Show what is not to be trusted too: sums that lack more than a tenth of what training changed."""


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

    batches: Any = None
    """A data set of `train`, where batches are not rows of it as they are."""

    @property
    def taken(self) -> Any:
        """What the run learned from, batch by batch as it did."""
        return self.train if self.batches is None else self.batches


def opened(run: Path, options: Explaining) -> Run:
    """The run in a folder. Raises BadInput for what is missing, and for what does not fit together."""
    if options.memory <= 0:
        raise BadInput(f"memory is so many GiB, more than 0; got {options.memory}")
    require("torch", "torch", "explain models")
    from minent.training.trajectory import Trajectory

    trajectory, train, model = Trajectory.open(run), options.train, options.model
    if model is None and not (run / "config.json").exists():
        told = f"{str(run)!r} is no folder of a text classifier, which would need none"
        raise BadInput(f"--model is wanted, a function that makes the model, as file.py:function: {told}")
    if model is None:
        return _text(run, trajectory, train)
    import torch
    import torch.nn.functional as F

    from minent.attribution.examples import read_examples

    made = _made(model)
    if train is None:
        raise BadInput("--train is wanted: what the model was trained on, in the order of its ids")
    named = None if options.labels is None else [label.strip() for label in options.labels.split(",")]
    examples = read_examples(train, named)
    if examples.y is None:
        raise BadInput(f"training examples have labels; {str(train)!r} has none")
    outputs, found = _outputs(made, examples, train), len(examples.labels)
    if found > max(outputs, 2):
        one = "one output, which is a logit of two labels (a regression is explained in Python)"
        wanted = one if outputs == 1 else f"{outputs} outputs"
        raise BadInput(f"{model!r} has {wanted}; got {found} labels in {str(train)!r}")
    labels = (*examples.labels, *map(str, range(found, max(outputs, 2))))  # of some there is no example

    def logit(said: Any, targets: Any) -> Any:
        return F.binary_cross_entropy_with_logits(said[:, 0], targets.to(said.dtype))

    def read(path: Path, columns: LabelledColumns | None) -> Any:
        if columns is not None:
            raise BadInput(f"--text, --label, --encoding and --skip-bad are for texts; {str(path)!r} holds numbers")
        asked = read_examples(path, labels)
        _outputs(made, asked, path)
        truth = None if asked.y is None else [asked.labels[i] for i in asked.y]
        return torch.from_numpy(asked.x), truth, asked.shown

    taught = [examples.labels[i] for i in examples.y]
    data = torch.from_numpy(examples.x), torch.from_numpy(examples.y)
    loss = F.cross_entropy if outputs > 1 else logit
    return Run(made, trajectory, data, labels, taught, examples.shown, read, loss, list(range(len(examples))))


def _text(run: Path, trajectory: Any, train: Path | None) -> Run:
    from html import escape

    import torch
    import torch.nn.functional as F
    from torch.nn.utils.rnn import pad_sequence
    from torch.utils.data import DataLoader

    from minent.cli.inputs import read_texts, unknown_labels
    from minent.data import Labelled, read_labelled
    from minent.text.classification.classifier import Classifier

    classifier = Classifier.from_pretrained(run)
    remembered = trajectory.folder / "train.jsonl"
    if train is None and not remembered.exists():
        raise BadInput(f"--train is wanted: {str(run)!r} does not hold what the model was trained on")
    given = None if train is None else read_labelled(train)
    if remembered.exists():
        lines = [json.loads(line) for line in remembered.read_text(encoding="utf-8").split("\n") if line]
        texts, taught, rows = ([line[name] for line in lines] for name in ("text", "label", "row"))
        examples = Labelled(texts, taught)
        if given is not None and given.texts != texts:
            wanted = f"{str(run)!r} remembers what it was trained on, with what was held out left out"
            raise BadInput(f"{wanted}: {str(train)!r} holds other texts; leave --train out")
    else:
        assert given is not None
        examples, rows = given, list(given.rows or range(len(given)))
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

    def read(path: Path, columns: LabelledColumns | None) -> Any:
        asked = read_texts(str(path), columns or LabelledColumns())
        if unknown := unknown_labels(asked.labels, classifier.labels):
            print(unknown, file=sys.stderr)
        return padded(asked), asked.labels, shown(asked)

    end = trajectory.weights(trajectory.end + 1)
    if any(not torch.equal(one.cpu(), end[name]) for name, one in classifier.state_dict().items() if name in end):
        told = "is a mean of weights; explained is what the run's last ones say"
        print(f"note: the classifier in {str(run)!r} {told}", file=sys.stderr)
    targets = torch.tensor([place[label] for label in taught])
    inputs = padded(examples)
    lengths = inputs[1].sum(1).tolist()

    def batched(ids: list[int]) -> tuple[Any, Any]:
        longest = max(lengths[i] for i in ids)  # as in training, where dropout was drawn for so many places
        return tuple(one[ids, :longest] for one in inputs), targets[ids]

    batches = DataLoader(range(len(targets)), collate_fn=batched)  # type: ignore[arg-type]
    return Run(
        classifier, trajectory, (inputs, targets), tuple(classifier.labels), taught, shown(examples), read,
        F.cross_entropy, rows, examples.texts, batches,
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
