"""The recorded run of a text classifier, which remembers what it was trained on."""

import json
import sys
from html import escape
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader

from minent.cli.attribution.recorded import Run
from minent.cli.inputs import read_texts, unknown_labels
from minent.data import Labelled, read_labelled
from minent.data.tables.columns import LabelledColumns
from minent.data.whole import whole
from minent.errors import BadInput
from minent.text.classification.classifier import Classifier
from minent.training import checkpoint
from minent.training.descent import averaging


def classified(run: Path, trajectory: Any, train: Path | None) -> Run:
    """The run in a folder that is a text classifier's too. Raises BadInput for other texts than those it remembers."""
    classifier = Classifier.from_pretrained(run)
    remembered = trajectory.folder / "train.jsonl"
    if train is None and not remembered.exists():
        raise BadInput(f"--train is wanted: {str(run)!r} does not hold what the model was trained on")
    given = None if train is None else read_labelled(train)
    if remembered.exists():
        with whole(remembered, "the texts that a run learned from"):
            lines = [json.loads(line) for line in remembered.read_text(encoding="utf-8").split("\n") if line]
            texts, taught, rows = ([line[name] for line in lines] for name in ("text", "label", "row"))
            "".join(texts).encode()  # halves of a character, as JSON may write them, are no text
        examples = Labelled(texts, taught)
        if given is not None and given.texts != texts:
            wanted = f"{str(run)!r} remembers what it was trained on, with what was held out left out"
            raise BadInput(f"{wanted}: {str(train)!r} holds other texts; leave --train out")
    else:
        assert given is not None
        examples, rows = given, list(given.rows or range(len(given)))
    place = {label: i for i, label in enumerate(classifier.labels)}
    if unknown := sorted(set(examples.labels or [""]) - set(place)):
        of = remembered if given is None else train
        raise BadInput(f"the classifier knows the labels {', '.join(place)}; got {unknown[0]!r} in {str(of)!r}")
    taught = list(examples.labels or [])

    def padded(texts: Labelled) -> tuple[Any, Any]:
        ids = [torch.from_numpy(one).long() for one in classifier.tokens(texts.texts)]
        masks = [torch.ones_like(one, dtype=torch.bool) for one in ids]
        return pad_sequence(ids, batch_first=True), pad_sequence(masks, batch_first=True)

    def shown(texts: Labelled) -> Any:
        return lambda i: escape(str(texts.texts[i])[:300]) + (" …" if len(texts.texts[i]) > 300 else "")

    def read(path: Path, columns: LabelledColumns | None) -> Any:
        asked = read_texts(str(path), columns or LabelledColumns())
        if unknown := unknown_labels(asked.labels, classifier.labels):
            print(unknown, file=sys.stderr)
        return padded(asked), asked.labels, shown(asked)

    targets = torch.tensor([place[label] for label in taught])
    inputs = padded(examples)
    lengths = inputs[1].sum(1).tolist()

    def batched(ids: list[int]) -> tuple[Any, Any]:
        longest = max(lengths[i] for i in ids)  # as in training, where dropout was drawn for so many places
        return tuple(one[ids, :longest] for one in inputs), targets[ids]

    batches = DataLoader(range(len(targets)), collate_fn=batched)  # type: ignore[arg-type]
    return Run(
        classifier, trajectory, (inputs, targets), tuple(classifier.labels), taught, shown(examples), read,
        F.cross_entropy, rows, list(examples.texts), _average(run), batches,
    )  # fmt: skip


def _average(run: Path) -> Any:
    """What mean of weights the classifier holds, by its run's recipe: the moving average until its best step, or the
    mean of its best ones."""
    newest = checkpoint.newest(run / "checkpoints")
    if newest is None:
        return None
    state, recipe, _ = checkpoint.told(newest)
    decay, best = recipe.get("ema", 0.0), [step for _, step in state.best]
    last = best[0] if best else state.step
    if decay:
        return lambda step: averaging.kept(decay, step) if step <= last else 1.0
    return best if len(best) > 1 else None
